/** The user's question: which backup is from before the accident? Also with a site that is down. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type DemoSite, startDemoSite } from '../../src-main/demo/site.ts'
import { makeBackup } from '../../src-main/operations/make-backup.ts'
import { formatTime } from '../../src-shared/domain/format.ts'
import { accessible } from '../support/e2e/axe.ts'
import { know, orders, sql } from '../support/e2e/demo.ts'
import { Desk } from '../support/e2e/desk.ts'
import { rows } from '../support/e2e/hands.ts'
import { button, ended, grid, heading } from '../support/e2e/pages.ts'
import { shoot } from '../support/e2e/shoot.ts'
import { waitUntil } from '../support/wait.ts'

const NAME = 'Depot North'
let site: DemoSite
let desk: Desk
let id: string
/** When the orders were deleted, and how many. */
let accident: number
let lost: number

/** Waits until the clock shows a later second: times of backups have whole seconds. */
async function nextSecond(): Promise<number> {
  const second = Math.floor(Date.now() / 1000) + 1
  await waitUntil('the next second', async () => Date.now() > second * 1000)
  return second * 1000
}

beforeAll(async () => {
  site = await startDemoSite({ databaseMb: 4 })
  desk = await Desk.open()
  id = (await know(desk, site, { name: NAME, colour: 'teal' })).id
  await site.kitCommand('database')
  accident = await nextSecond()
  lost = orders(site)
  sql(site, 'DELETE FROM service_orders WHERE id <= 200')
  await nextSecond()
  await site.kitCommand('database')
})
afterEach(({ task }) => desk.tidy(task))
afterAll(async () => {
  await desk?.[Symbol.asyncDispose]()
  await site?.stop()
})

/** As the server's clock shows it. */
const shown = (at: number) => formatTime(at, Intl.DateTimeFormat().resolvedOptions().timeZone).slice(0, 19)

async function choose() {
  const page = await desk.window({ at: `/sites/${id}/restore` })
  await heading(page, 'Choose a backup').waitFor()
  await rows(grid(page, 'Backups to choose from')).nth(1).waitFor()
  return page
}

test('without a time, the newest backup is described as such, and not proposed', async () => {
  const page = await choose()
  await page.getByText(/^The newest backup is from/).waitFor()
  await page.getByText(/If the damage is older than that, this backup contains it as well/).waitFor()
  expect(await page.getByRole('link', { name: 'Use this backup' }).count()).toBe(0)
  // The sentence and the first row agree about the backup.
  const sentence = (await page.getByText(/^You would lose the last .*If the damage/).textContent()) ?? ''
  const span = /the last (\d+ \w+)\./.exec(sentence)?.[1]
  const row = (await rows(grid(page, 'Backups to choose from')).first().textContent()) ?? ''
  expect([sentence, row.includes(`${span}`)]).toEqual([sentence, true])
  expect(await accessible(page)).toEqual([])
  await shoot(page, 'restore-choose')
})

test('the search finds the backup that holds the rows, skipping the one from after the accident', async () => {
  const page = await choose()
  await page.getByRole('combobox', { name: 'What is wrong?' }).click()
  await page.getByRole('option', { name: 'Rows are missing' }).click()
  await page.getByRole('combobox', { name: 'Where?' }).click()
  await page.getByRole('option', { name: 'service_orders' }).click()
  await button(page, 'Find a backup from before').click()
  await page.getByText(new RegExp(`contains ${lost} rows missing now`)).waitFor({ timeout: 90_000 })
  const compared = page.getByRole('table', { name: 'Backups compared with the live database' }).getByRole('row')
  const cells = async (row: number) => await compared.nth(row).getByRole('cell').allTextContents()
  expect((await cells(1))[0]).toBe('0')
  expect((await cells(2))[0]).toBe(String(lost))
  expect(await accessible(page)).toEqual([])
  await shoot(page, 'restore-found')
  await page.getByRole('link', { name: 'Review its changes' }).click()
  await heading(page, 'What would change').waitFor()
  await page.getByText('service_orders').waitFor()
})

test('with a time, later backups are marked and not proposed', async () => {
  const page = await choose()
  await page.getByLabel('When did it happen?').fill(shown(accident))
  await page.getByText(`The newest backup from before ${shown(accident)} is from`).waitFor()
  const list = rows(grid(page, 'Backups to choose from'))
  expect(await list.nth(0).textContent()).toContain('After the accident')
  expect(await list.nth(1).textContent()).toContain('Before')
  await shoot(page, 'restore-moment')
  // If it is chosen anyway, every page says so.
  await list.nth(0).getByRole('link').click()
  await page.getByText(/^This backup may contain the damage/).waitFor()
  await heading(page, 'What would change').waitFor()
  await page.evaluate('history.back()')
  await page.getByRole('link', { name: 'Use this backup' }).click()
  await page.getByText('You would lose the last', { exact: true }).waitFor()
  expect(await page.getByText(/^This backup may contain the damage/).count()).toBe(0)
})

test('a backup in progress is mentioned', async () => {
  const page = await choose()
  const { context: services, runner } = desk.console.application.console
  const known = services.store.sites.byId(id)
  if (!known) throw new Error('the site is gone')
  await Promise.all([
    page.getByText('A backup is being made right now.').waitFor(),
    makeBackup(services, runner, known),
  ])
  await expect.poll(() => services.store.operations.unfinished(), { timeout: 60_000 }).toEqual([])
  await page.getByText('A backup is being made right now.').waitFor({ state: 'detached' })
})

test('an invalid time is reported as such', async () => {
  const page = await choose()
  await page.getByLabel('When did it happen?').fill('sometime')
  await page.getByText('Write 14:07, or 2026-11-24 14:07.').waitFor()
  expect(await button(page, 'Find a backup from before').isDisabled()).toBe(true)
})

test('a stopped search also ends on the server, and can be continued', async () => {
  const page = await choose()
  await button(page, 'Find a backup from before').click()
  await button(page, 'Stop').click()
  await page.getByText('The search was stopped.').waitFor()
  await expect.poll(() => readdirSync(join(site.state, 'work'))).toEqual([])
  await button(page, 'Continue searching').click()
  await page.getByText(/^The backup of .* contains/).waitFor({ timeout: 90_000 })
})

test('a site that is down is restored once the user states that it is', async () => {
  await site.app.stop()
  const page = await choose()
  await rows(grid(page, 'Backups to choose from')).last().getByRole('link').click()
  await page.getByRole('link', { name: 'Continue', exact: true }).click()
  await page.getByText('The restore is not possible: 1 of', { exact: false }).waitFor()
  expect(await page.getByRole('link', { name: 'Continue', exact: true }).count()).toBe(0)
  await shoot(page, 'restore-down')
  await page.getByRole('checkbox', { name: /^The site is down/ }).click()
  await page.getByRole('link', { name: 'Continue', exact: true }).click()
  await page.getByText('You said that the site is down').waitFor()
  await page.getByLabel('Reason').fill('Orders were deleted')
  await page.getByLabel(/^Type the name/).fill(NAME)
  await button(page, `Restore ${NAME}`).click()
  await ended(page, 'The database was restored')
  await page.getByText('The site was not healthy before').first().waitFor()
  expect(orders(site)).toBe(lost)
  expect((await site.app.health()).status).toBe(200)
})
