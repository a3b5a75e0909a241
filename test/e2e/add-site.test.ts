/** Adding a site: what it takes to trust a server, and what is refused. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { keptKey, publicBlob } from '../../src-main/demo/keys.ts'
import { type DemoSite, startDemoSite } from '../../src-main/demo/site.ts'
import { startSshServer } from '../../src-main/demo/ssh-server.ts'
import { type Cable, cableTo } from '../support/cable.ts'
import { acceptButton, checked, fillAddress, keep, proven, step } from '../support/e2e/add-site.ts'
import { accessible } from '../support/e2e/axe.ts'
import { Desk } from '../support/e2e/desk.ts'
import { rows } from '../support/e2e/hands.ts'
import { button, grid, heading, modal } from '../support/e2e/pages.ts'
import { shoot } from '../support/e2e/shoot.ts'

const NAME = 'Depot West'
let demo: DemoSite
let cable: Cable
let desk: Desk

beforeAll(async () => {
  demo = await startDemoSite()
  cable = await cableTo(demo.port)
  desk = await Desk.open()
})
afterEach(({ task }) => desk.tidy(task))
afterAll(async () => {
  await desk?.[Symbol.asyncDispose]()
  await cable?.[Symbol.asyncDispose]()
  await demo?.stop()
})

/** The site's address for the console; without a key file, by password. */
function address(keyFile?: string) {
  const at = { host: demo.host, port: cable.port, user: demo.user, root: demo.root, health: demo.app.healthUrl }
  return { ...at, ...(keyFile === undefined ? {} : { keyFile }) }
}

async function begin(page: Page, keyFile?: string): Promise<void> {
  await fillAddress(page, address(keyFile))
  await button(page, 'Test connection').click()
}

test('before anything is sent, the form says what is stored on the server (G3)', async () => {
  const page = await desk.window()
  const stored = page.getByText(/stores one program on the server, cvd-backup, and changes nothing else/)
  await stored.waitFor()
  await page.getByRole('main').getByRole('link', { name: 'Add a site' }).click()
  await heading(page, 'Add a site').waitFor()
  await stored.waitFor()
})

test('a wrong address gets a plain explanation', async () => {
  const page = await desk.window({ at: '/add-site' })
  await fillAddress(page, { ...address(demo.keyFile), port: 1 })
  await button(page, 'Test connection').click()
  const reach = step(page, 'Reach the server')
  await reach.getByText('Failed').waitFor()
  await reach.getByText('What to do:').waitFor()
  await checked(page)
  expect(await acceptButton(page).count()).toBe(0)
  expect(await button(page, 'Add site').count()).toBe(0)
})

test('an empty required field gets the focus', async () => {
  const page = await desk.window({ at: '/add-site' })
  await heading(page, 'Add a site').waitFor()
  await button(page, 'Test connection').click()
  await page.getByLabel('Host', { exact: true }).and(page.locator(':focus')).waitFor()
  await page.getByText('Enter a host name or an address.').waitFor()
})

test('a host of the SSH config is imported into the form, and the file stays as it is', async ({ onTestFinished }) => {
  const home = join(demo.folder, 'home-with-config')
  const config = join(home, '.ssh', 'config')
  const text =
    'Host depot-west\n\nHost depot-north\n  Port 2222\n\nHost a-depot-with-a-very-long-name.branch.example.com\n'
  mkdirSync(dirname(config), { recursive: true, mode: 0o700 })
  writeFileSync(config, text, { mode: 0o600 })
  vi.stubEnv('HOME', home)
  onTestFinished(() => void vi.unstubAllEnvs())
  const page = await desk.window({ at: '/add-site' })
  await button(page, 'Import from SSH config…').click()
  const hosts = grid(page, 'Hosts in the SSH config')
  await rows(hosts).nth(2).waitFor()
  expect(await accessible(page)).toEqual([])
  await shoot(page, 'import-dialog')
  await page.getByLabel('Search hosts').fill('west')
  await expect.poll(() => rows(hosts).count()).toBe(1)
  await button(hosts, 'Import depot-west').click()
  await modal(page).waitFor({ state: 'detached' })
  expect(await page.getByLabel('Host', { exact: true }).inputValue()).toBe('depot-west')
  expect(readFileSync(config, 'utf8')).toBe(text)
})

/** Records the texts of a live region, in order. */
const keepAnnouncements = `globalThis.announced = []
new MutationObserver(() => {
  for (const region of document.querySelectorAll('[aria-live="polite"]')) {
    const text = region.textContent.trim()
    if (text !== '' && announced.at(-1) !== text) announced.push(text)
  }
}).observe(document, { subtree: true, childList: true, characterData: true })`

test('an unknown host key is shown, and nothing is sent before it is accepted', async () => {
  const page = await desk.window({ at: '/add-site', script: keepAnnouncements })
  await begin(page, demo.keyFile)
  await acceptButton(page).waitFor()
  // A screen reader must not announce that everything is checked before anything was.
  const before = await page.evaluate<string[]>('globalThis.announced ?? []')
  expect([before.length > 0, before.filter((text) => /^All/.test(text))]).toEqual([true, []])
  const key = step(page, 'Host key')
  expect(await key.locator('code').first().textContent()).toBe(demo.hostKeyFingerprint)
  await step(page, 'Login').getByText('Waiting').waitFor()
  expect(await button(page, 'Add site').count()).toBe(0)
  await acceptButton(page).click()
  await proven(page)
  await expect.poll(() => page.evaluate<string[]>('announced.at(-1)')).toBe('All checks passed')
  await keep(page, NAME)
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Settings' }).click()
  await page.getByRole('link', { name: 'Known hosts' }).click()
  const row = grid(page, 'Known hosts').getByRole('row').filter({ hasText: demo.hostKeyFingerprint })
  expect(await row.textContent()).toContain(NAME)
})

test('a declined or wrong password gets a plain reason, is not kept, and can be entered again', async () => {
  const page = await desk.window({ at: '/add-site' })
  await begin(page)
  const dialog = page.getByRole('dialog', { name: 'Login password' })
  const field = dialog.getByLabel('Login password')
  const login = step(page, 'Login')
  await field.waitFor()
  expect(await dialog.textContent()).toContain(`${demo.user}@${demo.host}`)
  expect(await field.getAttribute('type')).toBe('password')
  await button(dialog, 'Cancel').click()
  await login.getByText('Failed').waitFor()
  await checked(page)
  // Not asked for again automatically.
  expect(await dialog.count()).toBe(0)

  const give = async (secret: string) => {
    await button(page, 'Test again').click()
    await field.fill(secret)
    await button(dialog, 'Submit').click()
    await dialog.waitFor({ state: 'detached' })
  }
  await give('wrong horse')
  await login.getByText(/refused/).waitFor()
  // The checks after a failed one are not run, so they must not look pending.
  await step(page, 'CVD installation').getByText('Not run').waitFor()
  expect(await page.getByRole('list', { name: 'Checks' }).getByText('Waiting').count()).toBe(0)
  await login.getByText('What to do:').waitFor()
  expect(await page.getByText('wrong horse').count()).toBe(0)
  await give(demo.password)
  await login.getByText('Passed').waitFor()
  // One machine under two names would have two queues and two states.
  await step(page, 'CVD installation').getByText(`This is already the site ${NAME}`).waitFor()
  await checked(page)
  expect(await button(page, 'Add site').count()).toBe(0)

  await page.goto(`${page.url().split('#')[0]}#/settings/secrets`)
  const kept = grid(page, 'Stored secrets').getByRole('row').filter({ hasText: demo.user })
  await kept.waitFor()
  expect(await page.getByText(demo.password).count()).toBe(0)
  await button(kept, /^Forget the secret of/).click()
  await page.getByText('No stored secrets').waitFor()
})

test('a changed host key is refused, and can be forgotten only on the page of known hosts', async () => {
  const other = await startSshServer({
    user: demo.user,
    password: demo.password,
    hostKey: keptKey(join(demo.keys, 'other-host'), 'somebody else'),
    clientKey: publicBlob(keptKey(join(demo.keys, 'login'), '')),
    place: { env: demo.env, cwd: demo.home },
  })
  try {
    cable.lead(other.port)
    const page = await desk.window({ at: '/add-site' })
    await begin(page, demo.keyFile)
    const key = step(page, 'Host key')
    await key.getByText('has changed').first().waitFor()
    const shown = await key.textContent()
    expect(shown).toContain(other.hostKeyFingerprint)
    expect(shown).toContain(demo.hostKeyFingerprint)
    // Nothing on the page accepts it.
    expect(await page.getByRole('button', { name: /accept|match|trust|same|continue/i }).count()).toBe(0)
    await step(page, 'Login').getByText('Not run').waitFor()
    await shoot(page, 'host-key-changed')

    // The existing site refuses as well, and says so.
    await page.getByRole('navigation', { name: 'Sites' }).getByRole('link', { name: NAME }).click()
    const refused = page.getByRole('alert').filter({ hasText: 'has changed' })
    await refused.getByText('Do not connect.').waitFor()
    // No login was attempted, so none was refused.
    await page.getByRole('main').getByText('Host key refused').waitFor()
    expect(await refused.textContent()).toContain(other.hostKeyFingerprint)
    expect(await page.getByRole('button', { name: /accept|match|trust/i }).count()).toBe(0)
    await shoot(page, 'site-host-key-changed')

    await page.goto(`${page.url().split('#')[0]}#/settings/hosts`)
    const label = `[${demo.host}]:${cable.port}`
    await button(page, `Forget ${label}`).click()
    const dialog = modal(page)
    expect(await button(dialog, 'Forget the keys').isDisabled()).toBe(true)
    await dialog.getByLabel(/^Type the host/).fill(label)
    await button(dialog, 'Forget the keys').click()
    await dialog.waitFor({ state: 'detached' })
    await page.getByText(demo.hostKeyFingerprint).waitFor({ state: 'detached' })
    await page.goto(`${page.url().split('#')[0]}#/add-site`)
    await heading(page, 'Add a site').waitFor()
    await begin(page, demo.keyFile)
    await acceptButton(page).waitFor()
    expect(await key.textContent()).toContain(other.hostKeyFingerprint)
  } finally {
    cable.lead(demo.port)
    await other.stop()
  }
})
