import { Hono, type Context } from 'hono'
import type { DeadLetter } from '../queue/dead-letters.ts'
import { ProblemError } from '../problem.ts'
import type { AdminAppOptions } from './admin-app.ts'
import { bulkAction } from './bulk-action.ts'
import { deadActions } from './dead-actions.ts'
import { deadExport } from './dead-export.ts'
import { readListQuery, readQuery } from './dead-query.ts'
import { readReplay, readSelection } from './dead-requests.ts'
import { editedEntry } from './edited-entry.ts'
import { letterView } from './letter-view.ts'

/**
 * Dead letters, to be mounted at `/admin/dead`. Whatever touches many does it page by page, so that neither the store
 * nor the memory is held by any of it.
 */
export function deadRoutes(options: AdminAppOptions): Hono {
  const { dead, telemetry } = options
  const actions = deadActions(options)
  const bulk = bulkAction(options)
  const app = new Hono()

  async function letterOf(c: Context): Promise<DeadLetter> {
    const id = Number(c.req.param('id'))
    const letter = Number.isSafeInteger(id) ? await dead.get(id) : undefined
    if (!letter) throw new ProblemError(404, `id: there is no dead letter ${c.req.param('id')}`)
    return letter
  }

  app.get('/', async (c) => {
    const { query, page } = readListQuery(c.req.url)
    const { letters, next } = await dead.list(query, page)
    return c.json({ letters: letters.map(letterView), ...(next === undefined ? {} : { next }) })
  })
  app.get('/totals', async (c) => c.json({ totals: await dead.totals() }))
  app.get('/export', (c) =>
    c.body(deadExport(dead, readQuery(c.req.url)), 200, { 'content-type': 'application/x-ndjson; charset=utf-8' }),
  )
  app.get('/:id{[0-9]+}', async (c) => c.json(letterView(await letterOf(c))))

  app.post('/:id{[0-9]+}/replay', async (c) => {
    const edited = await readReplay(c.req.raw)
    const letter = await letterOf(c)
    const edit = 'event' in edited ? editedEntry(edited.event, letter, options) : undefined
    const count = await actions.replay(letter.lane, [{ id: letter.id, ...(edit ? { edit } : {}) }])
    const lane = edit?.lane ?? letter.lane
    telemetry.log('info', 'a dead letter is replayed', { id: letter.id, lane, count, isEdited: edit !== undefined })
    return c.json({ count, lane })
  })
  app.post('/replay', async (c) => {
    const count = await bulk(await readSelection(c.req.raw), 'dead letters are replayed', (lane, ids) =>
      actions.replay(
        lane,
        ids.map((id) => ({ id })),
      ),
    )
    return c.json({ count })
  })
  app.post('/discard', async (c) => {
    const count = await bulk(await readSelection(c.req.raw), 'dead letters are discarded', (lane, ids) =>
      actions.discard(lane, ids, 'operator'),
    )
    return c.json({ count })
  })
  return app
}
