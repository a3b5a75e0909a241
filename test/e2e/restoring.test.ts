/** A running restore: in several windows, with a cut cable, rolled back, cancelled. */
import { copyFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { type DemoSite, startDemoSite } from '../../src-main/demo/site.ts'
import type { Site } from '../../src-main/store/sites.ts'
import { type Cable, cableTo } from '../support/cable.ts'
import { know, orders, type Pause, pauseAt, sql } from '../support/e2e/demo.ts'
import { Desk } from '../support/e2e/desk.ts'
import { backUp, startRestore } from '../support/e2e/others.ts'
import { button, ended, fact, heading, modal } from '../support/e2e/pages.ts'
import { shoot } from '../support/e2e/shoot.ts'

const NAME = 'Depot South'
let demo: DemoSite
let cable: Cable
let desk: Desk
let site: Site
let backup: string

beforeAll(async () => {
  demo = await startDemoSite()
  cable = await cableTo(demo.port)
  desk = await Desk.open()
  site = await know(desk, demo, { name: NAME, colour: 'amber', port: cable.port })
  backup = await backUp(desk, site)
})
beforeEach(() => {
  sql(demo, 'DELETE FROM service_orders WHERE id <= 200')
})
afterEach(async ({ task }) => {
  rmSync(join(demo.state, 'failpoint'), { force: true })
  cable.mend()
  await desk.tidy(task)
})
afterAll(async () => {
  await desk?.[Symbol.asyncDispose]()
  await cable?.[Symbol.asyncDispose]()
  await demo?.stop()
})

const addressOf = (operation: string) => `/sites/${site.id}/restore/${operation}`

/** Starts a restore that pauses at a phase, and opens a window on it. */
async function restoreUntil(phase: string): Promise<Pause & { page: Page; operation: string }> {
  const pause = pauseAt(demo, phase)
  const operation = await startRestore(desk, site, backup)
  // If cancelled earlier, it would stop there and not at the phase.
  await expect.poll(pause.reached, { timeout: 45_000 }).toBe(true)
  const page = await desk.window({ at: addressOf(operation) })
  await heading(page, 'Restore running').waitFor()
  return { ...pause, page, operation }
}

const down = (page: Page) => page.getByText('The service is stopped.').waitFor()

test('a reload and other windows show the same restore, to its end', async () => {
  const { page, operation, go } = await restoreUntil('keeping')
  await down(page)
  const id = await fact(page, 'Operation ID').textContent()
  expect(id).toMatch(/^\w{8}/)
  await page.reload()
  await heading(page, 'Restore running').waitFor()
  await down(page)

  const other = await desk.window()
  const viewer = await desk.window({ role: 'viewer' })
  for (const one of [other, viewer]) {
    await one.getByRole('region', { name: 'Activity' }).getByRole('link').click()
    await heading(one, 'Restore running').waitFor()
    await down(one)
    expect(one.url()).toContain(`#${addressOf(operation)}`)
    expect(await fact(one, 'Operation ID').textContent()).toBe(id)
  }
  expect(await button(viewer, 'Cancel…').isDisabled()).toBe(true)
  // Left, and found again through the activity, which is on every page.
  await page.getByRole('link', { name: 'Fleet' }).click()
  await page.getByRole('region', { name: 'Activity' }).getByRole('link').click()
  await down(page)

  go()
  const downtimes: (string | null)[] = []
  for (const one of [page, other, viewer]) {
    await ended(one, 'The database was restored')
    downtimes.push(await fact(one, 'Downtime').textContent())
  }
  expect(new Set(downtimes).size).toBe(1)
  expect(orders(demo)).toBe(200)
})

test('a running restore is in the headline of the fleet, for everybody, in a small window too (G1)', async () => {
  const { page, go } = await restoreUntil('keeping')
  for (const options of [{ role: 'viewer' }, { role: 'admin', viewport: { width: 1000, height: 700 } }] as const) {
    const fleet = await desk.window(options)
    const line = fleet.locator('main h1').getByRole('link', { name: /running on Depot South, service stopped$/ })
    const box = await line.boundingBox()
    const { width, height } = fleet.viewportSize() ?? { width: 0, height: 0 }
    expect((box?.x ?? Number.NaN) + (box?.width ?? 0)).toBeLessThanOrEqual(width)
    expect((box?.y ?? Number.NaN) + (box?.height ?? 0)).toBeLessThanOrEqual(height)
    // Its column is not truncated either.
    const bar = await fleet.getByRole('grid', { name: 'Sites' }).getByRole('progressbar').boundingBox()
    expect((bar?.x ?? Number.NaN) + (bar?.width ?? 0)).toBeLessThanOrEqual(width)
  }
  go()
  await ended(page, 'The database was restored')
})

test('a connection lost in the middle is reported as such, and the true outcome is found', async () => {
  const { page, operation, go } = await restoreUntil('keeping')
  await down(page)
  cable.cut()
  await page.getByText('Connection lost. The operation continues on the server.').waitFor()
  go()
  await demo.app.healthy()
  expect(orders(demo)).toBe(200)
  // The server has finished, and nobody here can know: nothing is claimed, not even in later windows.
  const later = await desk.window({ at: addressOf(operation) })
  for (const one of [page, later]) {
    await one.getByText('Connection lost. The operation continues on the server.').waitFor()
    expect(await heading(one, 'Connection lost during the restore').isVisible()).toBe(true)
    expect(await one.getByRole('timer', { name: 'Downtime' }).textContent()).toBe('Unknown')
    // The sidebar claims no more than the page: no bar, and no running time.
    const running = one.getByRole('region', { name: 'Activity' }).getByRole('link')
    await running.getByText('Connection lost').waitFor()
    expect(await running.getByText(/^Last known step: /).count()).toBe(1)
    expect(await running.getByRole('progressbar').count()).toBe(0)
  }
  await shoot(page, 'restore-connection-lost')
  cable.mend()
  await ended(page, 'The database was restored')
  expect(await fact(page, 'Health').textContent()).toContain('Healthy')
})

test('when all connections drop at once, it is found again automatically', async () => {
  const { page, go } = await restoreUntil('swapped')
  demo.dropConnections()
  go()
  await ended(page, 'The database was restored')
  expect(orders(demo)).toBe(200)
})

test('a restored state that does not become healthy is visibly rolled back', async () => {
  const copy = join(demo.folder, 'sick.db')
  sql(demo, `.backup '${copy}'`)
  sql({ database: copy }, 'DROP TABLE device_metrics')
  const path = join(demo.root, 'backups', 'cvd_backup_sick.db')
  copyFileSync(copy, path)
  // Long enough for the old state to start on a busy machine: that is how long its health is waited for.
  await demo.kitCommand('policy', 'health_timeout=15')
  const before = sql(demo, 'SELECT count(*) FROM devices')

  const page = await desk.window({ at: addressOf(await startRestore(desk, site, path, true)) })
  const steps = page.getByRole('list', { name: 'Steps' }).getByRole('listitem')
  await steps.filter({ hasText: 'Roll back' }).waitFor()
  await ended(page, 'The restore was rolled back: the previous state is running')
  expect(await page.getByRole('alert').first().textContent()).toMatch(/healthy/)
  expect(await fact(page, 'Outcome').textContent()).toBe('Rolled back')
  expect(await button(page, /Undo/).count()).toBe(0)
  expect(sql(demo, 'SELECT count(*) FROM devices')).toBe(before)
  expect(Number(sql(demo, 'SELECT count(*) FROM device_metrics'))).toBeGreaterThan(0)
  expect((await demo.app.health()).status).toBe(200)
  await demo.kitCommand('policy', 'health_timeout=60')
})

/** Cancels as users do, and lets the operation continue once the server knows. */
async function cancel(page: Page, { cancelAsked, go }: Pause): Promise<void> {
  await button(page, 'Cancel…').click()
  const dialog = modal(page)
  await dialog.getByText('nothing has changed and the site keeps running').waitFor()
  expect(await button(dialog, 'Let it run').and(page.locator(':focus')).count()).toBe(1)
  await button(dialog, 'Cancel the operation').click()
  await dialog.getByText('The operation stops at the next safe point').waitFor()
  await expect.poll(cancelAsked, { timeout: 30_000 }).toBe(true)
  go()
  await ended(page, 'The restore was cancelled')
  await dialog.waitFor({ state: 'detached' })
}

test('cancelled before the service was stopped, it leaves everything unchanged', async () => {
  const pid = await demo.app.pid()
  const { page, ...pause } = await restoreUntil('staged')
  await cancel(page, pause)
  expect(await page.getByRole('alert').first().textContent()).toContain('The site runs as before; nothing was changed.')
  expect(await fact(page, 'Downtime').textContent()).toContain('not stopped')
  expect(await demo.app.pid()).toBe(pid)
  expect(orders(demo)).toBe(0)
})

test('cancelled after that, it brings back the old state', async () => {
  const { page, ...pause } = await restoreUntil('swapping')
  await down(page)
  await cancel(page, pause)
  expect(await page.getByRole('alert').first().textContent()).toContain('The previous database is back')
  expect(orders(demo)).toBe(0)
  expect((await demo.app.health()).status).toBe(200)
})
