/** A moment is chosen in the window: in the server's time, right in the hour of a change, for every kind of backup. */
import { copyFileSync, truncateSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type DemoSite, startDemoSite } from '../../src-main/demo/site.ts'
import type { Site } from '../../src-main/store/sites.ts'
import { accessible } from '../support/e2e/axe.ts'
import { know } from '../support/e2e/demo.ts'
import { Desk } from '../support/e2e/desk.ts'
import { keyboard } from '../support/e2e/hands.ts'
import { backUp } from '../support/e2e/others.ts'
import { button, grid, heading } from '../support/e2e/pages.ts'
import { shoot } from '../support/e2e/shoot.ts'
import { must } from '../support/server-desk.ts'

let demo: DemoSite
let desk: Desk
let site: Site

beforeAll(async () => {
  demo = await startDemoSite({ zone: 'Europe/Berlin' })
  desk = await Desk.open()
  site = await know(desk, demo, { name: 'Depot West', colour: 'amber' })
  const made = await backUp(desk, site)
  const old = (name: string, modified: string) => {
    const file = join(demo.root, 'backups', name)
    copyFileSync(made, file)
    utimesSync(file, new Date(modified), new Date(modified))
    return file
  }
  old('cvd_auto_20251026_014500.db.gz', '2025-10-25T23:45:10Z')
  // A quarter past two for the second time.
  old('cvd_auto_20251026_021500.db.gz', '2025-10-26T01:15:10Z')
  old('cvd_backup_20260328_120000.db.gz', '2026-03-28T11:00:10Z')
  const bad = old('cvd_backup_20260401_120000.db.gz', '2026-04-01T10:00:10Z')
  truncateSync(bad, 1000)
  utimesSync(bad, new Date('2026-04-01T10:00:10Z'), new Date('2026-04-01T10:00:10Z'))
  // It ends with a failed verification.
  await demo.kitCommand('verify', bad).catch(() => undefined)
  await demo.kitCommand('config')
  must(await desk.console.application.fleet.refresh(site, true))
})
afterEach(({ task }) => desk.tidy(task))
afterAll(async () => {
  await desk?.[Symbol.asyncDispose]()
  await demo?.stop()
})

const choosing = (page: Page) => page.getByRole('region', { name: 'Choose a moment' })

async function open(): Promise<{ readonly page: Page; readonly ask: (time: string) => Promise<void> }> {
  const page = await desk.window({ at: `/sites/${site.id}/restore` })
  await heading(page, 'Choose a backup').waitFor()
  const ask = async (time: string) => {
    await choosing(page).getByLabel('Moment').fill(time)
    await page.keyboard.press('Enter')
  }
  return { page, ask }
}

test('it means the newest backup that is not later: the loss, the next one, and what was skipped are said', async () => {
  const { page, ask } = await open()
  await choosing(page)
    .getByText(/^Server time \(Europe\/Berlin\), now \d\d:\d\d/)
    .waitFor()
  await ask('2026-04-02 10:00')
  const shown = choosing(page)
  await shown
    .getByText('2026-04-02 10:00:00 means the backup of 2026-03-28 12:00:00, taken 4 days before it.')
    .waitFor()
  await shown.getByText(/You would lose the last \d+ days/).waitFor()
  await shown.getByText('Skipped, because verification failed: cvd_backup_20260401_120000.db.gz.').waitFor()
  await shown.getByText(/^The next later one is from /).waitFor()
  await shoot(page, 'moment-found')
  expect(await accessible(page)).toEqual([])
  const hands = keyboard(page)
  await hands.press(shown.getByRole('link', { name: 'Use this backup' }))
  await page.getByText('Backup cvd_backup_20260328_120000.db.gz').waitFor()
})

test('a place on the timeline is a moment, by mouse and by keyboard', async () => {
  const { page } = await open()
  const line = choosing(page).getByRole('slider', { name: 'Place on the timeline' })
  const typed = choosing(page).getByLabel('Moment', { exact: true })
  const { width } = (await line.boundingBox()) ?? { width: 0 }
  // Between the backup of March and the newest one: the failed one there is not meant.
  await line.click({ position: { x: width / 2, y: 10 } })
  await choosing(page).getByRole('link', { name: 'Use this backup' }).waitFor()
  const moment = await typed.inputValue()
  expect(moment).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/)
  const told = /: backup of (\S+ [\d:]+)/.exec((await line.getAttribute('aria-valuetext')) ?? '')?.[1]
  await choosing(page).getByText(`${moment} means the backup of ${told}`).waitFor()
  await shoot(page, 'moment-line')
  expect(await accessible(page)).toEqual([])
  // Arrow keys go from backup to backup.
  await line.focus()
  await page.keyboard.press('ArrowRight')
  await choosing(page)
    .getByText(/taken at that moment/)
    .waitFor()
  await page.keyboard.press('ArrowLeft')
  await choosing(page)
    .getByText(/means the backup of 2026-03-28 12:00:00/)
    .waitFor()
  expect(await typed.inputValue()).toBe('2026-03-28 12:00:00')
  // A quarter past two for the second time: a place is one moment.
  await page.keyboard.press('ArrowLeft')
  await choosing(page)
    .getByText(/means the backup of 2025-10-26 02:15:00 \+01:00/)
    .waitFor()
})

test('the hour that occurs twice is asked about, and the one that never occurs is refused', async () => {
  const { page, ask } = await open()
  await ask('2025-10-26 02:30')
  await choosing(page).getByText('2025-10-26 02:30 occurs twice on this server. Which one do you mean?').waitFor()
  await shoot(page, 'moment-twice')
  await button(page, 'The first (+02:00)').click()
  await choosing(page)
    .getByText(/means the backup of 2025-10-26 01:45:00/)
    .waitFor()
  await ask('2025-10-26 02:30')
  await button(page, 'The second (+01:00)').click()
  await choosing(page)
    .getByText(/means the backup of 2025-10-26 02:15:00 \+01:00/)
    .waitFor()
  await ask('2026-03-29 02:30')
  await choosing(page).getByText('2026-03-29 02:30 does not exist on this server.').waitFor()
  expect(await accessible(page)).toEqual([])
})

test('where no backup is that old, the nearest is named; what is no time is not asked about', async () => {
  const { page, ask } = await open()
  await ask('2020-01-01 00:00')
  await choosing(page).getByText('No usable backup is that old.').waitFor()
  await choosing(page).getByRole('link', { name: 'Use the nearest backup' }).waitFor()
  await ask('yesterday')
  await choosing(page).getByText('Write 14:07, or 2026-11-24 14:07.').waitFor()
  await ask('2026-02-30 10:00')
  await choosing(page)
    .getByText(/is not a time/)
    .waitFor()
  await shoot(page, 'moment-wrong')
})

test('the configuration has moments of its own', async () => {
  const { page, ask } = await open()
  await page.getByRole('combobox', { name: 'What to restore' }).click()
  await page.getByRole('option', { name: 'Configuration (1)' }).click()
  await grid(page, 'Backups to choose from').waitFor()
  await heading(page, 'Choose a backup').waitFor()
  await ask('2099-01-01 00:00')
  await choosing(page)
    .getByText(/cvd_config_/)
    .waitFor()
  await shoot(page, 'moment-config')
  expect(await accessible(page)).toEqual([])
  await choosing(page).getByRole('link', { name: 'Use this backup' }).click()
  await heading(page, 'What would change').waitFor()
  // Back at the list, it is still that of the configuration.
  await page
    .getByRole('link', { name: /Choose/ })
    .first()
    .click()
  await page.getByRole('combobox', { name: 'What to restore' }).getByText('Configuration (1)').waitFor()
  await page.getByRole('combobox', { name: 'What to restore' }).click()
  await page.getByRole('option', { name: 'Application (0)' }).click()
  await page.getByText('This site has no application backup').waitFor()
})
