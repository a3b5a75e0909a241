/** The page of a site's policy: two people at once, contradictions while one types, profiles, and copying to another site. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type DemoSite, startDemoSite } from '../../src-main/demo/site.ts'
import type { Site } from '../../src-main/store/sites.ts'
import { accessible } from '../support/e2e/axe.ts'
import { know } from '../support/e2e/demo.ts'
import { Desk } from '../support/e2e/desk.ts'
import { button, heading, modal } from '../support/e2e/pages.ts'
import { shoot } from '../support/e2e/shoot.ts'

const NAME = 'Depot Centre'
let demo: DemoSite
let other: DemoSite
let desk: Desk
let site: Site

beforeAll(async () => {
  const sites = await Promise.all([startDemoSite(), startDemoSite()])
  demo = sites[0]
  other = sites[1]
  desk = await Desk.open()
  site = await know(desk, demo, { name: NAME, colour: 'violet' })
  await know(desk, other, { name: 'Depot Far', colour: 'lime' })
})
afterEach(({ task }) => desk.tidy(task))
afterAll(async () => {
  await desk?.[Symbol.asyncDispose]()
  await Promise.all([demo?.stop(), other?.stop()])
})

const saved = (of: DemoSite = demo) => readFileSync(join(of.state, 'policy'), 'utf8').split('\n')
const field = (page: Page, name: string) => page.getByRole('textbox', { name, exact: true })
const unsaved = (page: Page) => page.getByRole('region', { name: 'Changes that are not saved' })

async function open(role: 'admin' | 'viewer' = 'admin'): Promise<Page> {
  const page = await desk.window({ role, at: `/sites/${site.id}/policy` })
  await page.getByRole('heading', { name: 'Verifying backups' }).waitFor()
  return page
}

async function save(page: Page): Promise<void> {
  await button(page, 'Save…').click()
  await button(modal(page), 'Save').click()
  await modal(page).waitFor({ state: 'detached' })
  await unsaved(page).waitFor({ state: 'detached' })
}

test('values are in the units of people, and what contradicts them is said while they are typed', async () => {
  const page = await open()
  await expect.poll(() => field(page, 'Newest database backup').inputValue()).toBe('4')
  expect(await accessible(page)).toEqual([])
  await shoot(page, 'policy')
  const contradiction = page
    .getByText(/made every 2 hours and is too old after 60 minutes: it is overdue between/)
    .first()
  await field(page, 'Newest database backup').fill('1')
  await contradiction.waitFor()
  await field(page, 'Reading older backups').fill('2000')
  await page.getByText('At most 1440 minutes.').waitFor()
  expect(await button(page, 'Save…').isDisabled()).toBe(true)
  await field(page, 'Reading older backups').fill('45')
  await field(page, 'Newest database backup').fill('3')
  await contradiction.waitFor({ state: 'detached' })
  await button(page, 'Save…').click()
  await modal(page).getByRole('row', { name: 'Newest database backup 4 hours 3 hours' }).waitFor()
  expect(await accessible(page)).toEqual([])
  await shoot(page, 'policy-save')
  await button(modal(page), 'Save').click()
  await modal(page).waitFor({ state: 'detached' })
  await unsaved(page).waitFor({ state: 'detached' })
  expect(saved()).toEqual(expect.arrayContaining(['backup_max_age=10800', 'verify_budget=45']))
  await page.getByText('Set here; default: 4 hours').waitFor()
})

test('of two people who change it at once, the second sees what the first did, and nothing is overwritten', async () => {
  const [page, second] = [await open(), await open()]
  await field(page, 'Newest system backup').fill('100')
  await field(second, 'Disk lasts at least').fill('21')
  await field(second, 'Newest system backup').fill('120')
  await save(page)
  expect(saved()).toContain('system_max_age=360000')
  await button(second, 'Save…').click()
  await modal(second)
    .getByText(/has changed the policy while you were at it/)
    .waitFor()
  await modal(second).getByRole('row', { name: 'Newest system backup 192 hours 100 hours' }).waitFor()
  expect(await button(modal(second), 'Save').isDisabled()).toBe(true)
  expect(await accessible(second)).toEqual([])
  await shoot(second, 'policy-conflict')
  expect(saved().join()).not.toContain('alert_runway=21')
  await button(modal(second), 'Keep theirs, and my changes on top').click()
  await modal(second).getByRole('row', { name: 'Newest system backup 100 hours 120 hours' }).waitFor()
  await button(modal(second), 'Save').click()
  await modal(second).waitFor({ state: 'detached' })
  await unsaved(second).waitFor({ state: 'detached' })
  expect(saved()).toEqual(expect.arrayContaining(['system_max_age=432000', 'alert_runway=21']))
  await expect.poll(() => field(page, 'Newest system backup').inputValue()).toBe('120')
})

test('a profile fills the fields and saves nothing; discarding takes it back', async () => {
  const page = await open()
  const before = saved()
  await button(page, 'Apply a profile').click()
  await page.getByRole('menuitem', { name: /^Hourly/ }).click()
  await unsaved(page)
    .getByText(/changes are not saved/)
    .waitFor()
  await page.getByText('3 days, and 30 daily, 8 weekly, 12 monthly').waitFor()
  expect(saved()).toEqual(before)
  await button(page, 'Discard').click()
  await unsaved(page).waitFor({ state: 'detached' })
})

test('the policy is copied to another site, except what belongs to a server', async () => {
  const page = await open()
  const roots = saved(other).filter((line) => /^(root|health|service)/.test(line))
  await button(page, 'Copy to other sites…').click()
  await modal(page).getByRole('checkbox', { name: 'Depot Far' }).check()
  await modal(page)
    .getByText(/Newest system backup: 192 hours →/)
    .waitFor()
  expect(await accessible(page)).toEqual([])
  await button(modal(page), 'Copy to 1 site').click()
  await modal(page).getByText('Copied', { exact: true }).waitFor()
  expect(saved(other)).toEqual(expect.arrayContaining(['system_max_age=432000', 'verify_budget=45', ...roots]))
})

test('a viewer sees every value, and each control says why it cannot be changed', async () => {
  const page = await open('viewer')
  const age = field(page, 'Newest system backup')
  expect(await age.inputValue()).toBe('120 hours')
  expect(await page.getByRole('main').locator('input:not([readonly])').count()).toBe(0)
  await age.focus()
  await page.getByText('You are looking as a viewer; only administrators can do this.').waitFor()
  for (const name of ['Apply a profile', 'Copy to other sites…'])
    expect(await button(page, name).isDisabled()).toBe(true)
  await heading(page, /The policy has/).waitFor()
})
