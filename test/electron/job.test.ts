/** From the first start to an undone restore, in a real Electron and over SSH; with a keyring, and without one. */
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest'
import { type DemoSite, startDemoSite } from '../../src-main/demo/site.ts'
import { acceptButton, checkWay, fillAddress, givePassword, keep, proven } from '../support/e2e/add-site.ts'
import { orders, sql } from '../support/e2e/demo.ts'
import { mouse } from '../support/e2e/hands.ts'
import { confirmRestore, planRestore, undoRestore } from '../support/e2e/job.ts'
import { button, fact, follow, heading, modal } from '../support/e2e/pages.ts'
import { DesktopConsole } from '../support/electron/console.ts'
import { Desktop } from '../support/electron/desktop.ts'

const NAME = 'Depot North'
const pictures = resolve(import.meta.dirname, '../../test-output/electron')
const stage = inject('electron')
let site: DemoSite

beforeAll(async () => {
  mkdirSync(pictures, { recursive: true })
  site = await startDemoSite({ databaseMb: 4 })
})
afterAll(() => site?.stop())

/** Adds the site to an empty fleet, by password, as a newcomer does. */
async function addByPassword(page: Page): Promise<void> {
  await page.getByRole('main').getByRole('link', { name: 'Add a site' }).click()
  const { host, port, user, root, app, password } = site
  await fillAddress(page, { host, port, user, root, health: app.healthUrl })
  await checkWay(page)
  await givePassword(page, password)
  await acceptButton(page).click()
  await proven(page)
  await keep(page, NAME)
}

/** What the settings page says about secrets. */
async function secretsPage(page: Page): Promise<Page> {
  await page.evaluate(`location.hash = '#/settings/secrets'`)
  await heading(page, 'Settings').waitFor()
  return page
}

describe.each([true, false])('with a keyring: %s', (keyring) => {
  let desktop: Desktop
  let console: DesktopConsole
  const file = () => join(console.data, 'secrets.json')

  beforeAll(async () => {
    desktop = await Desktop.start(stage.account, { keyring, notifications: true, panel: true })
    console = new DesktopConsole(stage, desktop)
  })
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') await desktop.picture(join(pictures, `failed-${task.id}.png`))
    expect(console.complaints).toEqual([])
  })
  afterAll(async () => {
    await console?.[Symbol.asyncDispose]()
    await desktop?.[Symbol.asyncDispose]()
  })

  test('the first start shows a usable window, and a site is added', async () => {
    const page = await console.open()
    await heading(page, 'No sites yet').waitFor()
    if (keyring) await desktop.picture(join(pictures, 'first-start.png'))
    await addByPassword(page)
    if (keyring) await desktop.picture(join(pictures, 'site.png'))
  })

  if (keyring) {
    test('the password is stored as ciphertext, under a key in the keyring', async () => {
      const text = readFileSync(file(), 'utf8')
      expect(JSON.parse(text)).toMatchObject({ version: 1 })
      expect(Object.values(JSON.parse(text).secrets)).toMatchObject([{ backend: 'gnome_libsecret' }])
      expect(text).not.toContain(site.password)
      expect(Buffer.from(text.match(/"cipher":"([^"]+)"/)?.[1] ?? '', 'base64').toString('latin1')).not.toContain(
        site.password,
      )
      const search = [
        '-m',
        'org.freedesktop.Secret.Service.SearchItems',
        "{'xdg:schema': 'chrome_libsecret_os_crypt_password_v2'}",
      ]
      const found = await desktop.run(
        ...['gdbus', 'call', '--session', '-d', 'org.freedesktop.secrets', '-o', '/org/freedesktop/secrets', ...search],
      )
      expect(found).toMatch(/\/org\/freedesktop\/secrets\/collection\/\w+\/\d+/)
    })

    test('a backup, a restore of lost data, and its undo', { timeout: 240_000 }, async () => {
      const [page] = console.app.windows()
      if (!page) throw new Error('the window is gone')
      const hands = mouse(page)
      const job = { page, hands, name: NAME }
      await hands.goToSite(NAME)
      await follow(page, () => button(page, 'Back up now').click(), 'Database backup: succeeded')
      const lost = orders(site)
      expect(lost).toBeGreaterThan(0)
      sql(site, 'DELETE FROM service_orders WHERE id <= 200')
      await planRestore(job, { service_orders: { back: lost } })
      await desktop.picture(join(pictures, 'restore-confirm.png'))
      await confirmRestore(job, 'Orders were deleted by mistake')
      await heading(page, 'The database was restored').waitFor({ timeout: 90_000 })
      await desktop.picture(join(pictures, 'restore-outcome.png'))
      expect(await fact(page, 'Health').textContent()).toContain('Healthy')
      expect(orders(site)).toBe(lost)
      await undoRestore(job)
      expect(orders(site)).toBe(0)
      expect((await site.app.health()).status).toBe(200)
    })

    test('the next start finds the password in the keyring, without asking', async () => {
      await console.quit()
      const page = await console.open()
      await mouse(page).goToSite(NAME)
      await follow(page, () => button(page, 'Back up now').click(), 'Database backup: succeeded')
      expect(await modal(page).count()).toBe(0)
    })
  } else {
    test('the password is not stored, and the window says so', async () => {
      const [page] = console.app.windows()
      if (!page) throw new Error('the window is gone')
      await (await secretsPage(page)).getByText('Secrets are stored in memory only.').waitFor()
      expect(existsSync(file())).toBe(false)
    })

    test('the next start asks for the password', async () => {
      await console.quit()
      const page = await console.open()
      await mouse(page).goToSite(NAME)
      await givePassword(page, site.password)
      await follow(page, () => button(page, 'Back up now').click(), 'Database backup: succeeded')
    })
  }
})
