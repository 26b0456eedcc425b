import type { Command } from 'commander'
import type { Environment } from '@warren/collector/node'
import { deadDiscard, deadReplay } from './dead-change.ts'
import { deadEdit } from './dead-edit.ts'
import { deadExport } from './dead-export.ts'
import { deadList, deadShow } from './dead-list.ts'

/** `warren dead …`: every command and its flags. */
export function addDeadCommands(program: Command, environment: Environment): void {
  const dead = program
    .command('dead')
    .description(
      'look at dead letters, the events that the platform refused for good; mend, replay, discard them · 查看、修改、重发、丢弃死信',
    )
    .addHelpText(
      'after',
      '\nThe collector must run with WARREN_ADMIN_TOKEN set; give the same token here, in the same variable.\n' +
        'It is found at WARREN_URL (default: http://127.0.0.1:8787), or at --url of any of these commands.\n' +
        '采集端启动时要设 WARREN_ADMIN_TOKEN，这里用同一个变量给出同一个口令；采集端的地址写在 WARREN_URL 或 --url 里。',
    )
  const command = (name: string, description: string) =>
    dead
      .command(name)
      .description(description)
      .option('--url <address>', 'the collector [WARREN_URL] (default: http://127.0.0.1:8787)')
  const json = (to: Command) => to.option('--json', 'print the answer as JSON')

  json(withQuery(command('list', 'the newest letters, as a table · 列表')))
    .option('--limit <number>', 'how many, at most 500', '50')
    .option('--before <id>', 'those before this number: the next page')
    .action((flags) => deadList(flags, environment))

  json(command('show <id>', 'one letter in whole, with its event · 查看一封')).action((id, flags) =>
    deadShow(id, flags, environment),
  )

  withQuery(command('export', 'all letters, or all that the flags find, as one line of JSON each · 导出'))
    .option('--out <file>', 'into a new file instead of standard output')
    .action((flags) => deadExport(flags, environment))

  json(withQuery(command('replay [id...]', 'put letters back into the queue, to be sent once more · 重发')))
    .option('--all', 'every letter there is')
    .option('--edit <file>', 'those in this file, with their events as they stand in it: an export, with events edited')
    .action((ids, { edit, ...flags }) => {
      if (edit === undefined) return deadReplay(ids, flags, environment)
      return deadEdit(edit, ids, flags, environment)
    })

  json(withQuery(command('discard [id...]', 'remove letters for good · 丢弃')))
    .option('--all', 'every letter there is')
    .option('--yes', 'yes, all that these flags find')
    .action((ids, flags) => deadDiscard(ids, flags, environment))
}

/** The flags that find letters; all that are given must hold. */
function withQuery(command: Command): Command {
  return command
    .option('--lane <name>', 'of this lane, such as default/matched')
    .option('--source <id>', 'from this source')
    .option('--uuid <uuid>', 'with this uuid')
    .option('--event-key <key>', 'with this event key')
    .option('--reason <reason>', 'refused, key_refused or too_large')
    .option('--code <code>', 'refused with this code')
    .option('--identity <value>', 'with this openid, unionid, phone or uid')
    .option('--text <text>', 'with this text in the event or in the words of the refusal')
    .option('--died-before <time>', 'that died before this date (UTC), or milliseconds since 1970')
}
