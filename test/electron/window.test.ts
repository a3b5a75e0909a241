/** The window in a real Electron: what only the runtime itself can prove. */
import type { ElectronApplication, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { DesktopConsole } from '../support/electron/console.ts'
import { Desktop } from '../support/electron/desktop.ts'

const stage = inject('electron')
let desktop: Desktop
let console: DesktopConsole
let app: ElectronApplication
let page: Page

beforeAll(async () => {
  desktop = await Desktop.start(stage.account)
  console = new DesktopConsole(stage, desktop)
  page = await console.open()
  app = console.app
})

afterAll(async () => {
  await console?.[Symbol.asyncDispose]()
  await desktop?.[Symbol.asyncDispose]()
})

describe('the window', () => {
  test('shows the console, from its own scheme, without errors', async () => {
    expect(page.url()).toMatch(/^app:\/\/bundle\/index\.html(#.*)?$/)
    // Wait for the console's answer: the page exists before that.
    await page.getByRole('heading', { level: 1, name: 'No sites yet' }).waitFor()
    expect(await page.getByRole('main').count()).toBe(1)
    expect(console.complaints).toEqual([])
  })

  test('gives its page two globals, and nothing of Node', async () => {
    const found = await page.evaluate(`({
      keys: Object.keys(window.consoleBridge).sort(),
      node: ['require', 'process', 'module', 'Buffer'].filter((name) => name in window),
    })`)
    expect(found).toEqual({ keys: ['connect', 'platform'], node: [] })
  })

  test('is sandboxed', async () => {
    const preferences = await app.evaluate(({ BrowserWindow }) => {
      const [window] = BrowserWindow.getAllWindows()
      const { webContents } = window as unknown as { webContents: { getLastWebPreferences(): Record<string, unknown> } }
      const { sandbox, contextIsolation, nodeIntegration } = webContents.getLastWebPreferences()
      return { sandbox, contextIsolation, nodeIntegration }
    })
    expect(preferences).toEqual({ sandbox: true, contextIsolation: true, nodeIntegration: false })
  })
})

describe('a page cannot', () => {
  test('run a script that is not part of the build', async () => {
    const ran = await page.evaluate(`(() => {
      const script = document.createElement('script')
      script.textContent = 'window.ran = true'
      document.head.append(script)
      return window.ran === true
    })()`)
    expect(ran).toBe(false)
  })

  test('open a window, leave, or reach the network', async () => {
    expect(await page.evaluate(`window.open('https://example.com/') === null`)).toBe(true)
    await page.evaluate(`location.assign('https://example.com/')`)
    expect(await page.evaluate(`fetch('https://example.com/').then(() => 'reached', () => 'refused')`)).toBe('refused')
    expect(page.url()).toMatch(/^app:\/\/bundle\//)
    expect(app.windows()).toHaveLength(1)
  })

  test('read any other file', async () => {
    const status = await page.evaluate(`fetch('app://bundle/../../package.json').then((answer) => answer.status)`)
    expect(status).toBe(404)
  })
})
