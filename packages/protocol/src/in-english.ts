import { en } from 'zod/locales'

/**
 * For `schema.safeParse(value, inEnglish)`: what a schema says where it has no words of ours. The schemas are of
 * `zod/mini`, 17 KB less in a Worker than the whole zod (gzip), which by itself says "Invalid input" and no more.
 * Zod's global `config()` would give the words to everybody's schemas in the process.
 */
export const inEnglish = { error: en().localeError } as const
