/** A small window, which is also a large one at 200% zoom: everything is there, and nothing has to be scrolled sideways. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { prepareDemo } from '../../src-main/demo/history.ts'
import { type DemoSite, startDemoSite } from '../../src-main/demo/site.ts'
import type { Site } from '../../src-main/store/sites.ts'
import { sql } from '../support/e2e/demo.ts'
import { Desk } from '../support/e2e/desk.ts'
import { rows } from '../support/e2e/hands.ts'
import { backUp } from '../support/e2e/others.ts'
import { grid, heading } from '../support/e2e/pages.ts'
import { shoot } from '../support/e2e/shoot.ts'

const wide = { width: 1280, height: 800 }
const small = { width: 640, height: 800 }
const zoomed = { width: 640, height: 400 }
let demo: DemoSite
let desk: Desk
let site: Site
let backup: string

beforeAll(async () => {
  demo = await startDemoSite()
  desk = await Desk.open()
  site = await prepareDemo(desk.console.application.console, demo)
  backup = await backUp(desk, site)
  sql(demo, 'DELETE FROM service_orders WHERE id <= 200')
})
afterEach(({ task }) => desk.tidy(task))
afterAll(async () => {
  await desk?.[Symbol.asyncDispose]()
  await demo?.stop()
})

/** What on the page scrolls sideways, or reaches beyond it. */
const sideways = `(() => {
  const beyond = [document.documentElement.scrollWidth - innerWidth].filter((more) => more > 0)
  const scrolling = [...document.querySelectorAll('main, main *')].filter((one) =>
    one.scrollWidth > one.clientWidth && ['auto', 'scroll'].includes(getComputedStyle(one).overflowX))
  return [...beyond, ...scrolling.map((one) => one.className + ': ' + one.scrollWidth + ' > ' + one.clientWidth)]
})()`

/** Cells and headers whose text is cut off. */
const truncated = `[...document.querySelectorAll('main :is([role="gridcell"], [role="columnheader"])')].filter((cell) =>
  [cell, ...cell.querySelectorAll(':not(.visually-hidden)')].some((one) => one.scrollWidth > one.clientWidth + 1 &&
    getComputedStyle(one).overflowX === 'hidden')).map((cell) => cell.textContent)`

/** The lines in which the headers of the page's table stand, from above. */
const headerLines = `(() => {
  const lines = []
  let last = -1000
  const headers = [...document.querySelectorAll('main [role="columnheader"]')].filter(({ textContent }) => textContent !== '')
  const middle = (one) => one.getBoundingClientRect().top + one.getBoundingClientRect().height / 2
  for (const header of headers.sort((one, other) => middle(one) - middle(other))) {
    if (middle(header) - last > 6) lines.push([])
    last = middle(header)
    lines.at(-1).push(header.textContent)
  }
  return lines
})()`

test('at 200% zoom the navigation leaves three quarters of the height to the page (G12)', async () => {
  const page = await desk.window({ viewport: zoomed })
  await grid(page, 'Sites').waitFor()
  const side = await page.getByRole('complementary', { name: 'Console' }).boundingBox()
  expect(side?.height).toBeLessThan(400 / 4)
  const main = page.getByRole('navigation', { name: 'Main' })
  const right = (box: { x: number; width: number } | null) => (box ? box.x + box.width : Number.NaN)
  const end = right(await main.boundingBox())
  expect(end).toBeLessThanOrEqual(640)
  for (const name of ['Fleet', 'Operations', 'Audit', 'Settings']) {
    // Nothing of it is scrolled away.
    expect(right(await main.getByRole('link', { name }).boundingBox())).toBeLessThanOrEqual(end)
  }
  // The page has all of the rest.
  const rest = await page.getByRole('main').boundingBox()
  expect((rest?.y ?? 0) + (rest?.height ?? 0)).toBe(400)
})

test('the backups can be scrolled to in a small or zoomed window', async () => {
  const page = await desk.window({ at: `/sites/${site.id}/backups`, viewport: zoomed })
  const table = grid(page, /^Backups of/)
  await rows(table).first().waitFor()
  await heading(page, 'Backups').hover()
  await page.mouse.wheel(0, 2000)
  const bottom = async () => {
    const box = await table.locator('..').boundingBox()
    return box === null ? Number.NaN : box.y + box.height
  }
  // A page scrolls by whole pixels.
  await expect.poll(bottom).toBeLessThan(401)
  expect(await page.evaluate(sideways)).toEqual([])
  await page.evaluate(`location.hash = '#/sites/${site.id}/restore'`)
  await rows(grid(page, 'Backups to choose from')).first().waitFor()
  expect(await page.evaluate(sideways)).toEqual([])
})

test('no table scrolls sideways at 640 px: columns fold into a second line, and none is lost', async () => {
  const page = await desk.window({ viewport: wide })
  const host = page.url().split('#')[0]
  const at = `/sites/${site.id}`
  const restore = `${at}/restore?backup=${encodeURIComponent(backup)}&step=`
  /** Each with the columns that a folded table leaves out, because what its row opens has them. */
  const tables: readonly [string, string | RegExp, readonly string[]][] = [
    [`${at}/backups`, /^Backups of/, []],
    [`${at}/operations`, 'Finished operations', []],
    ['/operations', 'Finished operations', []],
    ['/audit', 'Audit', ['No.']],
    ['/settings/hosts', 'Known hosts', []],
    [`${at}/restore`, 'Backups to choose from', []],
    [`${restore}changes`, 'Differences of tables', []],
  ]
  for (const [address, name, left] of tables) {
    await page.setViewportSize(wide)
    await page.goto(`${host}#${address}`)
    await rows(grid(page, name)).first().waitFor()
    const [all = [], ...more] = await page.evaluate<string[][]>(headerLines)
    expect([address, more]).toEqual([address, []])
    await page.setViewportSize(small)
    await expect.poll(async () => (await page.evaluate<string[][]>(headerLines)).length).toBe(2)
    const shown = (await page.evaluate<string[][]>(headerLines)).flat()
    expect([address, shown.sort()]).toEqual([address, all.filter((one) => !left.includes(one)).sort()])
    expect([address, await page.evaluate(sideways)]).toEqual([address, []])
    await shoot(page, `small-${address.replaceAll(/\W+/g, '-').slice(-24)}`)
    const cut = await page.evaluate<string[]>(truncated)
    // A long reason of a verdict is whole on the page that its row opens.
    expect([address, cut.filter((text) => !text.startsWith('Failed'))]).toEqual([address, []])
  }
})

test('no page scrolls sideways at 640 px', async () => {
  const page = await desk.window({ viewport: small })
  const host = page.url().split('#')[0]
  const at = `/sites/${site.id}`
  const path = encodeURIComponent(backup)
  const restore = `${at}/restore?backup=${path}&step=`
  const section = (name: string) => page.getByRole('main').getByRole('heading', { level: 2, name }).waitFor()
  const pages: readonly [string, () => Promise<unknown>][] = [
    ['/', () => grid(page, 'Sites').waitFor()],
    [at, () => section('Database')],
    [`${at}/backups/${path}`, () => grid(page, 'Tables in the backup').waitFor()],
    [`${at}/connection`, () => page.getByText('Machine ID').waitFor()],
    [`${restore}checks`, () => page.getByRole('list', { name: 'Checks' }).waitFor()],
    [`${restore}confirm`, () => page.getByLabel(/^Type the name/).waitFor()],
    ['/add-site', () => page.getByLabel('Host', { exact: true }).waitFor()],
    ['/settings/appearance', () => page.getByRole('radiogroup', { name: 'Colours' }).waitFor()],
    ['/settings/identities', () => section('SSH agent')],
    ['/settings/secrets', () => section('Stored now')],
    ['/settings/about', () => section('CVD Backup Console')],
  ]
  for (const [address, there] of pages) {
    await page.goto(`${host}#${address}`)
    await there()
    expect([address, await page.evaluate(sideways)]).toEqual([address, []])
  }
})

test('a folded table sorts by a column of its second line, and its rows keep their places', async () => {
  const page = await desk.window({ at: `/sites/${site.id}/backups`, viewport: wide })
  const table = grid(page, /^Backups of/)
  await rows(table).nth(2).waitFor()
  await page.setViewportSize(small)
  await table.getByRole('columnheader', { name: 'File' }).getByRole('button').click()
  await table.getByRole('columnheader', { name: 'File' }).and(page.locator('[aria-sort="ascending"]')).waitFor()
  const boxes = await Promise.all([0, 1, 2].map((index) => table.locator(`[data-row="${index}"]`).boundingBox()))
  for (const [index, box] of boxes.entries()) {
    const next = boxes[index + 1]
    if (next) expect(next.y).toBeGreaterThanOrEqual((box?.y ?? Number.NaN) + (box?.height ?? Number.NaN) - 1)
  }
  // By keys to the last one, in view.
  await rows(table).first().focus()
  await page.keyboard.press('End')
  const last = page.locator('[data-row]:focus')
  const count = Number(await table.getAttribute('aria-rowcount')) - 1
  await last.and(page.locator(`[data-row="${count - 1}"]`)).waitFor()
  const box = await last.boundingBox()
  expect((box?.y ?? Number.NaN) + (box?.height ?? Number.NaN)).toBeLessThan(small.height + 1)
})
