/** S3, S9, S15, S25, S30: what the sources must not contain, and what only one place may do. */
import { globSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Script } from 'node:vm'
import { build } from 'vite'
import { describe, expect, test } from 'vitest'
import { scratchFolder } from '../support/folder.ts'
import { sourceFiles } from '../support/imports.ts'

const top = resolve(import.meta.dirname, '../..')
const read = (file: string): string => readFileSync(join(top, file), 'utf8')

/** The files below the given folders that match the pattern. */
function filesWith(pattern: RegExp, folders: readonly string[]): string[] {
  return sourceFiles(folders).filter((file) => pattern.test(read(file)))
}

describe('S3: the preload script', () => {
  test('is one CommonJS file that loads only electron, and gives the page two globals', async () => {
    const folder = scratchFolder()
    const configFile = join(top, 'build/vite.preload.ts')
    await build({ configFile, logLevel: 'silent', build: { outDir: folder, emptyOutDir: false } })
    const code = readFileSync(join(folder, 'preload.cjs'), 'utf8')
    expect(code.match(/\b(require|import)\s*\(/g)).toEqual(['require('])
    expect(code).not.toMatch(/^\s*(import|export)\b/m)

    const exposed: Record<string, Record<string, unknown>> = {}
    const sent: unknown[][] = []
    const heard: string[] = []
    const electron = {
      contextBridge: { exposeInMainWorld: (name: string, api: Record<string, unknown>) => (exposed[name] = api) },
      ipcRenderer: {
        on: (channel: string) => heard.push(channel),
        send: (...message: unknown[]) => sent.push(message),
      },
    }
    const loaded: string[] = []
    const load = (name: string) => {
      loaded.push(name)
      return electron
    }
    new Script(`(function (require, process) {${code}\n})`).runInThisContext()(load, { platform: 'linux' })
    expect(loaded).toEqual(['electron'])
    expect(Object.keys(exposed)).toEqual(['consoleBridge'])
    expect(Object.keys(exposed.consoleBridge ?? {}).sort()).toEqual(['connect', 'platform'])
    expect(heard).toEqual(['rpc:port'])
    const connect = exposed.consoleBridge?.connect as (request: string) => void
    connect('one')
    expect(sent).toEqual([['rpc:connect', 'one']])
  })
})

test('S9: nothing leads out of the console: no URL is ever passed to the system', () => {
  expect(filesWith(/openExternal/, ['src-main', 'src-shared', 'src-renderer'])).toEqual([])
})

test("S15: only the login code, the system's store and what sends a channel's to its server read secrets", () => {
  expect(filesWith(/\.expose\(/, ['src-main', 'src-shared', 'src-renderer'])).toEqual([
    'src-main/electron/secrets.ts',
    'src-main/operations/channels.ts',
    'src-main/remote/answers.ts',
    'src-main/remote/auth.ts',
    'src-main/remote/key-file.ts',
    'src-main/remote/secret.ts',
    'src-main/remote/sudo.ts',
  ])
})

describe('S25: local programs', () => {
  const starts = /from 'node:child_process'/
  // The demo is a server, which runs programs; the loopback host opens a browser, and `npm start` opens Electron. No
  // package contains these.
  const shipped = (file: string) => !/^src-main\/((demo|entry|host)\/|electron\/own-window\.ts)/.test(file)

  test('are started in one place only', () => {
    expect(filesWith(starts, ['src-main', 'src-shared', 'src-renderer']).filter(shipped)).toEqual([
      'src-main/remote/ssh-config-ask.ts',
    ])
  })

  test('get their arguments as a list, never through a shell', () => {
    const text = read('src-main/remote/ssh-config-ask.ts')
    expect(text).toMatch(/import \{ spawn \} from 'node:child_process'/)
    expect(text).not.toMatch(/shell:/)
  })
})

describe('S30: the page', () => {
  const pages = ['src-renderer']

  test.each([
    ['text as markup', /dangerouslySetInnerHTML|\b(inner|outer)HTML\b|insertAdjacentHTML|document\.write/],
    ['text as code', /\beval\(|new Function\(|setTimeout\(\s*['"`]/],
    ['the network', /\bfetch\(|XMLHttpRequest|EventSource|sendBeacon|\b(src|href|action)=["'`{]+https?:/],
  ])('never uses %s', (_what, pattern) => {
    // One place sends a file that a person chose, and only to the console that the page came from.
    const but = pattern.test('fetch(') ? ['src-renderer/api/send-file.ts'] : []
    expect(filesWith(pattern, pages)).toEqual(but)
  })

  test('sends a file to its own console only', () => {
    expect(read('src-renderer/api/send-file.ts')).toMatch(
      /if \(new URL\(address, origin\)\.origin !== origin\) throw [^\n]*\n {2}await fetch\(address, /,
    )
  })

  test('has no inline script or style, and loads none from elsewhere', () => {
    for (const file of globSync('src-renderer/**/*.html', { cwd: top })) {
      const html = read(file)
      expect(html).not.toMatch(/<style|\sstyle=|\son[a-z]+=|https?:|<base|http-equiv/i)
      expect(html.match(/<script[^>]*>/g)).toEqual(['<script type="module" src="./main.tsx">'])
    }
  })
})
