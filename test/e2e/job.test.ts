/** The whole job on the demo site, once by mouse and once by keyboard: back up, verify, look inside, restore, undo. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type DemoSite, startDemoSite } from '../../src-main/demo/site.ts'
import { know, orders, readBackup, sql } from '../support/e2e/demo.ts'
import { Desk } from '../support/e2e/desk.ts'
import { keyboard, mouse, rows } from '../support/e2e/hands.ts'
import { confirmRestore, lookInside, planRestore, takeBack, undoRestore } from '../support/e2e/job.ts'
import { button, ended, fact, follow, grid } from '../support/e2e/pages.ts'

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

test.each([
  ['mouse', mouse],
  ['keyboard', keyboard],
])('the whole job by %s', { timeout: 180_000 }, async (_, handsOf) => {
  const page = await desk.window()
  const hands = handsOf(page)
  const job = { page, hands, name: NAME }
  await grid(page, 'Sites').waitFor()
  await hands.goToSite(NAME)
  await follow(page, () => hands.press(button(page, 'Back up now')), 'Database backup: succeeded')
  await follow(page, () => hands.press(button(page, 'Verify')), 'Verification: succeeded')
  await lookInside(job, async (file) => readBackup(site, file))

  const lost = orders(site)
  expect(lost).toBeGreaterThan(0)
  sql(site, 'DELETE FROM service_orders WHERE id <= 200')
  await planRestore(job, { service_orders: { back: lost } })
  // Wait from the start: it is visible only while the restore runs.
  await Promise.all([
    page.getByRole('timer', { name: 'Downtime' }).waitFor({ timeout: 90_000 }),
    confirmRestore(job, 'Orders were deleted by mistake'),
  ])
  await ended(page, 'The database was restored')
  expect(await fact(page, 'Health').textContent()).toContain('Healthy')
  expect(await fact(page, 'Reason').textContent()).toBe('Orders were deleted by mistake')
  expect(orders(site)).toBe(lost)
  expect((await site.app.health()).status).toBe(200)

  await undoRestore(job)
  expect(orders(site)).toBe(0)
  expect((await site.app.health()).status).toBe(200)
  // Reset for the next one.
  await takeBack(job, 'Redo restore…', 'It was right')
  await ended(page, 'The restore was redone')
  expect(orders(site)).toBe(lost)
  // Requested and ended, under the button's name.
  await page.evaluate("location.hash = '#/audit'")
  for (const became of ['requested', 'succeeded']) {
    await rows(grid(page, 'Audit')).filter({ hasText: `Redo restore` }).filter({ hasText: became }).first().waitFor()
  }
  // The service is just starting: neither the next test nor the end of the site may interfere.
  const { operations } = desk.console.application.console.context.store
  await expect.poll(() => operations.unfinished(), { timeout: 60_000 }).toEqual([])
})
