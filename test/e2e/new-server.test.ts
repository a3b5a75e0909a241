/** A server without the site, in the window: who is to own its data is named, and what programs are missing is installed. */
import { execFileSync } from 'node:child_process'
import { chmodSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type DemoSite, startDemoSite } from '../../src-main/demo/site.ts'
import { inspectSite } from '../../src-main/operations/inspect.ts'
import { makeBackup } from '../../src-main/operations/make-backup.ts'
import type { Site } from '../../src-main/store/sites.ts'
import { archiveReport } from '../../src-shared/domain/kit-backups.ts'
import { accessible } from '../support/e2e/axe.ts'
import { know } from '../support/e2e/demo.ts'
import { Desk } from '../support/e2e/desk.ts'
import { button, ended, heading, modal } from '../support/e2e/pages.ts'
import { shoot } from '../support/e2e/shoot.ts'
import { must } from '../support/server-desk.ts'

const NAME = 'Depot New'
const DAEMON = Number(execFileSync('id', ['-u', 'daemon'], { encoding: 'utf8' }))

// Only root installs programs and gives files away.
describe.runIf(process.getuid?.() === 0)('a server without the site', () => {
  let demo: DemoSite
  let desk: Desk
  let site: Site
  let backup: string

  beforeAll(async () => {
    demo = await startDemoSite()
    desk = await Desk.open()
    site = await know(desk, demo, { name: NAME, colour: 'teal' })
    const { context, runner } = desk.console.application.console
    const made = await runner.settled(must(await makeBackup(context, runner, site, 'system')).id)
    backup = archiveReport.parse(made.data).backup.path
  })
  afterEach(({ task }) => desk.tidy(task))
  afterAll(async () => {
    await desk?.[Symbol.asyncDispose]()
    await demo?.stop()
  })

  async function checks(): Promise<Page> {
    const query = new URLSearchParams({ backup, parts: 'all', step: 'checks' })
    const page = await desk.window({ at: `/sites/${site.id}/restore?${query}` })
    await heading(page, 'Checks before anything is changed').waitFor()
    return page
  }

  test('missing programs are installed by the exact commands that were confirmed, and it is planned again', async () => {
    // The distribution's tool stands in, as it would change this machine; until it ran, the server lacks a program.
    const [told, there] = [join(demo.folder, 'told'), join(demo.folder, 'installed')]
    Object.assign(demo.env, {
      'BASH_FUNC_command%%': `() { [[ $2 != python3 || -e ${there} ]] && builtin command "$@"; }`,
      'BASH_FUNC_apt-get%%': `() { printf 'apt-get %s\\n' "$*" >>${told}; touch ${there}; }`,
    })
    const page = await checks()
    await page.getByText(/^missing: python3/).waitFor()
    expect(await page.getByText(/cvd-backup packages/).count()).toBe(0)
    await shoot(page, 'packages-missing')
    expect(await accessible(page)).toEqual([])
    await button(page, 'Install what is missing…').click()
    const dialog = modal(page)
    const shown = (await dialog.locator('pre').textContent()) ?? ''
    expect(shown).toMatch(/^apt-get -qq update\napt-get -qq -y install python3( python3-venv)?$/)
    await shoot(page, 'packages-confirm')
    expect(await accessible(page)).toEqual([])
    const install = button(dialog, 'Install')
    await dialog.getByLabel('Reason').fill('a new server')
    expect(await install.isDisabled()).toBe(true)
    await dialog.getByLabel(/^Type the name/).fill(NAME)
    await install.click()
    await page.getByText(/checks passed, 1 with a warning/).waitFor()
    expect(readFileSync(told, 'utf8').trim()).toBe(shown)
    expect(await button(page, 'Install what is missing…').count()).toBe(0)
  })

  test('the owner that the backup names is shown, another one is planned, and the restore is of that one', async () => {
    // So that another user can reach its folder, as in /opt.
    chmodSync(demo.folder, 0o755)
    await demo.app.stop()
    for (const gone of ['app', 'data', 'config']) rmSync(join(demo.root, gone), { recursive: true })
    await inspectSite(desk.console.application.console.context, site)
    const page = await checks()
    const owner = page.getByLabel('Owner of the CVD data')
    // The demo's data is root's, who can log in: a backup cannot have it given to root.
    await page.getByText(/it is not known who is to own the CVD data: the backup names the user root/).waitFor()
    expect(await owner.inputValue()).toBe('')
    expect(await page.getByText(/--owner/).count()).toBe(0)
    await shoot(page, 'owner-unknown')
    expect(await accessible(page)).toEqual([])
    await owner.fill('Nobody')
    await page.getByText('Write user:group, such as cvdapp:www-data.').waitFor()
    expect(await button(page, 'Plan with this owner').isDisabled()).toBe(true)
    await owner.fill('daemon:daemon')
    await button(page, 'Plan with this owner').click()
    await page.getByText(/is given to daemon:daemon/).waitFor()
    expect(page.url()).toContain('owner=daemon%3Adaemon')
    // Another window, or this one reloaded, has the same plan.
    await page.reload()
    await page.getByText(/is given to daemon:daemon/).waitFor()
    expect(await owner.inputValue()).toBe('daemon:daemon')
    await shoot(page, 'owner-named')
    await page.getByRole('link', { name: 'Continue', exact: true }).click()
    await page.getByText(/is given to daemon:daemon/).waitFor()
    await page.getByRole('checkbox', { name: 'This is the right server: create what the site needs.' }).click()
    await page.getByText(/Nothing of the site is on this server, so nothing is lost/).waitFor()
    await page.getByText('Show as commands').click()
    await page.getByText(/cvd-backup restore system .* --new-server .*--owner daemon:daemon/).waitFor()
    await page.getByLabel('Reason').fill('a new server')
    await page.getByLabel(/^Type the name/).fill(NAME)
    // Its files have to be accepted as well, where nobody can say that they are what root had.
    for (const box of await page.getByRole('checkbox', { checked: false }).all()) await box.click()
    await shoot(page, 'owner-confirm')
    await button(page, `Restore ${NAME}`).click()
    await ended(page, 'The system backup was restored')
    await shoot(page, 'owner-restored')
    const users = ['', 'app', 'data/cvd.db', 'config/.env'].map((part) => statSync(join(demo.root, part)).uid)
    expect(users).toEqual(users.map(() => DAEMON))
    expect((await demo.app.health()).status).toBe(200)
  })
})
