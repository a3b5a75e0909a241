/** The page of a site's retention: what the rules keep while they are typed, saving them, and rotating with the numbers in sight. */
import { copyFileSync, existsSync, readdirSync, readFileSync, utimesSync } from 'node:fs'
import { basename, join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type DemoSite, startDemoSite } from '../../src-main/demo/site.ts'
import type { Site } from '../../src-main/store/sites.ts'
import { accessible } from '../support/e2e/axe.ts'
import { know } from '../support/e2e/demo.ts'
import { Desk } from '../support/e2e/desk.ts'
import { rows } from '../support/e2e/hands.ts'
import { backUp } from '../support/e2e/others.ts'
import { button, follow, grid, heading, modal } from '../support/e2e/pages.ts'
import { shoot } from '../support/e2e/shoot.ts'

const NAME = 'Depot West'
/** Older backups, a day apart. */
const OLDER = 40
let demo: DemoSite
let desk: Desk
let site: Site

const two = (value: number) => String(value).padStart(2, '0')

/** Copies of a backup with names of the runbook, one of each of the last days. */
function putOlder(newest: string): void {
  for (let days = 1; days <= OLDER; days += 1) {
    const at = new Date(Date.now() - days * 86_400_000)
    const date = `${at.getFullYear()}${two(at.getMonth() + 1)}${two(at.getDate())}`
    const file = join(demo.root, 'backups', `cvd_auto_${date}_120000.db.gz`)
    copyFileSync(newest, file)
    utimesSync(file, at, at)
  }
}

beforeAll(async () => {
  demo = await startDemoSite()
  desk = await Desk.open()
  site = await know(desk, demo, { name: NAME, colour: 'amber' })
  const made = await backUp(desk, site)
  putOlder(join(demo.root, 'backups', basename(made)))
  await desk.console.application.fleet.refreshAfter(site)
})
afterEach(({ task }) => desk.tidy(task))
afterAll(async () => {
  await desk?.[Symbol.asyncDispose]()
  await demo?.stop()
})

const policyFile = () => readFileSync(join(demo.state, 'policy'), 'utf8')
const automatic = () => readdirSync(join(demo.root, 'backups')).filter((name) => name.startsWith('cvd_auto_'))

test('the rules are tried on the real history while they are typed, saved, and then rotation does the same', async () => {
  const page = await desk.window({ at: `/sites/${site.id}/retention` })
  const decisions = grid(page, 'Decisions')
  await heading(page, /The rules keep 3\d of 41 backups/).waitFor()
  expect(await accessible(page)).toEqual([])
  await shoot(page, 'retention')

  const field = (name: string) => page.getByLabel(`Database backups: ${name}`, { exact: true })
  await field('days').fill('')
  await page.getByText('Whole numbers; the days are required.').waitFor()
  await page.getByText('Correct the marked fields first.').first().waitFor()
  expect(await button(page, 'Save…').isDisabled()).toBe(true)
  // What is no rule deletes nothing.
  await heading(page, 'The rules keep all 41 backups.').waitFor()
  expect(await accessible(page)).toEqual([])

  await field('days').fill('10')
  await field('weekly').fill('4')
  await page.getByText('was 30 days, at most 200').waitFor()
  const title = heading(page, /The rules keep 1\d of 41 backups and free/)
  await title.waitFor()
  const kept = Number(/keep (\d+) of/.exec((await title.textContent()) ?? '')?.[1])
  expect(policyFile()).toContain('retention_database=days 30 most 200\n')
  await page.getByRole('combobox', { name: 'Show' }).click()
  await page.getByRole('option', { name: `Deleted (${41 - kept})` }).click()
  expect(await rows(decisions).count()).toBe(41 - kept)
  await decisions
    .getByText(/is \d+ days old; backups of this kind are kept for 10 days/)
    .first()
    .waitFor()
  await shoot(page, 'retention-typed')

  await button(page, 'Save…').click()
  await modal(page)
    .getByRole('row', { name: /30 days, at most 200 10 days, at most 200, and 4 weekly/ })
    .waitFor()
  expect(await accessible(page)).toEqual([])
  await button(modal(page), 'Save').click()
  await modal(page).waitFor({ state: 'detached' })
  await page.getByRole('region', { name: 'Changes that are not saved' }).waitFor({ state: 'detached' })
  expect(policyFile()).toContain('retention_database=days 10 most 200 weekly 4')

  await button(page, 'Rotate now…').click()
  await modal(page)
    .getByText(new RegExp(`^${41 - kept} backups \\(.*\\) will be deleted for good, and ${kept} kept`))
    .waitFor()
  expect(await accessible(page)).toEqual([])
  expect(automatic()).toHaveLength(OLDER)
  const confirm = button(modal(page), `Delete ${41 - kept} backups`)
  expect(await confirm.isDisabled()).toBe(true)
  await modal(page)
    .getByLabel(/^Type the name/)
    .fill(NAME)
  await follow(page, () => confirm.click(), 'Rotation: succeeded')
  expect(automatic()).toHaveLength(kept - 1)
  await heading(page, `The rules keep all ${kept} backups.`).waitFor()
})

test('a viewer sees what is kept and why, and each field says that it cannot be changed', async () => {
  const page = await desk.window({ role: 'viewer', at: `/sites/${site.id}/retention` })
  await rows(grid(page, 'Decisions')).first().waitFor()
  const days = page.getByLabel('Database backups: days', { exact: true })
  expect(await days.getAttribute('readonly')).not.toBeNull()
  await days.focus()
  await page.getByText('You are looking as a viewer; only administrators can do this.').waitFor()
  expect(await button(page, 'Rotate now…').isDisabled()).toBe(true)
  expect(existsSync(join(demo.state, 'policy'))).toBe(true)
})
