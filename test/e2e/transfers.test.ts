/** Backups are downloaded and uploaded from the window, byte for byte, and a viewer can do neither. */
import { createHash, randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
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
import { scratchFolder } from '../support/folder.ts'
import { must } from '../support/server-desk.ts'

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
const DEPOT = 'Depot East'
let demo: DemoSite
let desk: Desk
let site: Site
let path = ''

beforeAll(async () => {
  demo = await startDemoSite()
  desk = await Desk.open()
  site = await know(desk, demo, { name: DEPOT, colour: 'teal' })
  path = await backUp(desk, site)
})
afterEach(({ task }) => desk.tidy(task))
afterAll(async () => {
  await desk?.[Symbol.asyncDispose]()
  await demo?.stop()
})

const transfers = (page: Page) => page.getByRole('region', { name: 'Transfers' })

/** Presses what starts a download; returns the bytes that the browser saved, and their name. */
async function saved(
  page: Page,
  start: () => Promise<void>,
): Promise<{ readonly name: string; readonly bytes: Buffer }> {
  const [download] = await Promise.all([page.waitForEvent('download'), start()])
  return { name: download.suggestedFilename(), bytes: readFileSync(await download.path()) }
}

test('a backup is downloaded from its page and from the list, by keyboard too', async () => {
  const name = path.slice(path.lastIndexOf('/') + 1)
  const page = await desk.window({ at: `/sites/${site.id}/backups/${encodeURIComponent(path)}` })
  const hands = keyboard(page)
  await heading(page, name).waitFor()
  const first = await saved(page, () => hands.press(button(page, 'Download…')))
  expect(first.name).toBe(name)
  expect(first.bytes.equals(readFileSync(path))).toBe(true)
  await transfers(page).getByText(sha256(first.bytes)).waitFor()
  await transfers(page).getByText('equal to the fingerprint of the backup').waitFor()
  await shoot(page, 'transfer-downloaded')
  expect(await accessible(page)).toEqual([])
  await hands.press(button(page, `Dismiss: Download ${name}`))
  await transfers(page).waitFor({ state: 'detached' })
  await page.getByRole('link', { name: /^Backups/ }).click()
  await hands.press(button(page, `Actions for ${name}`))
  await page.getByRole('menuitem', { name: 'Download…' }).waitFor()
  await shoot(page, 'transfer-menu')
  await page.keyboard.press('ArrowDown')
  const second = await saved(page, () => page.keyboard.press('Enter'))
  expect(second.bytes.equals(first.bytes)).toBe(true)
  // The focus is where it was.
  await button(page, `Actions for ${name}`).and(page.locator(':focus')).waitFor()
})

test('a backup is uploaded, verified, and then listed; one that is none is refused', async () => {
  const bytes = readFileSync(path)
  const file = join(scratchFolder(), 'cvd_backup_20260101_120000.db.gz')
  writeFileSync(file, bytes)
  const page = await desk.window({ at: `/sites/${site.id}/backups` })
  await grid(page, `Backups of ${DEPOT}`).waitFor()
  const chosen = page.waitForEvent('filechooser')
  await keyboard(page).press(button(page, 'Upload a backup…'))
  await (await chosen).setFiles(file)
  const one = transfers(page).getByRole('listitem').filter({ hasText: 'Upload cvd_backup_20260101_120000.db.gz' })
  await one.getByText('read back on the server').waitFor()
  await one.getByText(sha256(bytes)).waitFor()
  expect(readFileSync(join(demo.root, 'backups/cvd_backup_20260101_120000.db.gz')).equals(bytes)).toBe(true)
  await one.getByRole('link', { name: 'Open the backup' }).click()
  await heading(page, 'cvd_backup_20260101_120000.db.gz').waitFor()
  await page.goBack()
  const wrong = join(scratchFolder(), 'holiday.txt')
  writeFileSync(wrong, 'x')
  await page.getByLabel('File of a backup').setInputFiles(wrong)
  await page.getByText(/is not the name of a backup/).waitFor()
  await page.getByText(/Give the file the name of a backup/).waitFor()
  // It stays in sight on every page until somebody has seen it.
  const activity = page.getByRole('region', { name: 'Activity' })
  await activity.getByRole('link', { name: /^Upload.*Failed/ }).waitFor()
  expect(await button(page, /^Try again/).count()).toBe(0)
  await shoot(page, 'transfer-uploaded')
  expect(await accessible(page)).toEqual([])
})

test('a dropped file is uploaded', async () => {
  const page = await desk.window({ at: `/sites/${site.id}/backups` })
  const list = grid(page, `Backups of ${DEPOT}`)
  await list.waitFor()
  const bytes = readFileSync(path).toString('base64')
  const dropped = await page.evaluateHandle(`(() => {
    const data = new DataTransfer()
    const bytes = Uint8Array.from(atob(${JSON.stringify(bytes)}), (one) => one.charCodeAt(0))
    data.items.add(new File([bytes], 'cvd_backup_20260102_120000.db.gz', { lastModified: 1770000000000 }))
    return data
  })()`)
  await list.dispatchEvent('dragover', { dataTransfer: dropped })
  await list.dispatchEvent('drop', { dataTransfer: dropped })
  await list.getByText('cvd_backup_20260102_120000.db.gz').waitFor()
})

test('a transfer shows on every page how far it is, is cancelled there, and goes on where it stopped', async () => {
  // Large enough to be seen on its way.
  const big = randomBytes(160_000_000)
  writeFileSync(join(demo.root, 'backups/cvd_backup_20260103_120000.db'), big)
  must(await desk.console.application.fleet.refresh(site, true))
  const page = await desk.window({ at: `/sites/${site.id}/backups` })
  await button(page, 'Actions for cvd_backup_20260103_120000.db').click()
  await page.getByRole('menuitem', { name: 'Download…' }).click()
  await transfers(page)
    .getByText(/^Downloading, .* of 160 MB, .*\/s/)
    .waitFor()
  const activity = page.getByRole('region', { name: 'Activity' })
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Audit' }).click()
  await heading(page, 'Audit').waitFor()
  await activity.getByText(/^\d+ %, .* left$/).waitFor()
  const cancel = button(activity, 'Cancel: Download cvd_backup_20260103_120000.db')
  await cancel.click()
  await cancel.waitFor({ state: 'detached' })
  await page.goBack()
  await page.getByText('The download was cancelled.').waitFor()
  await page.getByText(/^What has arrived is kept/).waitFor()
  await shoot(page, 'transfer-cancelled')
  const got = await saved(page, () => button(page, 'Try again: Download cvd_backup_20260103_120000.db').click())
  expect(got.bytes.equals(big)).toBe(true)
})

test('a viewer can neither download nor upload', async () => {
  const page = await desk.window({ role: 'viewer', at: `/sites/${site.id}/backups` })
  await grid(page, `Backups of ${DEPOT}`).waitFor()
  expect(await button(page, 'Upload a backup…').isDisabled()).toBe(true)
  expect(await page.locator('input[type=file]').count()).toBe(0)
  await page
    .getByRole('button', { name: /^Actions for/ })
    .first()
    .click()
  expect(await page.getByRole('menuitem', { name: 'Download…' }).getAttribute('aria-disabled')).toBe('true')
  await page.keyboard.press('Escape')
  const before = readdirSync(join(demo.root, 'backups'))
  await page.goto(`${page.url()}/${encodeURIComponent(path)}`)
  await button(page, 'Download…').waitFor()
  expect(await button(page, 'Download…').isDisabled()).toBe(true)
  expect(readdirSync(join(demo.root, 'backups'))).toEqual(before)
})
