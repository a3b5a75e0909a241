/** S1, S2, S4, S23, S24: what is locked down before anything is shown. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { writeSums } from '../../build/sums.mjs'
import { damagedFile } from '../../src-main/electron/archive.ts'
import type { MenuEntry } from '../../src-main/electron/menu.ts'
import { menuTemplate } from '../../src-main/electron/menu.ts'
import { forbiddenSwitch } from '../../src-main/electron/switches.ts'
import { windowOptions } from '../../src-main/electron/window-options.ts'
import { scratchFolder } from '../support/folder.ts'
import { beginShell, runningShell } from '../support/shell.ts'

const facts = { preload: '/p.cjs', dark: false, packaged: true, icon: undefined }

describe('S1: a window', () => {
  test('is locked down in every build', () => {
    for (const packaged of [true, false]) {
      expect(windowOptions({ ...facts, packaged }).webPreferences).toEqual({
        preload: '/p.cjs',
        sandbox: true,
        contextIsolation: true,
        nodeIntegration: false,
        nodeIntegrationInWorker: false,
        nodeIntegrationInSubFrames: false,
        webSecurity: true,
        allowRunningInsecureContent: false,
        webviewTag: false,
        navigateOnDragDrop: false,
        spellcheck: false,
        devTools: !packaged,
      })
    }
  })

  test('opened by the shell has exactly these options', async () => {
    const { window } = await runningShell({ packaged: true })
    expect(window.options).toEqual(windowOptions({ ...facts, preload: '/bundle/preload.cjs', dark: true }))
  })
})

describe('S2: start-up', () => {
  test('locks everything down first, and opens a window last', async () => {
    const { order } = await runningShell({ packaged: true })
    expect(order).toEqual([
      'sandbox',
      'scheme',
      'path userData=/data/window',
      'no menu',
      'lock',
      'ready',
      'session',
      'handle app',
      'client cvd-backup-console',
      'console',
      'menu',
      'window',
    ])
  })

  test('completes what must precede `ready` in the task in which it is called', () => {
    const { order } = beginShell({ env: { DBUS_SESSION_BUS_ADDRESS: 'unix:' }, platform: 'linux' })
    expect(order).toEqual([
      'sandbox',
      'scheme',
      'path userData=/data/window',
      'switch password-store=gnome-libsecret',
      'no menu',
      'lock',
    ])
  })

  test('stops if the console is already running', async () => {
    const shell = beginShell({ alone: false })
    await shell.started
    expect(shell.order.slice(-2)).toEqual(['lock', 'quit'])
    expect(shell.windows).toEqual([])
  })

  test('reports why there is no console, and opens nothing', async () => {
    const failure = { code: 'newer', message: 'Made by a newer console.', unchanged: 'Nothing was changed.' }
    const shell = beginShell({ openConsole: async () => ({ ok: false, error: failure }) })
    shell.becomeReady()
    await shell.started
    expect(shell.errors).toEqual(['The console cannot start: Made by a newer console.\nNothing was changed.'])
    expect(shell.order.at(-1)).toBe('exit 1')
    expect(shell.windows).toEqual([])
  })
})

describe('S4: the scheme', () => {
  test('is registered once, without exceptions to the policy', async () => {
    const { schemes, window } = await runningShell()
    const privileges = { standard: true, secure: true, supportFetchAPI: true, codeCache: true }
    expect(schemes).toEqual([[{ scheme: 'app', privileges }]])
    expect(window.urls).toEqual(['app://bundle/index.html'])
  })
})

describe('S23: the command line', () => {
  test.each(['--remote-debugging-port=9222', '--no-sandbox', '--inspect', '--inspect-brk=1', '-js-flags=x'])(
    'a packaged console does not start with %s',
    async (given) => {
      const shell = beginShell({ packaged: true, argv: ['console', given] })
      await shell.started
      expect(shell.order).toEqual(['exit 2'])
      expect(shell.warnings).toHaveLength(1)
    },
  )

  test('a development build may be inspected, and unknown switches have no effect', async () => {
    const { order } = await runningShell({ argv: ['console', '--remote-debugging-port=1', '--anything=x'] })
    expect(order).toContain('window')
    expect(forbiddenSwitch(['console', '--anything', 'no-sandbox', '--inspector-like'])).toBeNull()
  })
})

describe('S24: developer tools', () => {
  const all = (entries: readonly MenuEntry[]): MenuEntry[] => entries.flatMap((one) => [one, ...all(one.submenu ?? [])])
  const rolesOf = (packaged: boolean, platform: string) => {
    const nothing = () => undefined
    return all(menuTemplate({ packaged, platform, go: nothing, openWindow: nothing, showLog: nothing })).map(
      ({ role }) => role,
    )
  }

  test.each(['linux', 'win32', 'darwin'])('are not in the menu of a packaged build on %s', (platform) => {
    expect(rolesOf(true, platform)).not.toContain('toggleDevTools')
    expect(rolesOf(true, platform)).not.toContain('reload')
    expect(rolesOf(false, platform)).toContain('toggleDevTools')
  })
})

describe('a program that differs from what was installed', () => {
  test('reports that, and neither opens its store nor a window', async () => {
    const shell = beginShell({ packaged: true, damage: () => 'app.asar' })
    shell.becomeReady()
    await shell.started
    expect(shell.errors).toEqual([expect.stringContaining('The file app.asar differs from the installed one.')])
    expect(shell.order.at(-1)).toBe('exit 1')
    expect(shell.order).not.toContain('console')
    expect(shell.windows).toEqual([])
  })

  test('is detected by the hash of each file, and by a missing list', () => {
    const folder = scratchFolder()
    mkdirSync(join(folder, 'app.asar.unpacked'))
    const files = ['app.asar', 'app.asar.unpacked/x.node']
    for (const name of files) writeFileSync(join(folder, name), Buffer.from([1, 2, 3]))
    expect(damagedFile(folder)).toBe('SHA256SUMS')
    writeSums(folder)
    expect(damagedFile(folder)).toBeNull()
    for (const name of files) {
      writeFileSync(join(folder, name), Buffer.from([1, 2, 2]))
      expect(damagedFile(folder)).toBe(name)
      writeFileSync(join(folder, name), Buffer.from([1, 2, 3]))
    }
    writeFileSync(join(folder, 'SHA256SUMS'), '')
    expect(damagedFile(folder)).toBe('SHA256SUMS')
  })
})
