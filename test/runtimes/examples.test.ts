import { cpSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { bunBinary, bunVariables } from '../support/homes/bun.ts'
import { denoBinary, denoVariables } from '../support/homes/deno.ts'
import { batchOf, timeUuid } from '../support/load.ts'
import { freshFolder, startListening, type CliProcess } from '../support/processes.ts'
import { startSandbox, type TestSandbox } from '../support/sandbox.ts'

/** The examples of runtimes with a disk, each in a copy of its folder and started by the line that its README gives. */

const ROOT = resolve(import.meta.dirname, '../..')
const APP = { appid: 'demo-app', secret: 'demo-secret-0b7e4d' }
/** Of the source in the examples' configuration. */
const ORIGIN = 'http://127.0.0.1:8080'

const EXAMPLES = [
  { name: 'deno', binary: denoBinary, variables: denoVariables },
  { name: 'bun', binary: bunBinary, variables: bunVariables },
]
type Example = (typeof EXAMPLES)[number]

let folder: ReturnType<typeof freshFolder>
let sandbox: TestSandbox
let running: CliProcess | undefined
beforeEach(async () => {
  folder = freshFolder()
  sandbox = await startSandbox({ app: APP })
})
afterEach(async () => {
  await running?.end('SIGKILL')
  running = undefined
  await sandbox.close()
  folder.remove()
})

const read = (name: string, file: string) => readFileSync(join(ROOT, 'examples', name, file), 'utf8')
const startLine = (name: string) =>
  (JSON.parse(read(name, 'package.json')) as { scripts: { start: string } }).scripts.start

/** What is started once `data` is there, by the words of the line. */
function commandOf({ name, binary }: Example): string[] {
  const [before, line = ''] = startLine(name).split(' && ')
  expect(before).toBe('mkdir -p data')
  const [runtime, ...words] = line.split(' ')
  expect(runtime).toBe(name)
  return [binary(), ...words.map((word) => word.replace('../../packages', join(ROOT, 'packages')))]
}

async function start(example: Example, command: string[], baseUrl = sandbox.url): Promise<CliProcess> {
  const source = join(ROOT, 'examples', example.name)
  for (const file of ['main.ts', 'package.json', 'warren.config.json'])
    cpSync(join(source, file), join(folder.path, file))
  symlinkSync(join(source, 'node_modules'), join(folder.path, 'node_modules'))
  mkdirSync(join(folder.path, 'data'))
  running = await startListening(command, {
    folder: folder.path,
    environment: {
      ...example.variables(folder.path),
      PORT: '0',
      RABBITPRE_APPID: APP.appid,
      RABBITPRE_SECRET: APP.secret,
      RABBITPRE_BASE_URL: baseUrl,
    },
  })
  return running
}

describe.each(EXAMPLES)('the example for $name', (example) => {
  const { name } = example

  it('brings a batch to the platform, serves the script, and ends in order', async () => {
    const collector = await start(example, commandOf(example))
    const uuid = timeUuid()
    const sent = await fetch(`${collector.url}/v1/batch?source=shop`, {
      method: 'POST',
      headers: { origin: ORIGIN },
      body: batchOf([uuid]),
    })
    expect(await sent.json()).toMatchObject({ accepted: 1 })
    await expect.poll(async () => (await sandbox.events()).events, { timeout: 20_000 }).toMatchObject([{ uuid }])
    const script = await fetch(`${collector.url}/v1/warren.js`)
    expect(await script.text()).toBe(readFileSync(join(ROOT, 'packages/tracker/dist/warren.js'), 'utf8'))
    expect((await fetch(`${collector.url}/metrics`)).status).toBe(200)
    expect(await collector.end('SIGTERM')).toBe(0)
    expect(collector.output()).not.toContain(APP.secret)
    expect(collector.output()).not.toMatch(/NotCapable|warning/i)
  })

  it('tells its line in both READMEs', () => {
    for (const file of ['README.md', 'README.zh-CN.md']) expect(read(name, file)).toContain(startLine(name))
  })
})

describe('the permissions of the example for deno', () => {
  const [example] = EXAMPLES as [Example]
  const words = commandOf(example)
  /** Every permission alone; the platform's own host cannot be missed here. */
  const permissions = words.flatMap((word) => {
    const [flag = '', list = ''] = word.split('=')
    if (!flag.startsWith('--allow-')) return []
    return list.split(',').map((item) => ({ flag, item }))
  })
  const missable = permissions.filter(({ item }) => item !== 'integrate.rabbitpre.com')

  it.each(missable.map((permission) => ({ ...permission, shown: permission.item.replace(ROOT, '…') })))(
    'holds $flag=$shown, without which it does not start',
    async ({ flag, item }) => {
      const command = words.flatMap((word) => {
        if (!word.startsWith(`${flag}=`)) return [word]
        const left = word
          .slice(flag.length + 1)
          .split(',')
          .filter((other) => other !== item)
        return left.length > 0 ? [`${flag}=${left.join(',')}`] : []
      })
      await expect(start(example, command)).rejects.toThrow(
        /Requires \w+ access|NotCapable|cannot be opened|cannot listen/,
      )
    },
  )

  it('let it reach no other host', async () => {
    const collector = await start(example, words, 'http://platform.invalid')
    await expect.poll(() => collector.output(), { timeout: 20_000 }).toContain('no token: unreachable (NOT_PERMITTED)')
  })
})
