/** Alerts and channels on their pages: what is wrong, who takes care of it, who is told; also when a site is silent. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type DemoSite, startDemoSite } from '../../src-main/demo/site.ts'
import type { Site } from '../../src-main/store/sites.ts'
import { accessible } from '../support/e2e/axe.ts'
import { know } from '../support/e2e/demo.ts'
import { Desk } from '../support/e2e/desk.ts'
import { keyboard, rows } from '../support/e2e/hands.ts'
import { button, follow, grid, heading, modal } from '../support/e2e/pages.ts'
import { shoot } from '../support/e2e/shoot.ts'
import { temptations } from '../support/e2e/viewer.ts'
import { fileFolder } from '../support/folder.ts'
import { webhookReceiver } from '../support/kit/webhook-receiver.ts'

const NAME = 'Depot East'
const { folder, remove } = fileFolder()
let demo: DemoSite
let desk: Desk
let site: Site

beforeAll(async () => {
  // Its keys stay when it is gone.
  demo = await startDemoSite({ folder })
  desk = await Desk.open()
  site = await know(desk, demo, { name: NAME, colour: 'violet' })
})
afterEach(({ task }) => desk.tidy(task))
afterAll(async () => {
  await desk?.[Symbol.asyncDispose]()
  await demo?.stop()
  remove()
})

test('what is wrong is found, acknowledged, withdrawn, remedied and cleared', async () => {
  const page = await desk.window({ at: `/sites/${site.id}/alerts` })
  await heading(page, 'Nobody has checked for alerts yet.').waitFor()
  await page.getByText('Nobody is told').waitFor()
  await page.getByText(/^Nothing yet\. An alert comes here/).waitFor()
  expect(await accessible(page)).toEqual([])
  await shoot(page, 'alerts-unknown')
  await follow(page, () => button(page, 'Check now').click(), 'Check for alerts:')
  const open = page.getByRole('region', { name: 'Open' }).getByRole('listitem')
  const missing = open.filter({ hasText: 'There is no usable database backup.' })
  await missing.getByText('Error').waitFor()
  const badge = page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: /^Alerts/ })
  const count = async () => Number(/\d+/.exec((await badge.textContent()) ?? '')?.[0] ?? 0)
  const before = await count()
  expect(before).toBe(await open.count())
  expect(await page.getByText('cvd-backup').count()).toBe(0)
  expect(await accessible(page)).toEqual([])
  await shoot(page, 'alerts-open')

  const hands = keyboard(page)
  await hands.press(button(missing, /^Acknowledge/))
  await modal(page).getByLabel('Reason').and(page.locator(':focus')).waitFor()
  expect(await button(modal(page), 'Acknowledge').isDisabled()).toBe(true)
  await page.keyboard.type('The server is new')
  expect(await accessible(page)).toEqual([])
  await shoot(page, 'alerts-acknowledge')
  await page.keyboard.press('Enter')
  await modal(page).waitFor({ state: 'detached' })
  await missing.getByText(/Acknowledged by .*, until \d{4}-.*: The server is new/).waitFor()
  await expect.poll(count).toBe(before - 1)
  await shoot(page, 'alerts-acknowledged')
  await button(missing, /^Withdraw/).click()
  await expect.poll(count).toBe(before)

  await follow(page, () => button(missing, 'Make a database backup').click(), 'Database backup: succeeded')
  await follow(page, () => button(page, 'Check now').click(), 'Check for alerts:')
  await missing.waitFor({ state: 'detached' })
  await rows(grid(page, 'Alerts that were cleared')).filter({ hasText: 'no usable database backup' }).waitFor()
  await shoot(page, 'alerts-cleared')
})

test('all sites are on one page: filtered, searched, opened by keyboard', async () => {
  const page = await desk.window()
  await grid(page, 'Sites').waitFor()
  await page.keyboard.press('g')
  await page.keyboard.press('l')
  const list = grid(page, 'Open alerts')
  await rows(list).first().waitFor()
  const all = await rows(list).count()
  expect(await accessible(page)).toEqual([])
  await shoot(page, 'alerts-fleet')
  await page.getByRole('searchbox', { name: 'Search alerts' }).fill('nothing like that')
  await page.getByText('No matching alerts').waitFor()
  await page.getByRole('searchbox', { name: 'Search alerts' }).fill('schedule east')
  await expect.poll(() => rows(list).count()).toBe(1)
  await page.getByRole('combobox', { name: 'Severity' }).click()
  await page.getByRole('option', { name: 'Errors', exact: true }).click()
  await page.getByText('No matching alerts').waitFor()
  await page.getByRole('searchbox', { name: 'Search alerts' }).fill('')
  await page.getByRole('combobox', { name: 'Severity' }).click()
  await page.getByRole('option', { name: 'Errors and warnings' }).click()
  await expect.poll(() => rows(list).count()).toBe(all)
  await rows(list).first().focus()
  await page.keyboard.press('Enter')
  await heading(page, /./).waitFor()
  expect(page.url()).toContain(`/sites/${site.id}/alerts`)
})

test('a channel is added, tried, changed and removed, and its address is never shown again', async () => {
  let status = 200
  const hook = await webhookReceiver((response) => {
    response.statusCode = status
    response.end('ok')
  })
  const page = await desk.window({ at: `/sites/${site.id}/alerts` })
  const told = page.getByRole('region', { name: 'Who is told' })
  await button(told, 'Add a channel…').click()
  const dialog = modal(page)
  const choose = async (label: string, option: string) => {
    await dialog.getByRole('combobox', { name: label }).click()
    await page.getByRole('option', { name: option }).click()
  }
  await shoot(page, 'channel-add')
  await choose('How', 'Mail, through a mail server (SMTP)')
  await shoot(page, 'channel-smtp')
  await choose('How', 'Slack')
  await button(dialog, 'Add channel').click()
  await dialog.getByText('This is needed.').waitFor()
  await dialog.getByLabel('Address').fill('not an address')
  await dialog.getByText(/begins with https/).waitFor()
  expect(await accessible(page)).toEqual([])
  const address = `http://127.0.0.1:${hook.port}/services/T0/a-secret-word`
  await dialog.getByLabel('Address').fill(address)
  await button(dialog, 'Add channel').click()
  await dialog.waitFor({ state: 'detached' })
  const slack = told.getByRole('listitem').filter({ hasText: 'slack' })
  await slack.getByText('Nothing was sent by it yet').waitFor()
  await button(slack, 'Send a test').click()
  await slack.getByText('Works').waitFor()
  expect(hook.received.map(({ path }) => path)).toEqual(['/services/T0/a-secret-word'])
  expect(await accessible(page)).toEqual([])
  await shoot(page, 'channels')

  await button(slack, /^Change/).click()
  await choose('What is sent', 'Errors only')
  await button(dialog, 'Save').click()
  await dialog.waitFor({ state: 'detached' })
  await slack.getByText('errors only').waitFor()
  status = 500
  await button(slack, 'Send a test').click()
  await slack.getByText('The last message did not leave').waitFor()
  await shoot(page, 'channels-failing')
  expect(await page.content()).not.toContain('a-secret-word')

  await button(slack, /^Remove/).click()
  await dialog.getByText('It is the last one: nobody is told').waitFor()
  await button(dialog, 'Remove').click()
  await told.getByText('Nobody is told').waitFor()
})

test('a viewer sees the alerts, and why they cannot be acknowledged here', async () => {
  const page = await desk.window({ role: 'viewer', at: `/sites/${site.id}/alerts` })
  const first = page.getByRole('region', { name: 'Open' }).getByRole('listitem').first()
  const acknowledge = button(first, /^Acknowledge/)
  await acknowledge.waitFor()
  expect(await acknowledge.isDisabled()).toBe(true)
  await acknowledge.focus()
  await page.getByText('You are looking as a viewer; only administrators can do this.').waitFor()
  await page.getByText('Nobody is told').waitFor()
  expect(await temptations(page)).toEqual([])
})

// Only root can install a schedule.
test.runIf(process.getuid?.() === 0)('one click protects a site: its schedule, and a first backup', async () => {
  const page = await desk.window({ at: `/sites/${site.id}` })
  await page.getByText('Nothing backs this site up by itself.').waitFor()
  const protect = button(page, 'Protect it now')
  await expect.poll(() => protect.isEnabled()).toBe(true)
  expect(await accessible(page)).toEqual([])
  await shoot(page, 'site-unprotected')
  await Promise.all([page.getByText('Database backup: succeeded').first().waitFor(), protect.click()])
  await page.getByText('Nothing backs this site up by itself.').waitFor({ state: 'detached' })
  await page
    .getByRole('link', { name: /^Alerts \d/ })
    .last()
    .click()
  await page.getByText(/It does so by itself: every hour\./).waitFor()
  await follow(page, () => button(page, 'Check now').click(), 'Check for alerts:')
  await page.getByText(/^The server last checked itself/).waitFor()
  await rows(grid(page, 'Alerts that were cleared')).filter({ hasText: 'No schedule is installed' }).waitFor()
  await shoot(page, 'alerts-protected')
})

test('a site that does not answer is silent: said by its verdict, its alert and the fleet, and acknowledged here', async () => {
  await demo.kitCommand('policy', 'backup_max_age=1')
  const { fleet } = desk.console.application
  await fleet.refresh(site, true)
  await demo.stop()
  const page = await desk.window({ at: `/sites/${site.id}/alerts` })
  const silent = page
    .getByRole('region', { name: 'Open' })
    .getByRole('listitem')
    .filter({ hasText: 'The site has not answered for' })
  await silent.getByText(/noticed by this console/).waitFor()
  await page.getByText('The site does not answer now.').waitFor()
  expect(await accessible(page)).toEqual([])
  await shoot(page, 'alerts-silent')
  await button(silent, /^Acknowledge/).click()
  await modal(page).getByLabel('Reason').fill('It is being moved')
  await button(modal(page), 'Acknowledge').click()
  await silent.getByText(/Acknowledged by .*: It is being moved/).waitFor()
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Fleet' }).click()
  await grid(page, 'Sites').waitFor()
  await shoot(page, 'fleet-silent')
})
