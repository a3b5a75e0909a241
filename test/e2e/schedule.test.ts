/** The page of a site's schedule, from a site that only the runbook's jobs back up to one that is protected, and back. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type DemoSite, startDemoSite } from '../../src-main/demo/site.ts'
import type { Site } from '../../src-main/store/sites.ts'
import { accessible } from '../support/e2e/axe.ts'
import { know } from '../support/e2e/demo.ts'
import { Desk } from '../support/e2e/desk.ts'
import { button, follow, grid, heading, modal } from '../support/e2e/pages.ts'
import { shoot } from '../support/e2e/shoot.ts'

const NAME = 'Depot North'
const root = process.getuid?.() === 0
let demo: DemoSite
let desk: Desk
let site: Site
let jobs: string

beforeAll(async () => {
  demo = await startDemoSite()
  const folder = join(demo.etc, 'cron.d')
  mkdirSync(folder, { recursive: true })
  jobs = join(folder, 'runbook')
  const script = (name: string) => join(demo.root, 'scripts', name)
  writeFileSync(
    jobs,
    `# of the runbook\n0 */2 * * * root ${script('backup_database_auto.sh')}\n0 2 * * * root ${script('backup_application.sh')}\n`,
  )
  desk = await Desk.open()
  site = await know(desk, demo, { name: NAME, colour: 'sky' })
})
afterEach(({ task }) => desk.tidy(task))
afterAll(async () => {
  await desk?.[Symbol.asyncDispose]()
  await demo?.stop()
})

const at = () => `/sites/${site.id}/schedule`

test.runIf(root)(
  'one button protects the site, and every change of its schedule shows at once',
  { timeout: 240_000 },
  async () => {
    const before = readFileSync(jobs, 'utf8')
    const page = await desk.window({ at: at() })
    const second = await desk.window({ at: at() })
    await heading(page, 'Only jobs of others back this site up.').waitFor()
    await heading(second, 'Only jobs of others back this site up.').waitFor()
    await page.getByText(`0 */2 * * * root ${demo.root}/scripts/backup_database_auto.sh`).waitFor()
    expect(await accessible(page)).toEqual([])
    await shoot(page, 'schedule-none')

    // Replacing the jobs is asked for together with it, and needs the name of the site and a reason.
    await button(page, 'Protect this site…').click()
    const protect = button(modal(page), 'Protect and replace')
    await modal(page)
      .getByLabel(/^Type the name/)
      .fill('Depot Nort')
    await modal(page).getByLabel('Reason').fill('The runbook is retired')
    expect(await protect.isDisabled()).toBe(true)
    await modal(page)
      .getByLabel(/^Type the name/)
      .fill(NAME)
    expect(await accessible(page)).toEqual([])
    await follow(page, () => protect.click(), 'Database backup: succeeded')
    await heading(page, /Protected\. Next: /).waitFor()
    // Somebody else's window follows.
    await heading(second, /Protected\. Next: /).waitFor()
    await second.context().close()
    expect(readFileSync(jobs, 'utf8')).not.toBe(before)
    await page.getByText('Switched off; it is put back as it was when the schedule is removed.').first().waitFor()

    // A run of the server itself, as a timer would start it; then one from here.
    await demo.kitCommand('scheduled', 'config')
    await button(page, 'More actions').click()
    await page.getByRole('menuitem', { name: 'Ask the server again' }).click()
    const log = grid(page, 'Runs')
    await log.getByText('Configuration backup').click()
    await modal(page).getByText('Succeeded').waitFor()
    await button(modal(page), 'Open the operation').click()
    await heading(page, 'Configuration backup').waitFor()
    await page.goBack()
    await follow(page, () => button(page, 'Run now: Rotation').click(), 'Rotation: succeeded')

    // How often: the policy, and the timers with it.
    await button(page, 'Change how often: Database backup').click()
    await modal(page).getByRole('combobox', { name: 'Hours' }).click()
    await page.getByRole('option', { name: 'Every 6 hours' }).click()
    await modal(page).getByText('Every 6 hours, at 00, 06, 12, 18 o’clock.').waitFor()
    await button(modal(page), 'Save').click()
    await page
      .getByRole('row', { name: /^Database backup/ })
      .getByText('Every 6 hours')
      .waitFor()
    expect(readFileSync(join(demo.state, 'policy'), 'utf8')).toContain('schedule_database=every 6h')

    await button(page, 'Pause…').click()
    await modal(page)
      .getByLabel(/^Date and time/)
      .fill('2020-01-01 00:00')
    await modal(page).getByText('This moment has passed on the server.').waitFor()
    await modal(page)
      .getByLabel(/^Date and time/)
      .fill('2099-01-01 12:00')
    await button(modal(page), 'Pause').click()
    await heading(page, 'The schedule is paused until 2099-01-01 12:00.').waitFor()
    expect(await accessible(page)).toEqual([])
    await shoot(page, 'schedule-paused')
    await button(page, 'Resume').click()
    await heading(page, /Protected\./).waitFor()

    await button(page, 'More actions').click()
    await page.getByRole('menuitem', { name: 'Remove the schedule…' }).click()
    await modal(page)
      .getByLabel(/^Type the name/)
      .fill(NAME)
    await modal(page).getByLabel('Reason').fill('The site moves')
    await button(modal(page), 'Remove the schedule').click()
    await heading(page, 'Only jobs of others back this site up.').waitFor()
    // Byte for byte as it was.
    expect(readFileSync(jobs, 'utf8')).toBe(before)
    expect(existsSync(join(demo.state, 'installed'))).toBe(false)
  },
)

test('a server that does not answer any more leaves what was known, and says so', async () => {
  const page = await desk.window({ at: at() })
  await page.getByRole('heading', { name: 'What would run' }).waitFor()
  const row = page.getByRole('row', { name: /^Application backup/ })
  await row.getByText('Daily at 02:00').waitFor()
  await demo.stop()
  await page.getByText('The server could not be asked again. This page shows older data.').waitFor()
  await row.getByText('Daily at 02:00').waitFor()
  expect(await accessible(page)).toEqual([])
  // A window that comes later has the same.
  const later = await desk.window({ at: at() })
  await later
    .getByRole('row', { name: /^Application backup/ })
    .getByText('Daily at 02:00')
    .waitFor()
})
