/** Problems that the console can fix itself: with a button beside them, as carefully as everything else. */
import { existsSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type DemoSite, startDemoSite } from '../../src-main/demo/site.ts'
import type { Site } from '../../src-main/store/sites.ts'
import { accessible } from '../support/e2e/axe.ts'
import { know } from '../support/e2e/demo.ts'
import { Desk } from '../support/e2e/desk.ts'
import { button, follow, grid, modal } from '../support/e2e/pages.ts'
import { shoot } from '../support/e2e/shoot.ts'

const NAME = 'Depot East'
let demo: DemoSite
let desk: Desk
let site: Site

/** Creates a file among the backups, last written an hour ago. */
function put(name: string, text = ''): string {
  const path = join(demo.root, 'backups', name)
  writeFileSync(path, text)
  const at = Date.now() / 1000 - 3600
  utimesSync(path, at, at)
  return path
}

beforeAll(async () => {
  demo = await startDemoSite()
  put('cvd_before_update.db')
  put('cvd_backup_20260101_000000.db.gz.part', 'half')
  put('cvd_backup_20260101_000000.db.gz.gpg', 'sealed')
  put('notes.rtf', 'words')
  desk = await Desk.open()
  site = await know(desk, demo, { name: NAME, colour: 'violet' })
})
afterEach(({ task }) => desk.tidy(task))
afterAll(async () => {
  await desk?.[Symbol.asyncDispose]()
  await demo?.stop()
})

const backups = (name: string) => join(demo.root, 'backups', name)

test('a fix is a button where possible: it makes a backup, and deletes files that are not backups', async () => {
  const page = await desk.window({ at: `/sites/${site.id}` })
  const found = page.getByRole('region', { name: 'Found on the server' }).getByRole('listitem')
  const problem = (text: string) => found.filter({ hasText: text })
  await problem('There is no backup of the database.').waitFor()
  expect(await found.getByText('cvd-backup').count()).toBe(0)
  expect(await accessible(page)).toEqual([])
  await shoot(page, 'site-problems')
  await follow(
    page,
    () => button(page.getByRole('region', { name: 'Found on the server' }), 'Back up the database').click(),
    'Database backup: succeeded',
  )
  await problem('There is no backup of the database.').waitFor({ state: 'detached' })

  await button(problem('1 empty file'), 'Delete it…').click()
  const dialog = modal(page)
  await dialog.getByText('cvd_before_update.db').waitFor()
  // The safe answer is the default, and a reason is requested.
  expect(await button(dialog, 'Cancel').and(page.locator(':focus')).count()).toBe(1)
  expect(await button(dialog, 'Delete 1 file').isDisabled()).toBe(true)
  expect(await accessible(page)).toEqual([])
  await shoot(page, 'delete-dialog')
  await button(dialog, 'Cancel').click()
  expect(existsSync(backups('cvd_before_update.db'))).toBe(true)
  await button(problem('1 empty file'), 'Delete it…').click()
  await dialog.getByLabel('Reason').fill('left by an update')
  await follow(page, () => button(dialog, 'Delete 1 file').click(), 'File deletion: succeeded')
  await problem('1 empty file').waitFor({ state: 'detached' })
  expect(existsSync(backups('cvd_before_update.db'))).toBe(false)
  expect(existsSync(backups('cvd_backup_20260101_000000.db.gz.part'))).toBe(true)
})

test('the backups page deletes files that are not backups, keeps possible backups, and the audit records it', async () => {
  const page = await desk.window({ at: `/sites/${site.id}/backups` })
  await page.getByText(/files are not backups/).click()
  const list = page.getByRole('list', { name: 'Files that are not backups' }).getByRole('listitem')
  const sealed = list.filter({ hasText: '.gpg' })
  await sealed.getByText(/encrypted/).waitFor()
  expect(await button(sealed, /^Delete/).count()).toBe(0)
  expect(await accessible(page)).toEqual([])
  await shoot(page, 'backups-others')
  await button(page, 'Delete 2 files…').click()
  await modal(page).getByLabel('Reason').fill('nobody knows them')
  await follow(page, () => button(modal(page), 'Delete 2 files').click(), 'File deletion: succeeded')
  await list.filter({ hasText: 'notes.rtf' }).waitFor({ state: 'detached' })
  expect([existsSync(backups('notes.rtf')), existsSync(backups('cvd_backup_20260101_000000.db.gz.gpg'))]).toEqual([
    false,
    true,
  ])
  await page.getByRole('link', { name: 'Audit' }).click()
  const audit = grid(page, /audit/i)
  await audit.getByText('File deletion').first().waitFor()
  await audit.getByText('nobody knows them').first().waitFor()
})

test('a file changed meanwhile is kept by the server, and the window says why', async () => {
  put('again.tmp', 'x')
  const page = await desk.window({ at: `/sites/${site.id}/backups` })
  await page.getByText(/files are not backups/).click()
  await button(page, /^Delete .*again\.tmp/).click()
  writeFileSync(backups('again.tmp'), 'it goes on')
  await modal(page).getByLabel('Reason').fill('a trial')
  await button(modal(page), 'Delete 1 file').click()
  await page.getByRole('region', { name: 'Activity' }).getByText('File deletion').click()
  await page
    .getByText(/it changed a moment ago and may still be being written/)
    .first()
    .waitFor()
  expect(existsSync(backups('again.tmp'))).toBe(true)
})

/** Kills what reads the site's files for the kit, as a disk that hangs would end it: the look is never complete. */
function killLooks(): void {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
      if (!words[0]?.endsWith('curl') || !words.includes(demo.app.healthUrl)) continue
      // Fields after the name in brackets: state, parent, process group.
      const group = Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[2])
      if (group > 1) process.kill(-group, 'SIGKILL')
    } catch {
      // It ended in between.
    }
  }
}

test('an incomplete check has a button to check again, for viewers as well', async () => {
  const app = (await demo.app.pid()) ?? 0
  expect(app).toBeGreaterThan(0)
  // It does not answer, so that each look waits for its health.
  process.kill(app, 'SIGSTOP')
  const killing = setInterval(killLooks, 20)
  try {
    const page = await desk.window({ at: `/sites/${site.id}`, role: 'viewer' })
    await button(page, 'More actions').click()
    await page.getByRole('menuitem', { name: 'Check now' }).click()
    const problem = page
      .getByRole('region', { name: 'Found on the server' })
      .getByRole('listitem')
      .filter({ hasText: 'what is not shown is not known' })
    await problem.getByText('Then check again.').waitFor()
    // What was not looked at is unknown, and neither missing nor down.
    await page.getByText('The server could not list the backups.').waitFor()
    expect(await page.getByText(/No backup of the database exists|is down|Not healthy/).count()).toBe(0)
    await shoot(page, 'site-incomplete')
    // Pressed while every check still ends early: the console's own next one would take the button away.
    await button(problem, 'Check again').click()
    process.kill(app, 'SIGCONT')
    clearInterval(killing)
    await problem.waitFor({ state: 'detached' })
    await page.getByRole('heading', { name: 'Database' }).waitFor()
  } finally {
    clearInterval(killing)
    process.kill(app, 'SIGCONT')
  }
})

test('a viewer cannot delete', async () => {
  const page = await desk.window({ at: `/sites/${site.id}/backups`, role: 'viewer' })
  await page.getByText(/files are not backups/).click()
  expect(await button(page, /^Delete .*again\.tmp/).isDisabled()).toBe(true)
})
