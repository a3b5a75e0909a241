/** The whole job on the demo site, once by mouse and once by keys alone: back up, verify, look inside, restore, undo. */
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type DemoSite, startDemoSite } from '../../src-main/demo/site.ts'
import { know, orders, readBackup, sql } from '../support/e2e/demo.ts'
import { Desk } from '../support/e2e/desk.ts'
import { type Hands, keyboard, mouse, rows } from '../support/e2e/hands.ts'
import { button, ended, fact, follow, grid, heading, modal } from '../support/e2e/pages.ts'

const NAME = 'Depot North'
let site: DemoSite
let desk: Desk

beforeAll(async () => {
  site = await startDemoSite({ databaseMb: 4 })
  desk = await Desk.open()
  await know(desk, site, { name: NAME, colour: 'teal' })
})
afterEach(({ task }) => desk.tidy(task))
afterAll(async () => {
  await desk?.[Symbol.asyncDispose]()
  await site?.stop()
})

/** Opens the newest backup and compares what the page tells with the file itself. */
async function lookInside(page: Page, hands: Hands): Promise<void> {
  await hands.press(page.getByRole('link', { name: /^Backups/ }))
  await hands.openFirst(grid(page, `Backups of ${NAME}`))
  const tables = grid(page, 'Tables in the backup')
  await tables.waitFor()
  const name = (await heading(page, /\.db\.gz$/).textContent()) ?? ''
  const file = readBackup(site, name)
  expect(await fact(page, 'SHA-256').textContent()).toBe(file.sha256)
  const told = await rows(tables).filter({ hasText: 'service_orders' }).getByRole('gridcell').nth(1).textContent()
  expect(told).toBe(file.orders.toLocaleString('en-US'))
  await page.getByRole('list').filter({ hasText: 'Verified' }).first().waitFor()
}

async function planRestore(page: Page, hands: Hands, lost: number): Promise<void> {
  await hands.press(page.getByRole('link', { name: 'Overview' }))
  await hands.press(button(page, 'Restore…'))
  await heading(page, 'Choose what to bring back').waitFor()
  await hands.openFirst(grid(page, 'Backups to choose from'))
  await heading(page, 'What would change').waitFor()
  const changes = grid(page, 'Differences of tables')
  const cells = rows(changes).filter({ hasText: 'service_orders' }).getByRole('gridcell')
  expect(await cells.nth(4).textContent()).toBe(String(lost))
  await hands.press(page.getByRole('link', { name: 'Go on to the checks' }))
  const checks = page.getByRole('list', { name: 'Checks' }).getByRole('listitem')
  await checks.first().waitFor()
  for (const check of await checks.all()) expect(await check.textContent()).toContain('Passed')
  await hands.press(page.getByRole('link', { name: 'Go on to confirming' }))
}

async function confirm(page: Page, hands: Hands): Promise<void> {
  const restore = button(page, `Restore ${NAME}`)
  const name = page.getByLabel(/^Type the name/)
  await name.waitFor()
  // The safe answer is the default, and nothing but the whole name will do.
  expect(await button(page, 'Cancel').and(page.locator(':focus')).count()).toBe(1)
  expect(await restore.isDisabled()).toBe(true)
  await hands.type(page.getByLabel('Reason'), 'Orders were deleted by mistake')
  await hands.type(name, 'Depot Nort')
  expect(await restore.isDisabled()).toBe(true)
  await hands.type(name, NAME.toLowerCase())
  expect(await restore.isDisabled()).toBe(true)
  await page.getByText('This is not the name of the site.').waitFor()
  await hands.type(name, NAME)
  await hands.press(restore)
}

async function undo(page: Page, hands: Hands): Promise<void> {
  await hands.press(button(page, 'Undo restore…'))
  const dialog = modal(page)
  await hands.type(dialog.getByLabel(/^Type the name/), NAME)
  await hands.type(dialog.getByLabel('Reason'), 'Only a trial')
  await hands.press(button(dialog, `Undo on ${NAME}`))
  await ended(page, 'The restore was undone')
}

test.each([
  ['mouse', mouse],
  ['keyboard', keyboard],
])('the whole job by %s', { timeout: 180_000 }, async (_, handsOf) => {
  const page = await desk.window()
  const hands = handsOf(page)
  await grid(page, 'Sites').waitFor()
  await hands.goToSite(NAME)
  await follow(page, () => hands.press(button(page, 'Back up now')), 'Database backup: succeeded')
  await follow(page, () => hands.press(button(page, 'Verify')), 'Verification: succeeded')
  await lookInside(page, hands)

  const lost = orders(site)
  expect(lost).toBeGreaterThan(0)
  sql(site, 'DELETE FROM service_orders WHERE id <= 200')
  await planRestore(page, hands, lost)
  await confirm(page, hands)
  await page.getByRole('timer', { name: 'Down-time' }).waitFor()
  await ended(page, 'The database was restored')
  expect(await fact(page, 'Health').textContent()).toContain('Healthy')
  expect(await fact(page, 'Reason').textContent()).toBe('Orders were deleted by mistake')
  expect(orders(site)).toBe(lost)
  expect((await site.app.health()).status).toBe(200)

  await undo(page, hands)
  expect(orders(site)).toBe(0)
  expect((await site.app.health()).status).toBe(200)
  // As it was, for the next one.
  await hands.press(button(page, 'Undo the undo…'))
  const dialog = modal(page)
  await hands.type(dialog.getByLabel(/^Type the name/), NAME)
  await hands.type(dialog.getByLabel('Reason'), 'It was right')
  await hands.press(button(dialog, `Undo on ${NAME}`))
  await expect.poll(() => orders(site), { timeout: 60_000 }).toBe(lost)
})
