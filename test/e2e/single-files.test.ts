/** Files that differ: what differs in each, with secrets hidden; single ones restored; and the virtual environment chosen. */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type DemoSite, startDemoSite } from '../../src-main/demo/site.ts'
import type { Site } from '../../src-main/store/sites.ts'
import { accessible } from '../support/e2e/axe.ts'
import { know } from '../support/e2e/demo.ts'
import { Desk } from '../support/e2e/desk.ts'
import { mouse } from '../support/e2e/hands.ts'
import { confirmRestore } from '../support/e2e/job.ts'
import { button, ended, follow, grid, heading, modal } from '../support/e2e/pages.ts'
import { shoot } from '../support/e2e/shoot.ts'
import { environmentConfig, pipConfig, writeWheel } from '../support/kit/packages.ts'
import { write } from '../support/kit/tree.ts'

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

const text = (path: string) => readFileSync(join(demo.root, path), 'utf8')

async function backUp(kind: string, outcome: string) {
  const page = await desk.window({ at: `/sites/${site.id}/backups` })
  await button(page, 'Choose what to back up').click()
  const item = page.getByRole('menuitem', { name: kind })
  await item.waitFor()
  await follow(page, () => item.click(), outcome)
  return page
}

test('a file of the configuration is compared, and restored alone', { timeout: 180_000 }, async () => {
  const secrets = text('config/.env')
  write(join(demo.root, 'config'), { 'gunicorn.conf.py': 'workers = 4\n', 'nginx/limits.conf': 'rate=10\n' })
  const page = await backUp('Configuration', 'Configuration backup: succeeded')
  writeFileSync(join(demo.root, 'config/.env'), `${secrets.replace(/=.+/, '=changed-by-accident')}ADDED=1\n`)
  writeFileSync(join(demo.root, 'config/gunicorn.conf.py'), 'workers = 9\n')
  await grid(page, 'Backups of Depot South')
    .getByText(/cvd_config_/)
    .first()
    .click()
  await button(page, 'Restore this…').click()
  await heading(page, 'What would change').waitFor()
  const files = grid(page, 'Differences of files')
  await files.getByText('./.env').click()
  const dialog = modal(page)
  await dialog.getByText('The file differs.').waitFor()
  await dialog
    .getByText(/<hidden: the live value>/)
    .first()
    .waitFor()
  expect(await dialog.textContent()).not.toContain('changed-by-accident')
  expect(await accessible(page)).toEqual([])
  await shoot(page, 'differences-hidden')
  await button(dialog, 'Show secrets').click()
  await dialog.getByText('Show the secrets in this file?').waitFor()
  expect(await dialog.textContent()).not.toContain('changed-by-accident')
  await shoot(page, 'differences-ask')
  await button(dialog, 'Show them').click()
  await dialog.getByText(/changed-by-accident/).waitFor()
  expect(text('../state/audit')).toContain('secrets-shown')
  await shoot(page, 'differences-shown')
  await button(dialog, 'Close').click()

  await files.getByRole('checkbox', { name: /\.env/ }).click()
  await page.getByText('Only 1 file will be restored; all others stay as they are.').waitFor()
  expect(await accessible(page)).toEqual([])
  await shoot(page, 'single-files')
  await page.getByRole('link', { name: 'Continue', exact: true }).click()
  await page.getByRole('list', { name: 'Checks' }).getByRole('listitem').first().waitFor()
  await page.getByRole('link', { name: 'Continue' }).click()
  await page.getByText(/^One file of the configuration of/).waitFor()
  await page.getByText('All others stay as they are. Restored is .env.').waitFor()
  await page.getByText(/cvd-backup restore config .* --only \.env/).waitFor({ state: 'attached' })
  await shoot(page, 'single-files-confirm')
  await confirmRestore({ page, hands: mouse(page), name: 'Depot South' }, 'Wrong secret')
  await ended(page, 'The configuration was restored')
  expect(text('config/.env')).toBe(secrets)
  expect(text('config/gunicorn.conf.py')).toBe('workers = 9\n')
})

test('the virtual environment is rebuilt as planned, or kept', { timeout: 240_000 }, async () => {
  const app = join(demo.root, 'app')
  const wheels = join(demo.folder, 'wheels')
  writeWheel(wheels, 'greeting', '1')
  write(app, {
    'venv/bin/python': '-> /usr/bin/python3',
    'venv/pyvenv.cfg': environmentConfig(),
    'venv/pip.conf': pipConfig(wheels),
    'requirements.txt': 'greeting==1\n',
  })
  const page = await backUp('Application', 'Application backup: succeeded')
  writeFileSync(join(app, 'requirements.txt'), 'greeting==2\n')
  await grid(page, 'Backups of Depot South')
    .getByText(/cvd_app_/)
    .first()
    .click()
  await button(page, 'Restore this…').click()
  await heading(page, 'What would change').waitFor()
  const choice = page.getByRole('group', { name: 'Virtual environment' })
  const rebuild = choice.getByRole('radio', { name: /Build a new one/ })
  const keep = choice.getByRole('radio', { name: /Keep the live one/ })
  expect([await rebuild.isChecked(), await keep.isChecked()]).toEqual([true, false])
  await page.getByText('The requirements.txt of the backup is not the live one.').first().waitFor()
  expect(await accessible(page)).toEqual([])
  await shoot(page, 'environment')
  await keep.check()
  await page.reload()
  await page
    .getByRole('radio', { name: /Keep the live one/ })
    .and(page.locator(':checked'))
    .waitFor()
  await rebuild.check()
  await page.getByRole('link', { name: 'Continue', exact: true }).click()
  await page.getByRole('list', { name: 'Checks' }).getByRole('listitem').first().waitFor()
  await page.getByRole('link', { name: 'Continue' }).click()
  await page.getByText('A new virtual environment is built').waitFor()
  await confirmRestore({ page, hands: mouse(page), name: 'Depot South' }, 'A broken release')
  await ended(page, 'The application was restored')
  await shoot(page, 'environment-rebuilt')
  expect(execFileSync(join(app, 'venv/bin/greeting'), { encoding: 'utf8' })).toBe('1\n')
  expect(readdirSync(demo.root).some((name) => name.startsWith('app.pre-restore.'))).toBe(true)
})
