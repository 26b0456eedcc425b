import { rmSync } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { Transform, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { SettingsError, type Environment } from '@warren/collector/node'
import { adminClient } from './admin-client.ts'
import { queryText, readQueryFlags, type QueryFlags } from './dead-flags.ts'

export interface ExportFlags extends QueryFlags {
  url?: string
  out?: string
}

const NEW_LINE = 10

/**
 * `warren dead export`: all that the flags find as NDJSON, to standard output or into a new file. The file is the
 * owner's alone, since events tell of people, and is there in whole or not at all.
 */
export async function deadExport({ url, out, ...flags }: ExportFlags, environment: Environment): Promise<void> {
  const client = adminClient({ url }, environment)
  const file = out === undefined ? undefined : await create(out)
  try {
    const { body } = await client.ask(`/dead/export${queryText(readQueryFlags(flags))}`)
    const count = await copy(body ?? [], file?.createWriteStream() ?? process.stdout)
    if (out !== undefined) console.error(`${count} ${count === 1 ? 'letter is' : 'letters are'} in ${out}`)
  } catch (error) {
    if (out !== undefined) rmSync(out, { force: true })
    throw error
  }
}

async function create(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'wx', 0o600)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new SettingsError(
      code === 'EEXIST'
        ? `--out: ${path} is there already: give the name of a file that is not`
        : `--out: ${path} cannot be written (${code})`,
    )
  }
}

/** Gives how many lines there were. */
async function copy(from: AsyncIterable<Uint8Array> | Iterable<Uint8Array>, to: Writable): Promise<number> {
  let count = 0
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      for (const byte of chunk) if (byte === NEW_LINE) count++
      done(null, chunk)
    },
  })
  try {
    await pipeline(from, counted, to, { end: to !== process.stdout })
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    // Whoever read standard output has had enough.
    if (code !== 'EPIPE') throw new SettingsError(`the export broke off, and is not whole: ${message}`)
  }
  return count
}
