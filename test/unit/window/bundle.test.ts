/** What a window loads: small enough, and nothing that its policy would block. */
import { readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'vite'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { sourceFiles } from '../../support/imports.ts'

const top = resolve(import.meta.dirname, '../../..')
const KB = 1000
/**
 * Bytes after gzip. Raise one only with a reason: every window waits for all of it. 270 KB since backups of every kind have their
 * pages and their moments on a line, are downloaded and uploaded, and an empty server is served; 310 KB since
 * a site has pages for its schedule, retention, policy, alerts and channels; 17 KB of styles since these, small windows, print and transfers have
 * their own.
 */
const budget = { js: 310 * KB, css: 17 * KB, 'anything else': 1 * KB }
type Kind = keyof typeof budget

/** Files of the built window by name, including copied ones. */
const built = new Map<string, Buffer>()
/** Bytes of each source and library, before compression. */
const brought = new Map<string, number>()

beforeAll(async () => {
  // Otherwise the libraries' development builds would be used.
  vi.stubEnv('NODE_ENV', 'production')
  const answer = await build({
    configFile: resolve(top, 'build/vite.config.ts'),
    logLevel: 'error',
    build: { write: false },
  })
  if (!('output' in answer)) throw new Error('the build gave no single output')
  for (const file of answer.output) {
    built.set(file.fileName, Buffer.from(file.type === 'chunk' ? file.code : file.source))
    if (file.type !== 'chunk') continue
    for (const [id, { renderedLength }] of Object.entries(file.modules)) {
      const name = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(id)?.[1] ?? 'src'
      brought.set(name, (brought.get(name) ?? 0) + renderedLength)
    }
  }
  const copied = resolve(top, 'src-renderer/public')
  for (const name of readdirSync(copied)) built.set(name, readFileSync(resolve(copied, name)))
}, 120_000)

function kindOf(name: string): Kind {
  return /\.js$/.test(name) ? 'js' : /\.css$/.test(name) ? 'css' : 'anything else'
}

function text(name: string): string {
  return built.get(name)?.toString() ?? ''
}

/** What to look at where a budget is exceeded. */
function heaviest(): string {
  const most = [...brought].sort(([, one], [, other]) => other - one).slice(0, 8)
  return most.map(([name, bytes]) => `${name} ${Math.round(bytes / KB)} KB`).join(', ')
}

describe('the bundle', () => {
  test.each(Object.keys(budget) as Kind[])('keeps its budget of %s', (kind) => {
    const files = [...built].filter(([name]) => kindOf(name) === kind)
    expect(files.length).toBeGreaterThan(0)
    const size = files.reduce((sum, [, bytes]) => sum + gzipSync(bytes).length, 0)
    expect(size, `${files.map(([name]) => name).join(', ')}; before packing: ${heaviest()}`).toBeLessThan(budget[kind])
  })

  test('has a page with nothing inline, and nothing from elsewhere', () => {
    const page = text('index.html')
    expect(page).toContain('<script type="module"')
    expect(page).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\son\w+=|style=|https?:|javascript:/)
  })

  test('has style sheets that load nothing', () => {
    const styles = [...built.keys()].filter((name) => kindOf(name) === 'css')
    for (const name of styles) expect(text(name)).not.toMatch(/@import|url\(/)
  })
})

test('no source of the window turns text into markup or code', () => {
  const forbidden = /dangerouslySetInnerHTML|innerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function/
  const files = sourceFiles(['src-renderer'])
  expect(files.length).toBeGreaterThan(60)
  expect(files.filter((file) => forbidden.test(readFileSync(resolve(top, file), 'utf8')))).toEqual([])
})
