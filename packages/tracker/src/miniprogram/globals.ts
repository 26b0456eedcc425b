export type HostName = 'wx' | 'my' | 'tt' | 'swan' | 'qq' | 'ks' | 'jd' | 'xhs'

declare const wx: unknown
declare const my: unknown
declare const tt: unknown
declare const swan: unknown
declare const qq: unknown
declare const ks: unknown
declare const jd: unknown
declare const xhs: unknown

/**
 * What each host calls its own. WeChat comes last: others lend its name to theirs. Where one is not there, asking for it
 * throws, and there is no object that has them all.
 */
const GLOBALS: [HostName, () => unknown][] = [
  ['my', () => my],
  ['tt', () => tt],
  ['swan', () => swan],
  ['qq', () => qq],
  ['ks', () => ks],
  ['jd', () => jd],
  ['xhs', () => xhs],
  ['wx', () => wx],
]

/** The global of that name, or the first one that is fit; undefined where there is none. */
export function findGlobal<Api>(wanted: string | undefined, isFit: (api: Api) => boolean): [HostName, Api] | undefined {
  for (const [name, get] of GLOBALS) {
    if (wanted && wanted !== name) continue
    try {
      const api = get() as Api
      if (isFit(api)) return [name, api]
    } catch {
      // Not here.
    }
  }
  return undefined
}
