/** A plan in progress: shows its time, really can be cancelled, and keeps the entries over a reload. Also the keyboard path. */
import { readdirSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type DemoSite, startDemoSite } from '../../src-main/demo/site.ts'
import { accessible } from '../support/e2e/axe.ts'
import { know } from '../support/e2e/demo.ts'
import { Desk } from '../support/e2e/desk.ts'
import { rows } from '../support/e2e/hands.ts'
import { button, grid, heading } from '../support/e2e/pages.ts'
import { shoot } from '../support/e2e/shoot.ts'
import { isAlive, processRef } from '../support/processes.ts'

const NAME = 'Depot North'
let site: DemoSite
let desk: Desk
let id: string

beforeAll(async () => {
  site = await startDemoSite()
  desk = await Desk.open()
  id = (await know(desk, site, { name: NAME, colour: 'teal' })).id
  await site.kitCommand('database')
})
afterEach(({ task }) => desk.tidy(task))
afterAll(async () => {
  await desk?.[Symbol.asyncDispose]()
  await site?.stop()
})

/** Processes that work in a plan's folder on this site. */
function planners(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readlinkSync(`/proc/${pid}/cwd`).startsWith(join(site.state, 'work'))
      } catch {
        return false
      }
    })
    .map(Number)
}
const scratch = () => readdirSync(join(site.state, 'work'))

test('planning shows the elapsed time, and cancelling ends its process on the server', async () => {
  // The application does not answer, so the plan waits for its health.
  const pid = (await site.app.pid()) ?? 0
  expect(pid).toBeGreaterThan(0)
  process.kill(pid, 'SIGSTOP')
  try {
    const page = await desk.window({ at: `/sites/${id}/restore` })
    await rows(grid(page, 'Backups to choose from')).first().getByRole('link').click()
    const timer = page.getByRole('timer', { name: 'Elapsed time' })
    await timer.filter({ hasText: /[1-9]/ }).waitFor()
    await expect.poll(() => planners().length).toBeGreaterThan(0)
    const working = planners().map(processRef)
    const seconds = async () => Number.parseInt((await timer.textContent()) ?? '', 10)
    const before = await seconds()
    // It is the plan's time, not the page's.
    await page.reload()
    await timer.waitFor()
    expect(await seconds()).toBeGreaterThanOrEqual(before)
    await shoot(page, 'restore-planning')
    expect(await accessible(page)).toEqual([])
    await button(page, 'Cancel planning').click()
    await heading(page, 'Choose a backup').waitFor()
    // Within one request of the health check, long before its last one would have timed out.
    await expect.poll(() => [working.some(isAlive), scratch().length], { timeout: 10_000 }).toEqual([false, 0])
  } finally {
    process.kill(pid, 'SIGCONT')
  }
})

test('opening the window to the name field takes at most twelve keys, and Enter continues', async () => {
  const page = await desk.window({
    script: `globalThis.pressed = 0; addEventListener('keydown', () => { pressed += 1 }, true)`,
  })
  await page.getByRole('navigation', { name: 'Sites' }).getByRole('link', { name: NAME }).waitFor()
  const { keyboard } = page
  const focused = page.locator(':focus')
  await keyboard.press('Control+k')
  await page.getByRole('combobox', { name: 'Search for anything' }).waitFor()
  await keyboard.type('rest')
  await page.getByRole('option', { name: `Restore ${NAME}…`, selected: true }).waitFor()
  await keyboard.press('Enter')
  await rows(grid(page, 'Backups to choose from')).first().and(focused).waitFor()
  await keyboard.press('Enter')
  await heading(page, 'What would change').waitFor()
  const way = page.getByRole('link', { name: 'Continue', exact: true }).and(focused)
  await way.waitFor()
  // The focused element is in view, however long the page is.
  expect(await page.evaluate('document.activeElement.getBoundingClientRect().bottom <= innerHeight')).toBe(true)
  await shoot(page, 'restore-changes')
  await keyboard.press('Enter')
  await heading(page, /^Checks/).waitFor()
  await way.waitFor()
  await shoot(page, 'restore-checks')
  await keyboard.press('Enter')
  await page
    .getByLabel(/^Type the name/)
    .and(focused)
    .waitFor()
  await shoot(page, 'restore-confirm')
  expect(await page.evaluate<number>('pressed')).toBeLessThanOrEqual(12)
  // An extra Enter starts nothing and loses nothing.
  await keyboard.press('Enter')
  await page
    .getByLabel(/^Type the name/)
    .and(focused)
    .waitFor()
  await keyboard.type(NAME)
  await keyboard.press('Enter')
  await page.getByLabel('Reason').and(focused).waitFor()
  expect(desk.console.application.console.context.store.operations.unfinished()).toEqual([])
})

test('the entered accident, and that the site is down, survive a reload', async () => {
  await site.app.stop()
  const page = await desk.window({ at: `/sites/${id}/restore` })
  await page.getByLabel('When did it happen?').fill('2026-01-02 03:04')
  await page.getByText(/^No backup is known to predate 2026-01-02 03:04/).waitFor()
  await page.reload()
  await page.getByText(/^No backup is known to predate 2026-01-02 03:04/).waitFor()
  expect(await page.getByLabel('When did it happen?').inputValue()).toBe('2026-01-02 03:04')
  await rows(grid(page, 'Backups to choose from')).first().getByRole('link').click()
  await page.getByText(/^This backup may contain the damage/).waitFor()
  await page.getByRole('link', { name: 'Continue', exact: true }).click()
  const down = page.getByRole('checkbox', { name: /^The site is down/ })
  await down.click()
  await page.getByRole('link', { name: 'Continue', exact: true }).waitFor()
  await page.reload()
  await expect.poll(() => down.isChecked(), { timeout: 30_000 }).toBe(true)
  // Another window is another user's.
  const other = await desk.window({ at: `/sites/${id}/restore` })
  await rows(grid(other, 'Backups to choose from')).first().waitFor()
  expect(await other.getByLabel('When did it happen?').inputValue()).toBe('')
})
