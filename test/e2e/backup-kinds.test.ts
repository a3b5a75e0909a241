/** Every kind of backup is made from the window, and its page says what it holds. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type DemoSite, startDemoSite } from '../../src-main/demo/site.ts'
import type { Site } from '../../src-main/store/sites.ts'
import { accessible } from '../support/e2e/axe.ts'
import { know } from '../support/e2e/demo.ts'
import { Desk } from '../support/e2e/desk.ts'
import { mouse } from '../support/e2e/hands.ts'
import { confirmRestore } from '../support/e2e/job.ts'
import { button, ended, fact, follow, grid, heading } from '../support/e2e/pages.ts'

let demo: DemoSite
let desk: Desk
let site: Site

beforeAll(async () => {
  demo = await startDemoSite()
  desk = await Desk.open()
  site = await know(desk, demo, { name: 'Depot South', colour: 'violet' })
})
afterEach(({ task }) => desk.tidy(task))
afterAll(async () => {
  await desk?.[Symbol.asyncDispose]()
  await demo?.stop()
})

test('each kind is made from the menu, listed, and shown with what it holds', async () => {
  const page = await desk.window({ at: `/sites/${site.id}/backups` })
  const made = [
    ['Application', 'Application backup: succeeded'],
    ['Configuration', 'Configuration backup: succeeded'],
    ['systemd units', 'Unit file backup: succeeded'],
    ['Whole system', 'System backup: succeeded'],
    ['Database', 'Database backup: succeeded'],
  ] as const
  for (const [kind, outcome] of made) {
    await button(page, 'Choose what to back up').click()
    const item = page.getByRole('menuitem', { name: kind })
    await item.waitFor()
    await follow(page, () => item.click(), outcome)
  }
  for (const name of [/cvd_app_/, /cvd_config_/, /cvd_systemd_/, /cvd_system_/, /cvd_backup_/]) {
    await grid(page, 'Backups of Depot South').getByText(name).first().waitFor()
  }
  expect(await accessible(page)).toEqual([])
  await grid(page, 'Backups of Depot South')
    .getByText(/cvd_config_/)
    .first()
    .click()
  await fact(page, 'Members').getByText('2').waitFor()
  await page.getByText('Read back when it was made, 2 members.').first().waitFor()
  expect(await page.getByText('Row counts unavailable').count()).toBe(0)
  expect(await accessible(page)).toEqual([])
})

test('the application is restored from the page of its backup, file by file', { timeout: 180_000 }, async () => {
  const page = await desk.window({ at: `/sites/${site.id}/backups` })
  await grid(page, 'Backups of Depot South')
    .getByText(/cvd_app_/)
    .first()
    .click()
  const file = join(demo.root, 'app/app.mts')
  const before = readFileSync(file, 'utf8')
  writeFileSync(file, `${before}\n// a broken release\n`)
  writeFileSync(join(demo.root, 'app/added.py'), 'print()\n')
  await button(page, 'Restore this…').click()
  await heading(page, 'What would change').waitFor()
  await page.getByText('1 file would change, 0 would come back, 1 would be gone.').first().waitFor()
  const differences = grid(page, 'Differences of files')
  await differences.getByText('./app.mts').waitFor()
  await differences.getByText('./added.py').waitFor()
  expect(await accessible(page)).toEqual([])
  await page.getByRole('link', { name: 'Continue', exact: true }).click()
  await page.getByRole('list', { name: 'Checks' }).getByRole('listitem').first().waitFor()
  await page.getByRole('link', { name: 'Continue' }).click()
  await confirmRestore({ page, hands: mouse(page), name: 'Depot South' }, 'A broken release')
  await ended(page, 'The application was restored')
  expect(readFileSync(file, 'utf8')).toBe(before)
  expect((await demo.app.health()).status).toBe(200)
  expect(await accessible(page)).toEqual([])
})
