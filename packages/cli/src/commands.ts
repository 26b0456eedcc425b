import { Command, CommanderError, Option } from 'commander'
import { SettingsError } from '@warren/collector/node'
import { backup } from './backup.ts'
import { addDeadCommands } from './dead-commands.ts'
import { demo } from './demo.ts'
import { sandbox } from './sandbox.ts'
import { serve } from './serve.ts'

/** `warren`: every command in one place; what each does is in its own file. */
const program = new Command('warren')
  .description('Event tracking for Rabbitpre (兔展): collector, dead letters, backup, sandbox, demo')
  .showHelpAfterError('(--help lists the options)')
  .exitOverride()

program
  .command('serve')
  .description('run the collector on this machine · 在本机运行采集端')
  .option('--port <number>', 'port to listen on [PORT] (default: 8787)')
  .option('--host <address>', 'address to listen on [HOST] (default: 127.0.0.1)')
  .option('--db <path>', 'the database of the durable queue [WARREN_DB] (default: ./warren.db)')
  .option(
    '--queue <url>',
    'sqlite:, memory: or none, which forwards within each request [WARREN_QUEUE] (default: sqlite:)',
  )
  .option('--config <path>', 'warren.config.json, or its JSON [WARREN_CONFIG]')
  .addHelpText(
    'after',
    '\nThe platform, by variables alone:\n' +
      '  RABBITPRE_APPID and RABBITPRE_SECRET       the app: its token is fetched and renewed\n' +
      '  RABBITPRE_TOKEN or RABBITPRE_TOKEN_FILE    in their place: a token that you keep fresh\n' +
      '  RABBITPRE_BASE_URL, RABBITPRE_BATCH_ADD_PATH, RABBITPRE_TOKEN_PATH, RABBITPRE_PUBLIC_PARAMS\n' +
      '\nWARREN_ADMIN_TOKEN opens the interface that `warren dead` speaks to; there is none without it.',
  )
  .action((flags) => serve(flags, process.env))

addDeadCommands(program, process.env)

program
  .command('backup <file>')
  .description('copy the database into a new file, while the collector runs or not · 在线备份数据库')
  .option('--db <path>', 'the database [WARREN_DB] (default: ./warren.db)')
  .action((file, flags) => backup(file, flags, process.env))

program
  .command('sandbox')
  .description('play the platform: check calls to the letter, show what arrived, play faults · 扮演平台')
  .option('--port <number>', 'port to listen on', '8788')
  .option('--token <token>', 'a token that calls may carry (default: sandbox-token, unless there is an app)')
  .option('--appid <appid>', 'an app that may fetch tokens; with --secret')
  .option('--secret <secret>', 'its secret')
  .option('--token-life <seconds>', 'how long its tokens live (default: 7200)')
  .option('--require-args <names>', 'event parameters that every event must have, separated by commas')
  .action((flags) => sandbox(flags))

program
  .command('demo')
  .description('sandbox, collector and a shop page on three origins · 演示')
  .option('--check', 'drive the page once in Chromium, print what arrived, exit 0 or 1')
  .addOption(new Option('--sandbox-token <token>', 'another token than the collector has: nothing can be delivered'))
  .action((flags) => demo(flags))

try {
  // npx and pnpm hand a `--` of their own on.
  await program.parseAsync(process.argv.filter((argument) => argument !== '--'))
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode
  else {
    // A mistake in the settings is the reader's to mend; anything else is ours, and its stack helps.
    console.error(error instanceof SettingsError ? error.message : error)
    process.exitCode = 1
  }
}
