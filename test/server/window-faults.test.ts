/** The window in Chromium with a real server: faults, another machine that answers, and a viewer. */
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Site } from '../../src-main/store/sites.ts'
import { acceptButton, fillAddress, step } from '../support/e2e/add-site.ts'
import { accessible } from '../support/e2e/axe.ts'
import { Desk } from '../support/e2e/desk.ts'
import { mouse, rows } from '../support/e2e/hands.ts'
import { confirmRestore, type Job, planRestore, readPlan } from '../support/e2e/job.ts'
import { backUp } from '../support/e2e/others.ts'
import { button, ended, fact, grid, heading } from '../support/e2e/pages.ts'
import { knowServer } from '../support/e2e/server.ts'
import { temptations } from '../support/e2e/viewer.ts'
import { change, clearFailpoint, database, leftovers, paused, setFailpoint } from '../support/restores.ts'
import { setPolicy } from '../support/server-desk.ts'
import { logins, otherHostKeys } from '../support/server-logins.ts'
import { sharedServers } from '../support/servers/shared.ts'

const NAME = 'Depot North'
const { north } = sharedServers()
let desk: Desk
let site: Site
let backup: string

beforeAll(async () => {
  await north.reset()
  desk = await Desk.open()
  site = await knowServer(desk, north, NAME)
  backup = await backUp(desk, site)
})
beforeEach(() => change(north, 'DELETE FROM devices WHERE id > 40'))
afterEach(async ({ task }) => {
  clearFailpoint(north)
  await north.restoreLink()
  await desk.tidy(task)
})
afterAll(async () => {
  await desk?.[Symbol.asyncDispose]()
  await north.reset()
})

const services = () => desk.console.application.console.context
const devices = () => north.query('SELECT count(*) FROM devices')
const at = (page: Page, address: string) => page.goto(`${page.url().split('#')[0]}#${address}`)
const running = (page: Page) => heading(page, 'Restore running')

async function jobOn(): Promise<Job> {
  const page = await desk.window({ at: `/sites/${site.id}` })
  return { page, hands: mouse(page), name: NAME }
}

test('a cable pulled in the middle of a restore: nothing is claimed, then the true outcome is shown', async () => {
  const job = await jobOn()
  const { page } = job
  const clock = page.getByRole('timer', { name: 'Downtime' })
  await setFailpoint(north, 'keeping pause')
  await planRestore(job, { devices: { lost: 0, back: 8 } })
  await confirmRestore(job, 'The cable is pulled')
  await paused(north)
  await page.getByText('The service is stopped.').waitFor()
  await north.dropLink()
  // As when a laptop wakes up: probe the server now, not once a minute.
  await services().links.probe()
  const broke = page.getByText('Connection lost. The operation continues on the server.')
  await broke.waitFor()
  clearFailpoint(north)
  await north.waitHealthy()
  expect(await devices()).toBe('48')
  // The server has finished, and nobody here can know.
  const unknowing = async () => {
    expect(await heading(page, 'Connection lost during the restore').isVisible()).toBe(true)
    expect(await broke.isVisible()).toBe(true)
    expect(await clock.textContent()).toBe('Unknown')
    expect(await page.getByText(/The service (is stopped|runs)/).count()).toBe(0)
  }
  await unknowing()
  await page.reload()
  await broke.waitFor()
  await unknowing()
  await north.restoreLink()
  await ended(page, 'The database was restored')
  expect(await fact(page, 'Health').textContent()).toContain('Healthy')
  expect(await fact(page, 'Downtime').textContent()).toMatch(/^(\d+ min )?[\d.]+ m?s$/)
  expect(await leftovers(north)).toBe('')
})

test('a restored state that does not become healthy is visibly rolled back', async () => {
  const job = await jobOn()
  const { page } = job
  const sick = 'cvd_backup_20260101_000000.db'
  const file = `/opt/cvd/backups/${sick}`
  await north.must(
    `sqlite3 ${database} ".timeout 10000" ".backup ${file}" && sqlite3 ${file} "UPDATE users SET is_active = 0; PRAGMA journal_mode=delete"`,
  )
  // Long enough for the old state to start on a busy machine: that is how long its health is waited for.
  await setPolicy(services(), site, { health_timeout: '15' })
  await button(page, 'More actions').click()
  await page.getByRole('menuitem', { name: 'Check now' }).click()
  await page.getByRole('link', { name: /^Backups/ }).click()
  await rows(grid(page, `Backups of ${NAME}`))
    .getByRole('link', { name: sick })
    .click()
  await button(page, 'Restore this…').click()
  // Its expected values were not recorded: two checks need attention.
  await readPlan(job, {}, /^(Passed|Warning)/)
  await confirmRestore(job, 'Somebody is mistaken')
  const steps = page.getByRole('list', { name: 'Steps' }).getByRole('listitem')
  await running(page).waitFor()
  await steps.filter({ hasText: 'Roll back' }).waitFor()
  await ended(page, 'The restore was rolled back: the previous state is running')
  expect(await page.getByRole('alert').first().textContent()).toMatch(/healthy/)
  expect(await fact(page, 'Outcome').textContent()).toBe('Rolled back')
  expect(await fact(page, 'Health').textContent()).toContain(`Healthy ${north.probe} answered 200`)
  expect(await button(page, /Undo/).count()).toBe(0)
  expect(await devices()).toBe('40')
  expect(await north.query('SELECT sum(is_active) > 0 FROM users')).toBe('1')
  expect((await north.health()).status).toBe(200)
  await north.writes(2)
  expect(await leftovers(north)).toBe('')
  expect(await accessible(page)).toEqual([])
})

test('a viewer sees the site, and no control changes it', async () => {
  const operations = () => north.must('ls /var/lib/cvd-backup/operations /opt/cvd/backups')
  const before = await operations()
  const page = await desk.window({ role: 'viewer', at: `/sites/${site.id}` })
  await page.getByText('Viewer', { exact: true }).waitFor()
  const pages: readonly [string, () => Promise<unknown>][] = [
    ['', () => page.getByRole('heading', { name: 'Database' }).waitFor()],
    ['/backups', () => grid(page, `Backups of ${NAME}`).waitFor()],
    [`/backups/${encodeURIComponent(backup)}`, () => grid(page, 'Tables in the backup').waitFor()],
    ['/operations', () => grid(page, 'Finished operations').waitFor()],
    ['/connection', () => page.getByText('Machine ID').waitFor()],
    ['/restore', () => page.getByText('A viewer cannot restore.').waitFor()],
  ]
  for (const [address, there] of pages) {
    await at(page, `/sites/${site.id}${address}`)
    await there()
    expect([address, await temptations(page)]).toEqual([address, []])
  }
  await at(page, `/sites/${site.id}`)
  for (const name of ['Back up now', 'Verify', 'Restore…']) {
    await button(page, name).focus()
    await page.keyboard.press('Enter')
    await page.getByText('You are looking as a viewer; only administrators can do this.').first().waitFor()
  }
  expect(await operations()).toBe(before)
})

test('a changed host key is refused on every page, and no button accepts it', async () => {
  const taking = /accept|compared|trust|same|continue/i
  const page = await desk.window({ at: `/sites/${site.id}` })
  await button(page, 'Back up now').waitFor()
  await using _keys = await otherHostKeys(north)
  const shown = (await north.must('ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub')).split(' ')[1] ?? ''
  const before = await logins(north)
  const refused = page.getByRole('alert').filter({ hasText: 'has changed' }).first()
  await button(page, 'Back up now').click()
  await refused.getByText('Do not connect.').waitFor()
  const words = await refused.textContent()
  expect(shown).not.toBe(north.hostKeyFingerprint)
  for (const key of [shown, north.hostKeyFingerprint]) expect(words).toContain(key)
  expect(await button(page, taking).count()).toBe(0)

  const key = step(page, 'Host key').getByText('has changed').first()
  await at(page, `/sites/${site.id}/connection`)
  await button(page, 'Test connection').click()
  await key.waitFor()
  expect(await button(page, taking).count()).toBe(0)
  await at(page, '/add-site')
  await fillAddress(page, { host: north.address, port: north.port, user: north.user, keyFile: north.keyFile })
  await button(page, 'Test connection').click()
  await key.waitFor()
  expect(await acceptButton(page).count()).toBe(0)
  expect(await button(page, taking).count()).toBe(0)
  expect(await logins(north)).toBe(before)
  expect(await accessible(page)).toEqual([])
})
