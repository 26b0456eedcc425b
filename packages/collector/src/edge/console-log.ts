import type { Telemetry } from '../telemetry.ts'

/** Logs to the runtime's console: one line of JSON an entry, which its log viewers take apart. */
export const consoleLog: Telemetry['log'] = (level, message, fields = {}) => {
  const line = JSON.stringify({ level, time: Date.now(), ...fields, msg: message })
  if (level === 'error') console.error(line)
  else if (level === 'warn') console.warn(line)
  else console.log(line)
}
