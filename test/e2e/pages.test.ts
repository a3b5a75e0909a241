/** Every page for users with disabilities, and hostile text from servers. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { prepareDemo } from '../../src-main/demo/history.ts'
import { type DemoSite, startDemoSite } from '../../src-main/demo/site.ts'
import type { Site } from '../../src-main/store/sites.ts'
import { acceptButton, fillAddress } from '../support/e2e/add-site.ts'
import { accessible } from '../support/e2e/axe.ts'
import { crowd, know, scheduledName } from '../support/e2e/demo.ts'
import { Desk } from '../support/e2e/desk.ts'
import { rows } from '../support/e2e/hands.ts'
import { backUp, startRestore } from '../support/e2e/others.ts'
import { button, ended, grid, heading, modal } from '../support/e2e/pages.ts'
import { shoot } from '../support/e2e/shoot.ts'

const NAME = 'Depot of ten thousand'
const MANY = 10_000
/** The height of a row of backups, in pixels. */
const ROW = 50
/** Hostile names, which must be visible: the right-to-left override would reverse `gz.exe`. */
const hostile = [
  'cvd_backup_<img src=x onerror=alert(1)>.db',
  'cvd_backup_\u202egpj.db',
  'cvd_backup_a\nb.db',
  "cvd_backup_'; DROP TABLE users; --.db",
]

let demo: DemoSite
let other: DemoSite
let desk: Desk
let site: Site
let backup: string
let crowded: Site

beforeAll(async () => {
  const sites = await Promise.all([startDemoSite(), startDemoSite()])
  demo = sites[0]
  other = sites[1]
  desk = await Desk.open()
  site = await prepareDemo(desk.console.application.console, demo)
  backup = await backUp(desk, site)
})
afterEach(({ task }) => desk.tidy(task))
afterAll(async () => {
  await desk?.[Symbol.asyncDispose]()
  await Promise.all([demo?.stop(), other?.stop()])
})

test('every page is accessible, light and dark', { timeout: 400_000 }, async () => {
  const page = await desk.window()
  await grid(page, 'Sites').waitFor()
  const host = page.url().split('#')[0]
  const at = `/sites/${site.id}`
  const path = encodeURIComponent(backup)
  const restore = `${at}/restore?backup=${path}&step=`
  const section = (name: string) => page.getByRole('main').getByRole('heading', { level: 2, name }).waitFor()
  const pages: readonly [string, () => Promise<unknown>][] = [
    ['/', () => grid(page, 'Sites').waitFor()],
    [at, () => page.getByRole('heading', { name: 'Database' }).waitFor()],
    [
      `${at}/backups`,
      () =>
        rows(grid(page, /^Backups of/))
          .first()
          .getByRole('checkbox')
          .click(),
    ],
    [`${at}/backups/${path}`, () => grid(page, 'Tables in the backup').waitFor()],
    [`${at}/operations`, () => grid(page, 'Finished operations').waitFor()],
    [`${at}/connection`, () => page.getByText('Machine ID').waitFor()],
    [`${at}/restore`, () => grid(page, 'Backups to choose from').waitFor()],
    [`${restore}changes`, () => page.getByText('Rows that would be lost').waitFor()],
    [`${restore}checks`, () => page.getByRole('list', { name: 'Checks' }).waitFor()],
    [`${restore}confirm`, () => page.getByLabel(/^Type the name/).waitFor()],
    ['/add-site', () => fillAddress(page, other).then(() => button(page, 'Test connection').click())],
    ['/operations', () => grid(page, 'Finished operations').waitFor()],
    ['/audit', () => grid(page, 'Audit').waitFor()],
    ['/settings/appearance', () => page.getByRole('radiogroup', { name: 'Colours' }).waitFor()],
    ['/settings/identities', () => section('SSH agent')],
    ['/settings/hosts', () => grid(page, 'Known hosts').waitFor()],
    ['/settings/secrets', () => section('Stored now')],
    ['/settings/about', () => section('CVD Backup Console')],
    ['/nowhere', () => page.getByText('This address does not exist').waitFor()],
  ]
  const found: Record<string, string[]> = {}
  const look = async (name: string) => {
    const findings = await accessible(page)
    if (findings.length > 0) found[name] = findings
    await shoot(page, `page-${name.replaceAll(/[^a-z]+/g, '-').slice(-32)}`)
  }
  for (const [address, there] of pages) {
    await page.goto(`${host}#${address}`)
    await there()
    if (address === '/add-site') await acceptButton(page).waitFor()
    await look(address)
  }
  const operation = await startRestore(desk, site, backup)
  await page.goto(`${host}#${at}/restore/${operation}`)
  await ended(page, 'The database was restored')
  await look('outcome')
  await button(page, 'Undo restore…').click()
  await modal(page).waitFor()
  await look('undo')
  await page.keyboard.press('Escape')
  await page.goto(`${host}#/operations/${operation}`)
  await heading(page, 'Database restore').waitFor()
  await look('operation')
  await page.keyboard.press('Control+k')
  await page.getByRole('combobox', { name: 'Search for anything' }).fill('depot')
  await page.getByRole('option').first().waitFor()
  await look('palette')
  await page.keyboard.press('Escape')
  await modal(page).waitFor({ state: 'detached' })
  await page.keyboard.press('?')
  await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor()
  await look('shortcuts')
  expect(found).toEqual({})
})

test('a dialog returns the focus, and a page loaded meanwhile does not take it', async () => {
  const page = await desk.window({ at: `/sites/${site.id}/connection` })
  const focused = page.locator(':focus')
  const forget = button(page, /^Remove/)
  await forget.focus()
  for (const keys of ['Enter', 'Control+k', '?']) {
    await page.keyboard.press(keys)
    await modal(page).waitFor()
    await page.keyboard.press('Escape')
    await modal(page).waitFor({ state: 'detached' })
    await forget.and(focused).waitFor()
  }
  await page.keyboard.press('Control+k')
  const search = page.getByRole('combobox', { name: 'Search for anything' })
  await search.waitFor()
  await page.evaluate("location.hash = '#/audit'")
  await page.locator('main h1', { hasText: 'Audit' }).waitFor()
  await page.keyboard.type('settings')
  expect(await search.inputValue()).toBe('settings')
  await page.keyboard.press('Enter')
  await heading(page, 'Settings').and(focused).waitFor()
})

test('nothing is claimed about a site that was never reached', async () => {
  const { sites } = desk.console.application.console.context.store
  const unseen = { ...site, id: 'never-seen', name: 'Never seen', target: { ...site.target, port: 1 } }
  expect(sites.insert(unseen).ok).toBe(true)
  const page = await desk.window({ at: '/sites/never-seen' })
  await page.getByText('The site could not be checked.').waitFor()
  await page.getByText('not yet known').waitFor()
  await page.getByRole('link', { name: 'Backups', exact: true }).click()
  await page.getByText('This site has not been checked yet').waitFor()
  await page.evaluate("location.hash = '#/sites/never-seen/restore'")
  await heading(page, 'Choose a backup').waitFor()
  await page.getByText('Its backups are listed after the first check.').waitFor()
  await page.evaluate("location.hash = '#/'")
  const row = rows(grid(page, 'Sites')).filter({ hasText: 'Never seen' })
  expect(await row.getByRole('gridcell').allTextContents()).toContain('Not yet known')
  expect(await row.textContent()).not.toMatch(/None|No verified backup/)
  // It is unreachable, and so among those that need attention.
  await page.getByRole('region', { name: 'Needs attention' }).getByRole('link', { name: 'Never seen' }).waitFor()
  sites.remove('never-seen')
})

test('the details of an audit entry are one click away, and nothing in the table is truncated (G6)', async () => {
  const page = await desk.window({ at: '/audit', viewport: { width: 1280, height: 800 } })
  const table = grid(page, 'Audit')
  await rows(table).first().waitFor()
  const cut = `[...document.querySelectorAll('main [role="gridcell"]')].filter((cell) =>
    [cell, ...cell.querySelectorAll('*')].some((one) => one.scrollWidth > one.clientWidth + 1 &&
      getComputedStyle(one).overflowX === 'hidden')).map((cell) => cell.textContent)`
  expect(await page.evaluate(cut)).toEqual([])
  await rows(table).first().focus()
  await page.keyboard.press('Enter')
  await modal(page)
    .getByText(/^[0-9a-f]{64}$/)
    .waitFor()
  await shoot(page, 'audit-entry')
  await page.keyboard.press('Escape')
  await rows(table).first().and(page.locator(':focus')).waitFor()
  for (const width of [640, 1000, 1280, 1920]) {
    await page.setViewportSize({ width, height: 800 })
    await page.goto(`${page.url().split('#')[0]}#/`)
    await rows(grid(page, 'Sites')).first().waitFor()
    expect([width, await page.evaluate(cut)]).toEqual([width, []])
    const table = await grid(page, 'Sites').boundingBox()
    expect((table?.x ?? 0) + (table?.width ?? Number.NaN)).toBeLessThanOrEqual(width)
  }
})

test('a printed page says when it was printed, and how old its data is (G12)', async () => {
  const page = await desk.window({ at: `/sites/${site.id}` })
  await page.getByRole('heading', { name: 'Database' }).waitFor()
  const remedies = page.getByRole('region', { name: 'Found on the server' }).getByRole('button')
  await remedies.first().waitFor()
  const printed = page.getByText(/^Printed \d{4}-\d\d-\d\d \d\d:\d\d:\d\d .*, data as of \d{4}-/)
  expect(await printed.isVisible()).toBe(false)
  await page.emulateMedia({ media: 'print' })
  expect(await printed.isVisible()).toBe(true)
  // No buttons on paper.
  expect(await remedies.count()).toBe(0)
})

test('what a backup is called is shown as text, with nothing hidden', async () => {
  for (const name of hostile) writeFileSync(join(other.root, 'backups', name), 'x')
  crowd(other, MANY)
  crowded = await know(desk, other, { name: NAME, colour: 'green' })
  const page = await desk.window({ at: `/sites/${crowded.id}/backups` })
  page.on('dialog', (dialog) => {
    throw new Error(`the page asks: ${dialog.message()}`)
  })
  const table = grid(page, `Backups of ${NAME}`)
  await table.waitFor()
  await page.getByLabel('Search backups').fill('cvd_backup')
  await expect.poll(() => rows(table).count(), { timeout: 20_000 }).toBe(hostile.length)
  const shown = (await rows(table).getByRole('link').allTextContents()).sort()
  expect(shown.every((text) => !/[\p{Cc}\p{Cf}]/u.test(text))).toBe(true)
  const wanted = [
    "cvd_backup_'; DROP TABLE users; --.db",
    'cvd_backup_<img src=x onerror=alert(1)>.db',
    'cvd_backup_%E2%80%AEgpj.db',
    'cvd_backup_a%0Ab.db',
  ]
  for (const text of wanted) expect(shown).toContain(text)
  expect(await page.locator('main img').count()).toBe(0)
  // Its own page finds it by exactly the same bytes.
  await rows(table).getByRole('link', { name: 'cvd_backup_%E2%80%AEgpj.db' }).click()
  await heading(page, 'cvd_backup_%E2%80%AEgpj.db').waitFor()
  await page.getByText('Never verified').waitFor()
})

/** From now on `formatted` in the page counts the times that it formats; a row of a backup has two. */
const countMoments = `(() => {
  globalThis.formatted = 0
  const { prototype } = Intl.DateTimeFormat
  const { get } = Object.getOwnPropertyDescriptor(prototype, 'format')
  Object.defineProperty(prototype, 'format', { get() { formatted += 1; return get.call(this) } })
})()`

test('scrolling renders the new rows, and leaves the others alone', async () => {
  const page = await desk.window({ at: `/sites/${crowded.id}/backups` })
  const drawn = rows(grid(page, `Backups of ${NAME}`))
  await drawn.nth(5).hover()
  const atOnce = await drawn.count()
  await page.evaluate(countMoments)
  const steps = 60
  for (let step = 0; step < steps; step += 1) await page.mouse.wheel(0, ROW)
  await page.locator(`[data-row="${steps + atOnce - 12}"]`).waitFor()
  const formatted = Number(await page.evaluate('formatted'))
  expect(formatted).toBeGreaterThan(0)
  // Two for each new row, and now and then an age. All rows at each step would be far more.
  expect(formatted).toBeLessThan((2 * steps * atOnce) / 4)
})

test('growing ages do not reformat any time', async () => {
  const page = await desk.window()
  await page.clock.install()
  await page.goto(`${page.url().split('#')[0]}#/sites/${crowded.id}/backups`)
  await page.reload()
  const drawn = rows(grid(page, `Backups of ${NAME}`))
  await drawn.nth(5).waitFor()
  await page.evaluate(countMoments)
  // A tick of the clock for every age on the page.
  await page.clock.runFor(5000)
  expect(Number(await page.evaluate('formatted'))).toBeLessThan(await drawn.count())
})

test('ten thousand backups scroll with no more rows than are visible', async () => {
  const page = await desk.window()
  await page.getByRole('navigation', { name: 'Sites' }).getByRole('link', { name: NAME }).click()
  await page.getByRole('link', { name: /^Backups/ }).click()
  const table = grid(page, `Backups of ${NAME}`)
  const drawn = rows(table)
  const all = MANY + hostile.length
  await drawn.first().waitFor()
  expect(await table.getAttribute('aria-rowcount')).toBe(String(all + 1))
  await page.getByText(`${all.toLocaleString('en-US')} backups`).waitFor()
  expect(await drawn.count()).toBeLessThan(80)

  // By wheel, and with keys to both ends.
  await drawn.first().hover()
  await page.mouse.wheel(0, ROW * 3000)
  // To its end: a focused row must not be scrolled away. Twelve rows are rendered above the visible ones.
  await expect
    .poll(async () => Number(await drawn.first().getAttribute('data-row')), { timeout: 20_000 })
    .toBeGreaterThanOrEqual(3000 - 12)
  expect(await drawn.count()).toBeLessThan(80)
  await drawn.nth(15).focus()
  await page.keyboard.press('End')
  await page.locator(`[data-row="${all - 1}"]:focus`).waitFor()
  expect(await drawn.count()).toBeLessThan(80)
  await page.keyboard.press('Home')
  await page.locator('[data-row="0"]:focus').waitFor()
  // In reverse order, the first is the last.
  const oldest = scheduledName(0)
  await table.getByRole('columnheader', { name: 'File' }).getByRole('button').click()
  await drawn.getByRole('link', { name: oldest }).waitFor()
  expect(await drawn.first().getByRole('link').textContent()).toBe(oldest)
  await page.getByLabel('Search backups').fill(scheduledName(7777))
  await expect.poll(() => drawn.count(), { timeout: 20_000 }).toBe(1)
  expect(
    await page
      .getByRole('status')
      .filter({ hasText: `1 of ${all.toLocaleString('en-US')}` })
      .count(),
  ).toBe(1)
})

test('a restore offers ten thousand backups with no more rows than are visible', async () => {
  const page = await desk.window({ at: `/sites/${crowded.id}/restore` })
  const table = grid(page, 'Backups to choose from')
  const drawn = rows(table)
  await drawn.first().waitFor()
  const all = Number(await table.getAttribute('aria-rowcount')) - 1
  expect(all).toBeGreaterThanOrEqual(MANY)
  expect(await drawn.count()).toBeLessThan(80)
  // On the line as many as there are places for.
  const line = page.getByRole('slider', { name: 'Place on the timeline' }).locator('..')
  const marks = await line.locator('[data-verdict]').count()
  expect([marks > 1, marks < 400]).toEqual([true, true])
  await drawn.first().focus()
  await page.keyboard.press('End')
  await page.locator(`[data-row="${all - 1}"]:focus`).waitFor()
  expect(await drawn.count()).toBeLessThan(80)
})
