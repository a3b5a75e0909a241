/** What a restore would lose, bring back and change, as the page shows it after an accident; and what must be acknowledged. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type DemoSite, startDemoSite } from '../../src-main/demo/site.ts'
import type { Site } from '../../src-main/store/sites.ts'
import { accessible } from '../support/e2e/axe.ts'
import { know, sql } from '../support/e2e/demo.ts'
import { Desk } from '../support/e2e/desk.ts'
import { rows } from '../support/e2e/hands.ts'
import { backUp } from '../support/e2e/others.ts'
import { button, ended, fact, grid, heading } from '../support/e2e/pages.ts'

const NAME = 'Depot West'
let demo: DemoSite
let desk: Desk
let site: Site

beforeAll(async () => {
  demo = await startDemoSite()
  desk = await Desk.open()
  site = await know(desk, demo, { name: NAME, colour: 'green' })
  await backUp(desk, site)
})
afterEach(({ task }) => desk.tidy(task))
afterAll(async () => {
  await desk?.[Symbol.asyncDispose]()
  await demo?.stop()
})

test('changed rows, the time of the damage and a missing column are shown, and must be acknowledged', async () => {
  const slots = Number(sql(demo, 'SELECT count(*) FROM products'))
  // Later than whatever the demo site holds.
  const damage = new Date(Date.now() + 3_600_000).toISOString().slice(0, 19).replace('T', ' ')
  sql(
    demo,
    `UPDATE products SET name = name || '!', updated_at = '${damage}';
     ALTER TABLE routes ADD COLUMN driver_hint TEXT; CREATE TABLE odd (x TEXT COLLATE NOCASE PRIMARY KEY) WITHOUT ROWID`,
  )
  const page = await desk.window({ at: `/sites/${site.id}/restore` })
  await rows(grid(page, 'Backups to choose from')).first().getByRole('link').click()
  await heading(page, 'What would change').waitFor()
  const products = rows(grid(page, 'Differences of tables')).filter({ hasText: 'products' })
  await products.waitFor()
  const cells = await products.getByRole('gridcell').allTextContents()
  expect(cells.slice(3)).toEqual(['0', '0', String(slots), damage])
  await page.getByText(`${slots} changed rows would revert to their old values`).first().waitFor()
  expect(await fact(page, 'Not in the backup').textContent()).toContain('column routes.driver_hint')
  expect(await accessible(page)).toEqual([])

  await page.getByRole('link', { name: 'Continue', exact: true }).click()
  await heading(page, /^Checks/).waitFor()
  await page.getByRole('link', { name: 'Continue', exact: true }).click()
  await page.getByLabel(/^Type the name/).fill(NAME)
  await page.getByLabel('Reason').fill('prices were changed')
  const restore = button(page, `Restore ${NAME}`)
  expect(await restore.isDisabled()).toBe(true)
  await page.getByRole('checkbox', { name: /running application works/ }).click()
  expect(await accessible(page)).toEqual([])
  expect(await restore.isDisabled()).toBe(false)
  await restore.click()
  await ended(page, 'The database was restored')
  expect(sql(demo, "SELECT count(*) FROM products WHERE name LIKE '%!'")).toBe('0')
})
