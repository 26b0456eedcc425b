/** What the SQL queue asks of the disk under its database. A Durable Object's storage has none to ask. */
export interface Disk {
  /** Whether this error means that the disk is full. */
  isFull(error: unknown): boolean
  /** Gives back the space that was kept for settling on a full disk; false where it is given back already. */
  giveBack(): boolean
  /** What the disk is short of, in words, while no new events may come; undefined while there is room. */
  shortOf(): string | undefined
}
