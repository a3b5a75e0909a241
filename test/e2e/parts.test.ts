/** A whole site is broken, restored from one system backup in the window, and undone; then some parts, by keyboard. */
import { basename } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type DemoSite, startDemoSite } from '../../src-main/demo/site.ts'
import { inspectSite } from '../../src-main/operations/inspect.ts'
import { makeBackup } from '../../src-main/operations/make-backup.ts'
import type { Site } from '../../src-main/store/sites.ts'
import { archiveReport } from '../../src-shared/domain/kit-backups.ts'
import { accessible } from '../support/e2e/axe.ts'
import { know } from '../support/e2e/demo.ts'
import { Desk } from '../support/e2e/desk.ts'
import { keyboard, mouse } from '../support/e2e/hands.ts'
import { confirmRestore, takeBack } from '../support/e2e/job.ts'
import { button, ended, fact, grid, heading } from '../support/e2e/pages.ts'
import { shoot } from '../support/e2e/shoot.ts'
import { breakWhole, wholeState } from '../support/e2e/whole-site.ts'
import { forgedSystemBackup } from '../support/forged.ts'
import { must } from '../support/server-desk.ts'

const NAME = 'Depot South'
const PARTS = ['Database', 'Application', 'Configuration', 'Unit files', 'nginx site'] as const
let demo: DemoSite
let desk: Desk
let site: Site
let backup: string
let before: ReturnType<typeof wholeState>
let broken: ReturnType<typeof wholeState>

beforeAll(async () => {
  demo = await startDemoSite()
  desk = await Desk.open()
  site = await know(desk, demo, { name: NAME, colour: 'violet' })
  const { context, runner } = desk.console.application.console
  const made = await runner.settled(must(await makeBackup(context, runner, site, 'system')).id)
  backup = archiveReport.parse(made.data).backup.path
  before = wholeState(demo)
  breakWhole(demo)
  broken = wholeState(demo)
})
afterEach(({ task }) => desk.tidy(task))
afterAll(async () => {
  await desk?.[Symbol.asyncDispose]()
  await demo?.stop()
})

const addressOf = (path: string) => `/sites/${site.id}/backups/${encodeURIComponent(path)}`
const box = (page: Page, part: string) => page.getByRole('checkbox', { name: part, exact: true })
const next = (page: Page) => page.getByRole('link', { name: 'Continue', exact: true })

/** A page as everybody can use it, in every appearance. */
async function look(page: Page, name: string): Promise<void> {
  expect(await accessible(page)).toEqual([])
  await shoot(page, `parts-${name}`)
}

test('everything is restored from one backup, and one undo takes it all back', { timeout: 400_000 }, async () => {
  const page = await desk.window({ at: addressOf(backup) })
  const job = { page, hands: mouse(page), name: NAME }
  await button(page, 'Restore this…').click()
  await heading(page, 'Choose what to restore').waitFor()
  for (const part of PARTS) expect(await box(page, part).isChecked()).toBe(true)
  await look(page, 'choose')
  await button(page, 'See what would change').click()

  await heading(page, 'What would change').waitFor()
  await page
    .getByText('This would change the database, application, configuration, unit files and nginx site.')
    .first()
    .waitFor()
  await fact(page, 'Database').getByText('5 rows would come back').waitFor()
  expect(await fact(page, 'Application').textContent()).toContain(
    '1 file would change, 0 would come back, 1 would be gone.',
  )
  await grid(page, 'Differences of tables').getByText('products').waitFor()
  await grid(page, 'Differences of files: Application').getByText('./added.py').waitFor()
  await grid(page, 'Differences of files: Configuration').getByText('./.env').waitFor()
  await page.getByText('-# edited by hand').waitFor()
  await page.getByText('-server { listen 81; }').waitFor()
  await look(page, 'changes')
  await page.getByText('MANIFEST.txt of this backup').click()
  await page.getByText('CVD System Backup Manifest').waitFor()
  await look(page, 'manifest')
  await next(page).click()

  await heading(page, 'Checks before anything is changed').waitFor()
  for (const part of PARTS) await page.getByRole('heading', { level: 2, name: part, exact: true }).waitFor()
  await look(page, 'checks')
  await next(page).click()
  await page.getByText(`The database, application, configuration, unit files and nginx site of ${NAME}`).waitFor()
  await look(page, 'confirm')
  await confirmRestore(job, 'The disk was replaced')

  await ended(page, 'The system backup was restored')
  expect(wholeState(demo)).toEqual(before)
  expect((await demo.app.health()).status).toBe(200)
  for (const part of PARTS) expect(await fact(page, part).textContent()).toMatch(/\.pre-restore\./)
  await look(page, 'outcome')
  await page
    .getByRole('link', { name: /^Operations/ })
    .first()
    .waitFor()

  await takeBack(job, 'Undo restore…', 'Only a trial')
  await ended(page, 'The restore was undone')
  expect(wholeState(demo)).toEqual(broken)
})

test('by keyboard, only the chosen parts are restored', { timeout: 400_000 }, async () => {
  const page = await desk.window({ at: addressOf(backup) })
  const hands = keyboard(page)
  await hands.press(button(page, 'Restore this…'))
  await heading(page, 'Choose what to restore').waitFor()
  // The way on has the focus; what is to be left out is before it.
  await button(page, 'See what would change').and(page.locator(':focus')).waitFor()
  const untick = async (part: string) => {
    for (let presses = 0; presses < 40; presses += 1) {
      if ((await box(page, part).and(page.locator(':focus')).count()) > 0) break
      await page.keyboard.press('Tab')
    }
    await page.keyboard.press('Space')
    await expect.poll(() => box(page, part).isChecked()).toBe(false)
  }
  for (const part of PARTS) await untick(part)
  await hands.press(button(page, 'See what would change'))
  await page.getByText('Choose at least one part.').waitFor()
  for (const part of ['Configuration', 'nginx site']) {
    await box(page, part).focus()
    await page.keyboard.press('Space')
    await expect.poll(() => box(page, part).isChecked()).toBe(true)
  }
  await page.getByText('Left as it is: Database, Application, Unit files.').waitFor()
  await hands.press(button(page, 'See what would change'))
  await page.getByText('This would change the configuration and nginx site.').first().waitFor()
  expect(page.url()).toContain('parts=config%2Cnginx')
  // Another window makes the same plan from the address.
  await page.reload()
  await page.getByText('This would change the configuration and nginx site.').first().waitFor()
  await hands.press(next(page))
  await heading(page, 'Checks before anything is changed').waitFor()
  await hands.press(next(page))
  await confirmRestore({ page, hands, name: NAME }, 'The wrong settings')
  await ended(page, 'The system backup was restored')
  expect(wholeState(demo)).toEqual({ ...broken, config: before.config, nginx: before.nginx })
})

// Where the login is not root, it is root's files that cannot be replaced at all.
test.runIf(process.getuid?.() === 0)('files that run as root have a question of their own', async () => {
  // It lacks the nginx site.
  const forged = forgedSystemBackup(backup, '[Service]\nExecStart=/bin/forged\n', ['config/nginx-cvd.conf'])
  await inspectSite(desk.console.application.console.context, site)
  const page = await desk.window({ at: addressOf(forged) })
  await heading(page, basename(forged)).waitFor()
  await button(page, 'Restore this…').click()
  await page.getByText('Not in this backup: it stays as it is.').waitFor()
  expect(await box(page, 'nginx site').isDisabled()).toBe(true)
  await look(page, 'missing')
  for (const part of ['Database', 'Application', 'Configuration']) await box(page, part).click()
  await button(page, 'See what would change').click()
  await page.getByText('+ExecStart=/bin/forged').waitFor()
  await next(page).click()
  await heading(page, 'Checks before anything is changed').waitFor()
  await next(page).click()
  const answer = page.getByRole('checkbox', { name: 'I have read the files that run as root, and they are right.' })
  await answer.waitFor()
  await look(page, 'accept-files')
  await page.getByLabel('Reason').fill('It is right')
  await page.getByLabel(/^Type the name/).fill(NAME)
  expect(await button(page, `Restore ${NAME}`).isDisabled()).toBe(true)
  await answer.click()
  await button(page, `Restore ${NAME}`).click()
  await ended(page, 'The system backup was restored')
  expect(wholeState(demo).systemd).toBe('[Service]\nExecStart=/bin/forged\n')
})
