/** The timeline of a site: a lane for each kind, gaps as gaps, one stop for the Tab key, and marks large enough for a finger. */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { prepareDemo } from '../../src-main/demo/history.ts'
import { type DemoSite, startDemoSite } from '../../src-main/demo/site.ts'
import type { Site } from '../../src-main/store/sites.ts'
import { accessible, smallTargets } from '../support/e2e/axe.ts'
import { Desk } from '../support/e2e/desk.ts'
import { heading } from '../support/e2e/pages.ts'
import { shoot } from '../support/e2e/shoot.ts'
import { must } from '../support/server-desk.ts'

let demo: DemoSite
let desk: Desk
let site: Site

beforeAll(async () => {
  demo = await startDemoSite()
  desk = await Desk.open()
  site = await prepareDemo(desk.console.application.console, demo)
  for (const kind of ['application', 'config', 'systemd', 'system']) await demo.kitCommand(kind)
  // Many on one day, which share a mark.
  const folder = join(demo.root, 'backups/app')
  const [made] = execFileSync('ls', [folder], { encoding: 'utf8' })
    .split('\n')
    .filter((name) => /^cvd_config/.test(name))
  for (let minute = 10; minute < 40; minute += 1) {
    const name = join(folder, `cvd_config_20260101_00${minute}00.tar.gz`)
    execFileSync('cp', [join(folder, made ?? ''), name])
    execFileSync('touch', ['-d', `2026-01-01 00:${minute}:00`, name])
  }
  // One each day, and none since.
  const [unit] = execFileSync('ls', [folder], { encoding: 'utf8' })
    .split('\n')
    .filter((name) => /^cvd_systemd/.test(name))
  execFileSync('mv', [join(folder, unit ?? ''), join(folder, 'cvd_systemd_20260201_030000.tar.gz')])
  for (let day = 1; day <= 5; day += 1) {
    const name = join(folder, `cvd_systemd_2026020${day}_030000.tar.gz`)
    if (day > 1) execFileSync('cp', [join(folder, 'cvd_systemd_20260201_030000.tar.gz'), name])
    execFileSync('touch', ['-d', `2026-02-0${day} 03:00:00`, name])
  }
  must(await desk.console.application.fleet.refresh(site, true))
})
afterEach(({ task }) => desk.tidy(task))
afterAll(async () => {
  await desk?.[Symbol.asyncDispose]()
  await demo?.stop()
})

const lane = (page: Page, kind: string) => page.getByRole('list', { name: `${kind} backups, oldest first` })

async function open(): Promise<Page> {
  const page = await desk.window({ at: `/sites/${site.id}` })
  await lane(page, 'Database').getByRole('link').first().waitFor()
  return page
}

test('every kind has a lane, every backup a mark or a place in a group, and the longest gap is said', async () => {
  const page = await open()
  for (const kind of ['Database', 'Application', 'Configuration', 'systemd units', 'Whole system']) {
    await lane(page, kind).getByRole('listitem').first().waitFor()
  }
  await lane(page, 'Configuration')
    .getByRole('button', { name: /^30 backups: 0 verified, 2026-01-01 00:10:00/ })
    .waitFor()
  await page.getByText(/Longest gap of the last week: \d+ (hours|days), from \d{4}-/).waitFor()
  await page.getByText('about every 24 h').waitFor()
  await page.getByText('Later than usual: systemd units').waitFor()
  expect(await page.getByText(/^about every/).count()).toBe(1)
  await shoot(page, 'timeline')
  expect(await accessible(page)).toEqual([])
})

test.each([640, 1280, 1920])(
  'at %i pixels no mark is too small for a finger, or too close to another (G5)',
  async (width) => {
    const page = await open()
    await page.setViewportSize({ width, height: 900 })
    expect(await smallTargets(page, 'main')).toEqual([])
  },
)

test('by keyboard it is one stop; arrows go along a lane and to the next one, and Enter opens the backup', async () => {
  const page = await open()
  const stops = page.locator('[data-mark][tabindex="0"]')
  expect(await stops.count()).toBe(1)
  const newest = lane(page, 'Database').getByRole('listitem').last().locator('[data-mark]')
  await newest.waitFor()
  await newest.focus()
  await page.keyboard.press('ArrowLeft')
  await lane(page, 'Database').getByRole('listitem').nth(-2).locator('[data-mark]:focus').waitFor()
  await page.keyboard.press('End')
  await newest.and(page.locator(':focus')).waitFor()
  await page.keyboard.press('ArrowDown')
  await lane(page, 'Application').locator('[data-mark]:focus').waitFor()
  await page.keyboard.press('ArrowDown')
  await lane(page, 'Configuration').locator('[data-mark]:focus').waitFor()
  await page.keyboard.press('ArrowUp')
  expect(await stops.count()).toBe(1)
  await page.keyboard.press('Enter')
  await heading(page, /^cvd_app_/).waitFor()
})

test('a mark says in full what it is', async () => {
  const page = await open()
  const mark = lane(page, 'Whole system').getByRole('link')
  await mark.hover()
  const words = /^cvd_system_\S+, Whole system, Manual, Verified, \d{4}-\d\d-\d\d \d\d:\d\d:\d\d .*, [\d.]+ [KM]B$/
  await page.getByText(words).last().waitFor()
  expect(await mark.textContent()).toMatch(words)
})
