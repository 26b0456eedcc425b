import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { nodeSqlite } from '../node/sqlite.ts'
import { freshFile, PLENTY } from '../testing/sql-stage.ts'
import { GRAVE, uuidsOf } from './conformance.ts'
import { sqlQueue } from './sql.ts'

/** As the first version wrote it. */
const VERSION_1 = `
CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE lanes (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, events INTEGER NOT NULL, bytes INTEGER NOT NULL);
CREATE TABLE packs (id INTEGER PRIMARY KEY, lane INTEGER NOT NULL, at INTEGER NOT NULL, events INTEGER NOT NULL, bytes INTEGER NOT NULL, body TEXT NOT NULL);
CREATE INDEX packs_by_lane ON packs (lane, id);
CREATE TABLE settled (pack INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, PRIMARY KEY (pack, first)) WITHOUT ROWID;
CREATE TABLE sources (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE seen_ordered (source INTEGER NOT NULL, uuid TEXT NOT NULL, PRIMARY KEY (source, uuid)) WITHOUT ROWID;
CREATE TABLE seen_other (source INTEGER NOT NULL, uuid TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (source, uuid)) WITHOUT ROWID;
CREATE INDEX seen_other_by_receipt ON seen_other (at);
INSERT INTO meta VALUES ('version', 1), ('probes', 0);
INSERT INTO lanes VALUES (1, 'a/unmatched', 2, 28);
INSERT INTO sources VALUES (1, 's');
INSERT INTO seen_other VALUES (1, 'one', 1767225600000), (1, 'two', 1767225600000), (1, 'done', 1767225600000);
INSERT INTO packs VALUES (4, 1, 1767225600000, 3, 43, '{"uuid":"done"}' || char(10) || '{"uuid":"one"}' || char(10) || '{"uuid":"two"}');
INSERT INTO settled VALUES (4, 0, 0);
`

describe('a database of version 1', () => {
  it('keeps its events, and buries them without a source', async () => {
    const file = freshFile()
    const old = new DatabaseSync(file.path)
    old.exec(VERSION_1)
    old.close()
    const queue = sqlQueue(nodeSqlite(file.path), { now: () => 1_767_225_700_000, defer: setImmediate })
    try {
      expect(await queue.lanes()).toEqual([
        { lane: 'a/unmatched', events: 2, bytes: 28, ready: 2, readyBytes: 28, oldestReadyAt: 1_767_225_600_000 },
      ])
      const held = await queue.lease('a/unmatched', PLENTY, 1000)
      expect(uuidsOf(held)).toEqual(['one', 'two'])
      await queue.settle([
        { lease: held?.id ?? 0, verdict: 'bury', places: [0], ...GRAVE },
        { lease: held?.id ?? 0, verdict: 'ack' },
      ])
      const { letters } = await queue.dead.list({})
      expect(letters).toMatchObject([{ uuid: 'one', source: '', receivedAt: 1_767_225_600_000 }])
      expect(await queue.dead.revive(letters)).toBe(1)
      expect(uuidsOf(await queue.lease('a/unmatched', PLENTY, 1000))).toEqual(['one'])
    } finally {
      await queue.close()
      file.remove()
    }
  })
})
