import type { SqlDriver } from './sql-driver.ts'

/**
 * The database, version by version. A migration is never changed once released: the next one is added below it.
 *
 * | table | one row is |
 * |---|---|
 * | `packs` | the events of one lane and source that one commit brought, as JSON lines: text, or compressed bytes |
 * | `settled` | a run of events of a pack that are acknowledged while others of it are not |
 * | `lanes` | a lane, with its totals, so that nothing is ever counted by reading, and with its note |
 * | `sources` | a source's name; the dedupe tables hold its number |
 * | `seen_ordered` | a time-ordered uuid; expires by its own prefix |
 * | `seen_other` | any other uuid, with its receipt; expires by that |
 * | `dead` | a dead letter; its text comes last, so that a search by the columns before it reads no more than them |
 * | `dead_identities` | an identity of a dead letter |
 * | `meta` | `version`: the migrations carried out · `probes`: commits that only proved that commits work |
 */
const MIGRATIONS: readonly (readonly string[])[] = [
  [
    `CREATE TABLE lanes (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, events INTEGER NOT NULL, bytes INTEGER NOT NULL)`,
    `CREATE TABLE packs (id INTEGER PRIMARY KEY, lane INTEGER NOT NULL, at INTEGER NOT NULL, events INTEGER NOT NULL, bytes INTEGER NOT NULL, body TEXT NOT NULL)`,
    `CREATE INDEX packs_by_lane ON packs (lane, id)`,
    `CREATE TABLE settled (pack INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, PRIMARY KEY (pack, first)) WITHOUT ROWID`,
    `CREATE TABLE sources (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)`,
    `CREATE TABLE seen_ordered (source INTEGER NOT NULL, uuid TEXT NOT NULL, PRIMARY KEY (source, uuid)) WITHOUT ROWID`,
    `CREATE TABLE seen_other (source INTEGER NOT NULL, uuid TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (source, uuid)) WITHOUT ROWID`,
    `CREATE INDEX seen_other_by_receipt ON seen_other (at)`,
  ],
  [
    // The packs of before know no source: 0 is none's number.
    `ALTER TABLE packs ADD COLUMN source INTEGER NOT NULL DEFAULT 0`,
    `ALTER TABLE lanes ADD COLUMN note TEXT`,
    `ALTER TABLE lanes ADD COLUMN dead_events INTEGER NOT NULL DEFAULT 0`,
    `ALTER TABLE lanes ADD COLUMN dead_bytes INTEGER NOT NULL DEFAULT 0`,
    `CREATE TABLE dead (id INTEGER PRIMARY KEY AUTOINCREMENT, lane TEXT NOT NULL, source TEXT NOT NULL, uuid TEXT NOT NULL, event_key TEXT NOT NULL, reason TEXT NOT NULL, code TEXT NOT NULL, attempts INTEGER NOT NULL, received_at INTEGER NOT NULL, died_at INTEGER NOT NULL, words TEXT NOT NULL, json TEXT NOT NULL)`,
    `CREATE INDEX dead_by_uuid ON dead (uuid)`,
    `CREATE TABLE dead_identities (value TEXT NOT NULL, dead INTEGER NOT NULL, PRIMARY KEY (value, dead)) WITHOUT ROWID`,
  ],
  // Packs may be compressed from here on, and who knows nothing of it must not read them.
  [],
]

/** Brings a database forward to this version. @throws where a newer Warren has written it. */
export function migrate(driver: SqlDriver): void {
  driver.exec(`CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID`)
  const [row] = driver.all<{ value: number }>(`SELECT value FROM meta WHERE key = 'version'`)
  const version = row?.value ?? 0
  if (version > MIGRATIONS.length) {
    throw new Error(
      `the database is of version ${version}, and this Warren knows ${MIGRATIONS.length}: start the newer Warren that wrote it`,
    )
  }
  // A start writes nothing where there is nothing to do: it must work on a full disk.
  if (version === MIGRATIONS.length) return
  driver.transaction(() => {
    for (const statement of MIGRATIONS.slice(version).flat()) driver.exec(statement)
    driver.run(`INSERT OR REPLACE INTO meta VALUES ('version', ?)`, MIGRATIONS.length)
    driver.run(`INSERT OR IGNORE INTO meta VALUES ('probes', 0)`)
  })
}
