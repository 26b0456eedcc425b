import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, it } from 'vitest'
import { scripts, warren, warrenDebug, warrenFull } from '@warren/tracker/scripts'

it('are the three builds of the tracker, each with what tells it from any other', () => {
  expect(scripts).toEqual([warren, warrenFull, warrenDebug])
  expect(scripts.map(({ name }) => name)).toEqual(['warren', 'warren.full', 'warren.debug'])
  for (const { name, text, hash, integrity } of scripts) {
    expect(text).toBe(readFileSync(resolve(import.meta.dirname, `../dist/${name}.js`), 'utf8'))
    const digest = createHash('sha384').update(text).digest('base64')
    expect(integrity).toBe(`sha384-${digest}`)
    expect(hash).toMatch(/^[\da-f]{16}$/)
  }
  expect(new Set(scripts.map(({ hash }) => hash)).size).toBe(3)
})
