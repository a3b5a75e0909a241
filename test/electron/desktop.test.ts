/** What the desktop adds to the console, on a real desktop: shortcuts, tray, notifications, second starts, quitting. */
import { copyFileSync, mkdirSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest'
import { type DemoSite, startDemoSite } from '../../src-main/demo/site.ts'
import { acceptButton, checkWay, fillAddress, keep, proven } from '../support/e2e/add-site.ts'
import { orders, type Pause, pauseAt, sql } from '../support/e2e/demo.ts'
import { mouse, rows } from '../support/e2e/hands.ts'
import { confirmRestore, planRestore } from '../support/e2e/job.ts'
import { button, follow, grid, heading } from '../support/e2e/pages.ts'
import { give } from '../support/electron/account.ts'
import { DesktopConsole } from '../support/electron/console.ts'
import { Desktop } from '../support/electron/desktop.ts'
import {
  clickNotification,
  focus,
  isFocused,
  minimise,
  notifications,
  press,
  shown,
  windows,
} from '../support/electron/people.ts'
import { trayOf } from '../support/electron/tray.ts'

const NAME = 'Depot South'
const pictures = resolve(import.meta.dirname, '../../test-output/electron')
const stage = inject('electron')
let site: DemoSite
let desktop: Desktop
let console: DesktopConsole
let page: Page
/** The address of the site's page. */
let place: string

/** Manual backups. */
let made = 0

async function backUp(): Promise<void> {
  await follow(page, () => button(page, 'Back up now').click(), 'Database backup: succeeded')
  made += 1
}

beforeAll(async () => {
  mkdirSync(pictures, { recursive: true })
  ;[site, desktop] = await Promise.all([
    startDemoSite(),
    Desktop.start(stage.account, { notifications: true, panel: true }),
  ])
  console = new DesktopConsole(stage, desktop)
  page = await console.open()
  await page.getByRole('main').getByRole('link', { name: 'Add a site' }).click()
  const keyFile = join(desktop.home, 'login')
  copyFileSync(site.keyFile, keyFile)
  give(stage.account, keyFile)
  const { host, port, user, root, app } = site
  await fillAddress(page, { host, port, user, keyFile, root, health: app.healthUrl })
  await checkWay(page)
  await acceptButton(page).click()
  await proven(page)
  await keep(page, NAME)
  place = new URL(page.url()).hash
  await backUp()
})
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await desktop.picture(join(pictures, `failed-${task.id}.png`))
})
afterAll(async () => {
  await console?.[Symbol.asyncDispose]()
  await desktop?.[Symbol.asyncDispose]()
  await site?.stop()
})

const at = (hash: string) => expect.poll(() => new URL(page.url()).hash).toBe(hash)

/** Starts a restore that pauses while the service is stopped. */
async function restoreUntil(phase: string): Promise<Pause> {
  const job = { page, hands: mouse(page), name: NAME }
  await job.hands.goToSite(NAME)
  await backUp()
  // Until the site is refreshed, another one is the newest, and so the first one offered.
  await page.getByRole('link', { name: /^Backups/ }).click()
  const byHand = rows(grid(page, `Backups of ${NAME}`)).filter({ hasText: 'Manual' })
  await expect.poll(() => byHand.count()).toBe(made)
  const pause = pauseAt(site, phase)
  sql(site, 'DELETE FROM service_orders WHERE id <= 200')
  await planRestore(job, {})
  await confirmRestore(job, 'a trial')
  await expect.poll(pause.reached).toBe(true)
  return pause
}

test('the menu opens its pages, by their shortcuts', async () => {
  await focus(desktop, 'CVD Backup Console')
  await press(desktop, 'ctrl+4')
  await heading(page, 'Audit').waitFor()
  await press(desktop, 'ctrl+1')
  await at('#/')
})

test('system-drawn parts are dark if the settings say so', async () => {
  const theme = () =>
    console.app.evaluate(({ nativeTheme }) => [nativeTheme.themeSource, nativeTheme.shouldUseDarkColors])
  await press(desktop, 'ctrl+comma')
  await page.getByRole('radio', { name: /^Dark/ }).click()
  await expect.poll(theme).toEqual(['dark', true])
  await desktop.picture(join(pictures, 'dark.png'))
  await page.getByRole('radio', { name: /^Light/ }).click()
  await expect.poll(theme).toEqual(['light', false])
})

describe('a second start', () => {
  test('brings the running console to the front, and exits', async () => {
    await minimise(console.app)
    expect(await console.again()).toBe(0)
    await expect.poll(() => shown(console.app)).toBe(true)
    await expect.poll(() => isFocused(console.app)).toBe(true)
    expect(console.app.windows()).toHaveLength(1)
  })

  test('with a link shows its target in the existing window', async () => {
    await press(desktop, 'ctrl+1')
    await at('#/')
    expect(await console.again(`cvd-backup-console://open/site/${place.replace('#/sites/', '')}`)).toBe(0)
    await at(place)
    await button(page, 'Back up now').waitFor()
    expect(console.app.windows()).toHaveLength(1)
  })

  test('with any other link changes nothing', async () => {
    for (const link of [
      'cvd-backup-console://open/site/../../etc',
      'cvd-backup-console://run/rm',
      'https://example.com/',
    ])
      expect(await console.again(link)).toBe(0)
    await at(place)
  })
})

test('the tray icon shows the state, and opens the window', async () => {
  const tray = await trayOf(desktop)
  expect(await tray?.text()).toMatch(/^CVD Backup Console: nothing is running; last: .+ on Depot South, succeeded$/)
  expect([...((await tray?.entries()) ?? new Map()).keys()]).toEqual([
    'Open the console',
    expect.stringMatching(/Depot South/),
    'Nothing is running',
    'Quit',
  ])
  await minimise(console.app)
  await tray?.click()
  await expect.poll(() => shown(console.app)).toBe(true)
})

describe('while a restore runs', () => {
  const blocked = () =>
    console.app.evaluate(({ powerSaveBlocker }) =>
      Array.from({ length: 20 }, (_, id) => id).some((id) => powerSaveBlocker.isStarted(id)),
    )
  let pause: Pause

  afterAll(() => rmSync(join(site.state, 'failpoint'), { force: true }))

  test('the computer is kept awake, and the icon names the operation', async () => {
    expect(await blocked()).toBe(false)
    pause = await restoreUntil('keeping')
    await expect.poll(blocked).toBe(true)
    const tray = await trayOf(desktop)
    await expect.poll(() => tray?.text()).toMatch(/^CVD Backup Console: 1 operation is running/)
    expect([...((await tray?.entries()) ?? new Map()).keys()][2]).toMatch(/^Depot South: Database restore/)
  })

  test('closing the window asks first, and Escape leaves everything as it is', async () => {
    const before = await windows(desktop)
    await focus(desktop, 'CVD Backup Console')
    await press(desktop, 'alt+F4')
    await expect.poll(() => windows(desktop)).toBe(before + 1)
    await desktop.picture(join(pictures, 'closing.png'))
    await press(desktop, 'Escape')
    await expect.poll(() => windows(desktop)).toBe(before)
    expect(await shown(console.app)).toBe(true)
    expect(pause.cancelAsked()).toBe(false)
  })

  test('its end is notified while no window is visible, and a click shows it; the computer may sleep again', async () => {
    await minimise(console.app)
    pause.go()
    await clickNotification(desktop)
    await expect.poll(() => shown(console.app)).toBe(true)
    await expect.poll(() => new URL(page.url()).hash).toMatch(/^#\/operations\//)
    expect(await notifications(desktop)).toMatchObject([{ title: 'Done: Depot South', body: /^Restore/ }])
    await expect.poll(blocked).toBe(false)
    expect(orders(site)).toBeGreaterThan(0)
  })
})

test('Quit during a restore ends the console, not the restore, and the next start shows its outcome', async () => {
  const pause = await restoreUntil('keeping')
  const { ended } = console
  const before = await windows(desktop)
  await (await trayOf(desktop))?.choose('Quit')
  await expect.poll(() => windows(desktop)).toBe(before + 1)
  // The other button: the safe one has the focus.
  await press(desktop, 'Tab', 'Return')
  await ended
  expect(pause.reached()).toBe(true)
  pause.go()
  page = await console.open()
  // A window that has just opened may not have the keyboard focus yet.
  await expect
    .poll(async () => {
      await press(desktop, 'ctrl+3')
      return page.url()
    })
    .toContain('#/operations')
  // This one and the one before it.
  await expect.poll(() => page.getByText('The database was restored').count()).toBe(2)
  expect(orders(site)).toBeGreaterThan(0)
  await expect.poll(async () => (await trayOf(desktop))?.text()).toMatch(/nothing is running/)
})

test("the demo's window suggests what to try on its site", async () => {
  await console.quit()
  const hints = [{ title: 'Lose something', text: 'Delete the orders of a day.' }]
  page = await console.open('--demo', desktop.file('demo.json', JSON.stringify({ name: NAME, hints })))
  await button(page, /What to try/).click()
  await page.getByText('Delete the orders of a day.').waitFor()
})
