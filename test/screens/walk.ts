/** Visits every page as a newcomer would, with the real console on a real site, and takes screenshots. */
import { execFileSync } from 'node:child_process'
import type { Page } from 'playwright-core'
import { DEMO_NAME } from '../../src-main/demo/history.ts'
import type { DemoSite } from '../../src-main/demo/site.ts'
import type { Camera } from './camera.ts'

const LONG = 120_000
/** A name of the maximum length, longer than there is room for. */
const LONG_NAME = 'Werkstatt und Depot Nord-Ost, Halle 7 (Reserve)'
const NAME = DEMO_NAME

function button(page: Page, name: string | RegExp) {
  return page.getByRole('button', { name })
}

function heading(page: Page, name: string | RegExp) {
  return page.getByRole('heading', { level: 1, name })
}

async function addSite(page: Page, camera: Camera, site: DemoSite): Promise<void> {
  await page.getByRole('main').getByRole('link', { name: 'Add a site' }).click()
  await heading(page, 'Add a site').waitFor()
  await camera.shoot('add-site-empty')
  await page.getByLabel('Host', { exact: true }).fill(site.host)
  await page.getByLabel('Port').fill(String(site.port))
  await page.getByLabel('User', { exact: true }).fill(site.user)
  await page.getByRole('combobox', { name: 'Authentication' }).click()
  await page.getByRole('option', { name: 'Key file' }).click()
  await page.getByLabel('Key file on this computer').fill(site.keyFile)
  await page.getByText('CVD is not in /opt/cvd').click()
  await page.getByLabel('CVD folder on the server').fill(site.root)
  await page.getByLabel('Health check URL').fill(site.app.healthUrl)
  await button(page, 'Test connection').click()
  await button(page, 'The fingerprints match').waitFor({ timeout: LONG })
  await button(page, 'The fingerprints match').scrollIntoViewIfNeeded()
  await camera.shoot('add-site-host-key')
  await button(page, 'The fingerprints match').click()
  await page.getByLabel('Site name').waitFor({ timeout: LONG })
  await page.getByLabel('Site name').fill(LONG_NAME)
  await button(page, 'Add site').scrollIntoViewIfNeeded()
  await camera.shoot('add-site-proven')
  await button(page, 'Add site').click()
  await button(page, 'Back up now').waitFor({ timeout: LONG })
}

/** Waits until no operation runs any more, as shown in the window. */
async function quiet(page: Page): Promise<void> {
  await page
    .getByRole('complementary')
    .getByRole('progressbar')
    .first()
    .waitFor({ timeout: 3000 })
    // It was too quick to be seen.
    .catch(() => undefined)
  await page.getByRole('complementary').getByRole('progressbar').first().waitFor({ state: 'detached', timeout: LONG })
}

async function backUp(page: Page): Promise<void> {
  await button(page, 'Back up now').click()
  await quiet(page)
}

/** A backup of every kind, from the menu. */
async function backUpAll(page: Page): Promise<void> {
  for (const kind of ['Application', 'Configuration', 'systemd units', 'Whole system']) {
    await button(page, 'Choose what to back up').click()
    await page.getByRole('menuitem', { name: kind }).click()
    await quiet(page)
  }
}

async function download(page: Page, camera: Camera): Promise<void> {
  await button(page, 'Download…').click()
  await page.getByText(/^Saved by the browser/).waitFor({ timeout: LONG })
  await camera.shoot('backup-downloaded')
  await button(page, /^Dismiss: Download/).click()
}

async function restoreAndUndo(page: Page, camera: Camera, site: DemoSite): Promise<void> {
  execFileSync('sqlite3', ['-cmd', '.timeout 10000', site.database, 'DELETE FROM service_orders WHERE id <= 200'])
  await button(page, 'Restore…').click()
  await heading(page, 'Choose a backup').waitFor()
  await camera.shoot('restore-1-choose')
  await page.getByRole('textbox', { name: 'Moment' }).fill('12:00')
  await page.keyboard.press('Enter')
  await page.getByText(/means the backup/).waitFor({ timeout: LONG })
  await camera.shoot('restore-1-moment')
  await page.getByRole('grid').getByRole('link').first().click()
  await camera.shoot('restore-2-planning')
  await heading(page, 'What would change').waitFor()
  await page.getByText('Rows that would be lost').waitFor({ timeout: LONG })
  await camera.shoot('restore-2-changes')
  await page.getByRole('link', { name: 'Continue', exact: true }).click()
  await page.getByRole('list', { name: 'Checks' }).waitFor()
  await camera.shoot('restore-3-checks')
  await page.getByRole('link', { name: 'Continue' }).click()
  await page.getByLabel(/Type the name/).waitFor()
  await camera.shoot('restore-4-confirm')
  await page.getByLabel(/Type the name/).fill(NAME)
  await page.getByLabel('Reason').fill('Orders were deleted by mistake')
  await camera.shoot('restore-4-confirm-ready')
  await button(page, `Restore ${NAME}`).click()
  await page.getByRole('list', { name: 'Steps' }).getByText('Extract the backup').waitFor({ timeout: LONG })
  await camera.shoot('restore-5-progress')
  await heading(page, 'The database was restored').waitFor({ timeout: LONG })
  await camera.shoot('restore-6-outcome')
  await button(page, 'Undo restore…').click()
  await camera.shoot('restore-6-undo')
  await page.getByLabel(/Type the name/).fill(NAME)
  await page.getByLabel('Reason').fill('Only a trial')
  await button(page, `Undo on ${NAME}`).click()
  await heading(page, 'The restore was undone').waitFor({ timeout: LONG })
  await camera.shoot('restore-undone')
}

/** The pages of what runs by itself. */
async function protection(page: Page, camera: Camera): Promise<void> {
  const tab = (name: string | RegExp) => page.getByRole('main').getByRole('link', { name }).first().click()
  const section = (name: string | RegExp) => page.getByRole('main').getByRole('heading', { name }).first().waitFor()
  await tab('Schedule')
  await section('Protect this site')
  await camera.shoot('schedule-unprotected')
  await button(page, 'Protect this site').click()
  await section('What runs')
  await quiet(page)
  await camera.shoot('schedule')
  await tab('Retention')
  await section(/./)
  await camera.shoot('retention')
  await tab('Policy')
  await section('Warnings')
  await camera.shoot('policy')
  await tab(/^Alerts/)
  await section('Who is told')
  await button(page, 'Check now').click()
  await page.getByRole('main').getByText('What to do').first().waitFor({ timeout: LONG })
  await camera.shoot('alerts')
  await page
    .getByRole('navigation', { name: 'Main' })
    .getByRole('link', { name: /^Alerts/ })
    .click()
  await section(/./)
  await camera.shoot('fleet-alerts')
  await page.getByRole('navigation', { name: 'Sites' }).getByRole('link', { name: NAME }).click()
  await section(/./)
}

async function rest(page: Page, camera: Camera): Promise<void> {
  const main = page.getByRole('navigation', { name: 'Main' })
  await main.getByRole('link', { name: 'Operations' }).click()
  await heading(page, 'Operations').waitFor()
  await camera.shoot('operations')
  await page
    .getByRole('grid')
    .getByRole('link', { name: /backup/i })
    .first()
    .click()
  await page.getByRole('heading', { name: 'Steps' }).waitFor()
  await camera.shoot('operation')
  await main.getByRole('link', { name: 'Audit' }).click()
  await page.getByText(/chain/).first().waitFor()
  await camera.shoot('audit')
  await main.getByRole('link', { name: 'Settings' }).click()
  await page.getByRole('radiogroup', { name: 'Colours' }).waitFor()
  await camera.shoot('settings-appearance')
  for (const [label, name] of [
    ['SSH keys', 'settings-identities'],
    ['Known hosts', 'settings-hosts'],
    ['Secrets', 'settings-secrets'],
    ['About', 'settings-about'],
  ] as const) {
    await page.getByRole('navigation', { name: 'Settings' }).getByRole('link', { name: label }).click()
    await page.getByRole('heading', { level: 2 }).first().waitFor()
    await camera.shoot(name)
  }
  await main.getByRole('link', { name: 'Fleet' }).click()
  await page.getByRole('grid', { name: 'Sites' }).waitFor()
  await camera.shoot('fleet')
  await page.keyboard.press('Control+k')
  await page.getByRole('combobox', { name: 'Search for anything' }).fill('depot')
  await camera.shoot('palette')
  await page.keyboard.press('Escape')
  await page.locator('[role="dialog"][data-modal]').waitFor({ state: 'detached' })
  await page.keyboard.press('?')
  await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor()
  await camera.shoot('shortcuts')
  await page.keyboard.press('Escape')
}

export interface Walk {
  readonly page: Page
  readonly camera: Camera
  /** Added by hand, without backups. */
  readonly fresh: DemoSite
  readonly site: DemoSite
  /** Adds `site`, with a history. */
  readonly prepare: () => Promise<unknown>
}

export async function walk({ page, camera, fresh, site, prepare }: Walk): Promise<void> {
  await heading(page, /No site/).waitFor()
  await camera.shoot('fleet-empty')
  await addSite(page, camera, fresh)
  await camera.shoot('site-new')
  await prepare()
  await page.getByRole('navigation', { name: 'Sites' }).getByRole('link', { name: NAME }).click()
  await heading(page, /./).waitFor()
  await backUp(page)
  await backUp(page)
  await backUpAll(page)
  await button(page, 'Verify').click()
  await quiet(page)
  await camera.shoot('site')
  await page.getByRole('link', { name: /^Backups/ }).click()
  await page.getByRole('grid', { name: /Backups of/ }).waitFor()
  await page
    .getByRole('checkbox', { name: /^Select cvd/ })
    .first()
    .click()
  await camera.shoot('backups')
  await page
    .getByRole('grid')
    .getByRole('link', { name: /\.db\.gz$/ })
    .first()
    .click()
  await page.getByRole('grid', { name: 'Tables in the backup' }).waitFor({ timeout: LONG })
  await camera.shoot('backup')
  await download(page, camera)
  await page.getByRole('link', { name: /^Backups/ }).click()
  await page
    .getByRole('link', { name: /^cvd_system/ })
    .first()
    .click()
  await page.getByRole('grid', { name: 'Parts of the system backup' }).waitFor({ timeout: LONG })
  await camera.shoot('backup-system')
  await page.getByRole('link', { name: 'Connection' }).click()
  await heading(page, 'Connection').waitFor()
  await camera.shoot('connection')
  await page.getByRole('link', { name: 'Overview' }).click()
  await protection(page, camera)
  await restoreAndUndo(page, camera, site)
  await rest(page, camera)
}
