/** A viewer's window: everything can be seen, and nothing changed, by any means. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type DemoSite, startDemoSite } from '../../src-main/demo/site.ts'
import type { Site } from '../../src-main/store/sites.ts'
import { callsOf } from '../../src-shared/contract/define.ts'
import { contract } from '../../src-shared/contract/index.ts'
import { know } from '../support/e2e/demo.ts'
import { Desk } from '../support/e2e/desk.ts'
import { backUp } from '../support/e2e/others.ts'
import { button, grid, heading, modal } from '../support/e2e/pages.ts'
import { changing, temptations } from '../support/e2e/viewer.ts'

const NAME = 'Depot East'
let demo: DemoSite
let desk: Desk
let site: Site
let backup: string

beforeAll(async () => {
  demo = await startDemoSite()
  desk = await Desk.open()
  site = await know(desk, demo, { name: NAME, colour: 'blue' })
  backup = await backUp(desk, site)
})
afterEach(({ task }) => desk.tidy(task))
afterAll(async () => {
  await desk?.[Symbol.asyncDispose]()
  await demo?.stop()
})

test('every page is available, and no control on it changes anything', async () => {
  const page = await desk.window({ role: 'viewer' })
  await grid(page, 'Sites').waitFor()
  await page.getByText('Viewer', { exact: true }).waitFor()
  const at = `/sites/${site.id}`
  const pages: readonly [string, () => Promise<void>][] = [
    ['/', () => grid(page, 'Sites').waitFor()],
    [at, () => page.getByRole('heading', { name: 'Database' }).waitFor()],
    [`${at}/backups`, () => grid(page, `Backups of ${NAME}`).waitFor()],
    [`${at}/backups/${encodeURIComponent(backup)}`, () => grid(page, 'Tables in the backup').waitFor()],
    [`${at}/schedule`, () => page.getByRole('heading', { name: 'What would run' }).waitFor()],
    [`${at}/retention`, () => grid(page, 'Decisions').waitFor()],
    [`${at}/policy`, () => page.getByRole('heading', { name: 'Verifying backups' }).waitFor()],
    [`${at}/operations`, () => grid(page, 'Finished operations').waitFor()],
    [`${at}/connection`, () => page.getByText('Machine ID').waitFor()],
    [`${at}/restore`, () => page.getByText('A viewer cannot restore.').waitFor()],
    [`${at}/alerts`, () => page.getByRole('heading', { name: 'Who is told' }).waitFor()],
    [
      '/alerts',
      () =>
        page
          .getByText('Nothing is wrong')
          .or(page.getByText(/No alerts are known/))
          .waitFor(),
    ],
    ['/add-site', () => page.getByText('Viewers cannot add sites.').waitFor()],
    ['/operations', () => grid(page, 'Finished operations').waitFor()],
    ['/audit', () => page.getByText(/^The chain of .* is intact\.$/).waitFor()],
    ['/settings/appearance', () => page.getByRole('radiogroup', { name: 'Colours' }).waitFor()],
    ['/settings/identities', () => page.getByRole('main').getByText('administrators').first().waitFor()],
    ['/settings/hosts', () => grid(page, 'Known hosts').waitFor()],
    ['/settings/secrets', () => page.getByText('Only administrators can see stored secrets.').waitFor()],
    ['/settings/about', () => page.getByText('0.1.0').first().waitFor()],
  ]
  const host = page.url().split('#')[0]
  for (const [address, there] of pages) {
    await page.goto(`${host}#${address}`)
    await there()
    expect([address, await temptations(page)]).toEqual([address, []])
  }
})

test('a refused action says why, and the keyboard offers no way around it', async () => {
  const page = await desk.window({ role: 'viewer', at: `/sites/${site.id}` })
  const make = button(page, 'Back up now')
  await make.waitFor()
  expect(await make.isDisabled()).toBe(true)
  await make.focus()
  await page.keyboard.press('Enter')
  await page.getByText('You are looking as a viewer; only administrators can do this.').waitFor()
  // The tooltip of an icon button shows its name; two tooltips on one button crashed the page.
  await page.getByRole('complementary').getByRole('button', { name: 'Add a site' }).focus()
  await page.getByText('Add a site: You are looking as a viewer; only administrators can do this.').waitFor()
  await page.keyboard.press('Control+k')
  await page.getByRole('combobox', { name: 'Search for anything' }).fill(NAME)
  const options = page.getByRole('option')
  await options.first().waitFor()
  expect(await options.filter({ hasText: changing }).allTextContents()).toEqual([])
  await page.keyboard.press('Escape')
  await modal(page).waitFor({ state: 'detached' })
  // The shortcut for adding a site opens a page that refuses.
  await page.keyboard.press('g')
  await page.keyboard.press('n')
  await heading(page, 'Add a site').waitFor()
  await page.getByText('Viewers cannot add sites.').waitFor()
  expect(readdirSync(join(demo.root, 'backups')).filter((name) => name.endsWith('.gz'))).toHaveLength(1)
})

test('a viewer who chooses Dark changes no other window, nor later ones (G4)', async () => {
  const look = (page: Page) => page.evaluate('document.documentElement.dataset.theme ?? "system"')
  const admin = await desk.window()
  const viewer = await desk.window({ role: 'viewer', at: '/settings/appearance' })
  await grid(admin, 'Sites').waitFor()
  await viewer.getByRole('radio', { name: /^Dark/ }).check()
  expect(await look(viewer)).toBe('dark')
  await viewer.reload()
  await viewer.getByRole('radio', { name: /^Dark/, checked: true }).waitFor()
  expect(await look(viewer)).toBe('dark')
  // Requested anew: it shows what the console has stored by now.
  await admin.reload()
  await grid(admin, 'Sites').waitFor()
  expect(await look(admin)).toBe('system')
  const later = await desk.window({ at: '/settings/appearance' })
  await later.getByRole('radio', { name: /^System/, checked: true }).waitFor()
  // An administrator's choice applies to later windows, not to open ones.
  await later.getByRole('radio', { name: /^Light/ }).check()
  await expect.poll(() => desk.console.application.appearance.current.theme).toBe('light')
  const last = await desk.window({ role: 'viewer' })
  await expect.poll(() => look(last)).toBe('light')
  expect([await look(admin), await look(viewer)]).toEqual(['system', 'dark'])
})

/** Calls the console from inside the page, with the page's token but none of its code. */
const force = (paths: readonly string[]): string => `new Promise((resolve, reject) => {
  const socket = new WebSocket('ws://' + location.host + '/rpc')
  const answers = {}
  const paths = ${JSON.stringify(paths)}
  socket.onopen = () => socket.send(JSON.stringify({ k: 'hello', token: sessionStorage.getItem('console-token') }))
  socket.onerror = () => reject(new Error('no socket'))
  socket.onmessage = ({ data }) => {
    const frame = JSON.parse(data)
    if (frame.k === 'welcome') {
      paths.forEach((path, index) => socket.send(JSON.stringify({ k: 'call', id: index + 1, path, input: {} })))
      return
    }
    answers[paths[frame.id - 1]] = frame.error ? frame.error.code : frame.k
    if (Object.keys(answers).length < paths.length) return
    socket.close()
    resolve(answers)
  }
})`

test('every administrator call is refused when forced through the socket', async () => {
  const page = await desk.window({ role: 'viewer' })
  await grid(page, 'Sites').waitFor()
  const paths = callsOf(contract).flatMap(([path, { role }]) => (role === 'admin' ? [path] : []))
  expect(paths).toEqual(expect.arrayContaining(['backups.make', 'restore.start', 'restore.undo', 'sites.remove']))
  const answers: unknown = await page.evaluate(force(paths))
  expect(answers).toEqual(Object.fromEntries(paths.map((path) => [path, 'forbidden'])))
})
