/** The window in Chromium with a real server managed through sudo: added with the form, then the whole job. */
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { acceptButton, fillAddress, keep, proven, step } from '../support/e2e/add-site.ts'
import { accessible } from '../support/e2e/axe.ts'
import { Desk } from '../support/e2e/desk.ts'
import { mouse, rows } from '../support/e2e/hands.ts'
import { confirmRestore, lookInside, planRestore, undoRestore } from '../support/e2e/job.ts'
import { button, ended, fact, follow, grid, heading } from '../support/e2e/pages.ts'
import { readOnServer } from '../support/e2e/server.ts'
import { change, leftovers } from '../support/restores.ts'
import { logins, refusedPasswords } from '../support/server-logins.ts'
import { sharedServers } from '../support/servers/shared.ts'

const NAME = 'Depot South'
const WRONG = 'not-it-2263'
const { south } = sharedServers()
const password = south.password ?? ''
let desk: Desk

beforeAll(async () => {
  await south.reset()
  desk = await Desk.open()
})
afterEach(({ task }) => desk.tidy(task))
afterAll(async () => {
  await desk?.[Symbol.asyncDispose]()
  await south.reset()
})

/** All frames that a window receives from its next load on. */
async function framesOf(page: Page): Promise<(string | Buffer)[]> {
  const frames: (string | Buffer)[] = []
  page.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => frames.push(payload)))
  await page.reload()
  return frames
}

test('is added with the form: its host key accepted, its sudo password asked for, and shown nowhere', async () => {
  const before = { logins: await logins(south), refused: await refusedPasswords(south) }
  const page = await desk.window({ at: '/add-site' })
  const frames = await framesOf(page)
  const { address: host, port, user, keyFile, probe: health } = south
  const rights = /^sudo with a password/
  await fillAddress(page, { host, port, user, keyFile, rights, root: '/opt/cvd', health })
  await button(page, 'Test connection').click()
  await acceptButton(page).waitFor()
  const key = step(page, 'Host key')
  expect(await key.locator('code').first().textContent()).toBe(south.hostKeyFingerprint)
  // The server itself shows it, for comparison.
  expect(await south.must('ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub')).toContain(south.hostKeyFingerprint)
  expect(await logins(south)).toBe(before.logins)
  await acceptButton(page).click()

  const dialog = page.getByRole('dialog', { name: 'sudo password' })
  const field = dialog.getByLabel('sudo password')
  const give = async (secret: string) => {
    await field.fill(secret)
    await button(dialog, 'Submit').click()
    await dialog.waitFor({ state: 'detached' })
  }
  await field.waitFor()
  expect(await dialog.textContent()).toContain(`${user}@${host}`)
  expect(await field.getAttribute('type')).toBe('password')
  await give(WRONG)
  await step(page, 'Permissions').getByText('Failed').waitFor()
  // sudo's message is in the journal a moment later.
  const refused = () => refusedPasswords(south)
  await expect.poll(refused, { timeout: 30_000 }).toBe(before.refused + 1)
  await button(page, 'Test again').click()
  await give(password)
  await proven(page)
  expect(await refused()).toBe(before.refused + 1)
  expect(await step(page, 'CVD installation').textContent()).toContain('/opt/cvd')
  expect(await step(page, 'Health check').textContent()).toContain(health)
  await page.getByText('south is a CVD server.').waitFor()
  await keep(page, NAME)
  expect(await fact(page, 'Health').textContent()).toContain(`Healthy ${health} answers 200`)

  const [at, site] = page.url().split('#')
  const pages: readonly [string, () => Promise<void>][] = [
    [`${site}/connection`, () => page.getByText('Machine ID').waitFor()],
    [`${site}/operations`, () => heading(page, 'Operations').waitFor()],
    ['/audit', () => grid(page, 'Audit').waitFor()],
    ['/settings/secrets', () => rows(grid(page, 'Stored secrets')).filter({ hasText: user }).waitFor()],
    ['/settings/hosts', () => rows(grid(page, 'Known hosts')).filter({ hasText: NAME }).waitFor()],
    [`${site}`, () => button(page, 'Back up now').waitFor()],
  ]
  for (const [address, there] of pages) {
    await page.goto(`${at}#${address}`)
    await there()
    const shown = await page.content()
    for (const secret of [password, WRONG]) expect([address, shown.includes(secret)]).toEqual([address, false])
  }
  expect(frames.some((frame) => frame.includes(south.hostKeyFingerprint))).toBe(true)
  for (const secret of [password, WRONG]) expect(frames.filter((frame) => frame.includes(secret))).toEqual([])
})

test('the whole job: back up, verify, look inside, restore, undo', async () => {
  const page = await desk.window()
  const hands = mouse(page)
  const job = { page, hands, name: NAME }
  const counts = () => south.query('SELECT (SELECT count(*) FROM devices), (SELECT count(*) FROM routes)')
  await hands.goToSite(NAME)
  await follow(page, () => hands.press(button(page, 'Back up now')), 'Database backup: succeeded')
  await follow(page, () => hands.press(button(page, 'Verify')), 'Verification: succeeded')
  await lookInside(job, (file) => readOnServer(south, file, ['devices', 'routes', 'sales', 'service_orders']))

  const before = await counts()
  await change(south, "DELETE FROM devices WHERE id > 40; INSERT INTO routes (name) VALUES ('New 1'), ('New 2')")
  const live = await counts()
  expect([before, live]).toEqual(['48|6', '40|8'])
  await planRestore(job, { devices: { lost: 0, back: 8 }, routes: { lost: 2, back: 0 } })
  expect(await counts()).toBe(live)
  // Wait from the start: it is visible only while the restore runs.
  await Promise.all([
    page.getByRole('timer', { name: 'Downtime' }).waitFor({ timeout: 90_000 }),
    confirmRestore(job, 'Devices were deleted by mistake'),
  ])
  await ended(page, 'The database was restored')
  expect(await fact(page, 'Health').textContent()).toContain(`Healthy ${south.probe} answered 200`)
  expect(await fact(page, 'Reason').textContent()).toBe('Devices were deleted by mistake')
  expect(await fact(page, 'Downtime').textContent()).toMatch(/^[\d.]+ m?s$/)
  expect(await counts()).toBe(before)
  expect((await south.health()).status).toBe(200)
  expect(await accessible(page)).toEqual([])

  await page.getByRole('link', { name: 'Back to the site' }).click()
  await heading(page, /Restorable to .* \(verified\)\.$/).waitFor()
  // The page may show the state from before or during the restore until the next inspection arrives.
  await fact(page, 'devices')
    .filter({ hasText: /^48 rows$/ })
    .waitFor()
  await fact(page, 'cvd')
    .filter({ hasText: /\bactive\b/ })
    .waitFor()
  await page.goBack()
  await undoRestore(job)
  expect(await counts()).toBe(live)
  expect((await south.health()).status).toBe(200)
  await south.writes(2)
  expect(await leftovers(south)).toBe('')
})
