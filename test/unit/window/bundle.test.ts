/** What a window loads: small enough, and nothing that its policy would refuse. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'vite'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { sourceFiles } from '../../support/imports.ts'

const top = resolve(import.meta.dirname, '../../..')
const KB = 1000
/** Bytes after gzip. Raise one only with a reason: every window waits for all of it. */
const budget = { js: 240 * KB, css: 12 * KB }

const built = new Map<string, string>()

beforeAll(async () => {
  // Else it would be the libraries' own builds for development.
  vi.stubEnv('NODE_ENV', 'production')
  const answer = await build({
    configFile: resolve(top, 'build/vite.config.ts'),
    logLevel: 'error',
    build: { write: false },
  })
  if (!('output' in answer)) throw new Error('the build gave no single output')
  for (const file of answer.output) {
    built.set(file.fileName, file.type === 'chunk' ? file.code : Buffer.from(file.source).toString())
  }
}, 120_000)

describe('the bundle', () => {
  test.each(['js', 'css'] as const)('keeps its budget of %s', (kind) => {
    const files = [...built].filter(([name]) => name.endsWith(`.${kind}`))
    expect(files.length).toBeGreaterThan(0)
    const size = files.reduce((sum, [, text]) => sum + gzipSync(text).length, 0)
    expect(size).toBeLessThan(budget[kind])
  })

  test('has a page without anything inline, and nothing from elsewhere', () => {
    const page = built.get('index.html') ?? ''
    expect(page).toContain('<script type="module"')
    expect(page).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\son\w+=|style=|https?:|javascript:/)
  })

  test('has styles that load nothing', () => {
    for (const [name, text] of built) if (name.endsWith('.css')) expect(text).not.toMatch(/@import|url\(/)
  })
})

test('no source of the window makes markup or code of text', () => {
  const forbidden = /dangerouslySetInnerHTML|innerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function/
  const files = sourceFiles(['src-renderer'])
  expect(files.length).toBeGreaterThan(60)
  expect(files.filter((file) => forbidden.test(readFileSync(resolve(top, file), 'utf8')))).toEqual([])
})
