/** The page of a system backup says what is in it, also of one that was made elsewhere. */
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type DemoSite, startDemoSite } from '../../src-main/demo/site.ts'
import type { Site } from '../../src-main/store/sites.ts'
import { accessible } from '../support/e2e/axe.ts'
import { know, orders } from '../support/e2e/demo.ts'
import { Desk } from '../support/e2e/desk.ts'
import { mouse, rows } from '../support/e2e/hands.ts'
import { button, fact, grid, heading } from '../support/e2e/pages.ts'
import { shoot } from '../support/e2e/shoot.ts'
import { must } from '../support/server-desk.ts'

const BIG = 'cvd_system_20250101_030000'
let demo: DemoSite
let desk: Desk
let site: Site
let counted = 0

beforeAll(async () => {
  demo = await startDemoSite({ writeEveryMs: 3_600_000 })
  desk = await Desk.open()
  site = await know(desk, demo, { name: 'Depot South', colour: 'violet' })
  await demo.kitCommand('system')
  counted = orders(demo, '1')
  // One of the runbook's, without manifest.json, and large.
  mkdirSync(join(demo.folder, BIG, 'database'), { recursive: true })
  writeFileSync(join(demo.folder, BIG, 'database/cvd.db.gz'), randomBytes(21_000_000))
  writeFileSync(join(demo.folder, BIG, 'MANIFEST.txt'), 'CVD System Backup Manifest\nUsers: 3\n')
  const target = join(demo.root, 'backups/system', `${BIG}.tar.gz`)
  execFileSync('tar', ['-czf', target, '-C', demo.folder, BIG])
  must(await desk.console.application.fleet.refresh(site, true))
})
afterEach(({ task }) => desk.tidy(task))
afterAll(async () => {
  await desk?.[Symbol.asyncDispose]()
  await demo?.stop()
})

/** From the list, filtered by kind. */
async function openSystem(page: Page, name: RegExp): Promise<void> {
  await page.getByRole('combobox', { name: 'Kind' }).click()
  await page.getByRole('option', { name: 'Whole system (2)' }).click()
  const list = grid(page, 'Backups of Depot South')
  await list.getByText(BIG).waitFor()
  expect(await rows(list).count()).toBe(2)
  await list.getByRole('link', { name }).click()
  await heading(page, name).waitFor()
}

test('a system backup shows its parts, its tables, the server it was made on, and its manifest', async () => {
  const page = await desk.window({ at: `/sites/${site.id}/backups` })
  await openSystem(page, /^cvd_system_202[6-9]/)
  const parts = grid(page, 'Parts of the system backup')
  await parts.waitFor()
  const told = await Promise.all((await rows(parts).all()).map((row) => row.getByRole('gridcell').allTextContents()))
  expect(told.map(([name, there]) => [name, there])).toEqual([
    ['Database', 'Yes'],
    ['Application', 'Yes'],
    ['Virtual environment', 'No'],
    ['Configuration', 'Yes'],
    ['Unit files', 'Yes'],
    ['nginx site', 'Yes'],
  ])
  expect(told[0]?.[2]).toMatch(/^[\d.]+ MB, [\d,]+ rows, schema version \d+, [\d.]+ KB compressed$/)
  await page.getByText('read now, and equal to the fingerprint').waitFor()
  const tables = grid(page, 'Tables in the backup')
  const of = rows(tables).filter({ has: page.getByRole('gridcell', { name: 'service_orders', exact: true }) })
  expect(await of.getByRole('gridcell').nth(1).textContent()).toBe(counted.toLocaleString('en-US'))
  expect(await fact(page, 'CVD folder').textContent()).toBe(demo.root)
  await page.getByText(/^CVD System Backup Manifest/).waitFor()
  await button(page, 'Copy').first().waitFor()
  await shoot(page, 'system-page')
  expect(await accessible(page)).toEqual([])
})

test('a large one is read when it is asked for, and one of the runbook says what it can', async () => {
  const page = await desk.window({ at: `/sites/${site.id}/backups` })
  await openSystem(page, new RegExp(BIG))
  await page.getByText(/The server reads the whole file \(21.0 MB\)/).waitFor()
  await mouse(page).press(button(page, 'Read the contents'))
  await page.getByRole('timer', { name: 'Elapsed time' }).waitFor()
  await button(page, 'Cancel reading').click()
  await page.getByText('Not read yet').waitFor()
  await mouse(page).press(button(page, 'Read the contents'))
  const parts = grid(page, 'Parts of the system backup')
  await parts.waitFor()
  await rows(parts).filter({ hasText: 'Application' }).getByText('No').waitFor()
  await page.getByText('Users: 3').waitFor()
  expect(await page.getByText('equal to the fingerprint').count()).toBe(0)
  expect(await accessible(page)).toEqual([])
})

test('a viewer is not offered to have it read', async () => {
  const page = await desk.window({ role: 'viewer', at: `/sites/${site.id}/backups` })
  await openSystem(page, new RegExp(BIG))
  await button(page, 'Read the contents').waitFor()
  expect(await button(page, 'Read the contents').isDisabled()).toBe(true)
})
