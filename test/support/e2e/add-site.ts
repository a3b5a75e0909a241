/** Fills in the page that adds a site, as users do. */
import type { Locator, Page } from 'playwright-core'
import { button, heading } from './pages.ts'

export interface Address {
  readonly host: string
  readonly port: number
  readonly user: string
  /** Undefined: log in with a password, which is asked for when needed. */
  readonly keyFile?: string
  readonly root?: string
  readonly health?: string
  /** The label in the list of rights. */
  readonly rights?: RegExp
}

async function choose(page: Page, list: string, option: string | RegExp): Promise<void> {
  await page.getByRole('combobox', { name: list }).click()
  await page.getByRole('option', { name: option }).click()
}

export async function fillAddress(page: Page, address: Address): Promise<void> {
  await heading(page, 'Add a site').waitFor()
  await page.getByLabel('Host', { exact: true }).fill(address.host)
  await page.getByLabel('Port').fill(String(address.port))
  await page.getByLabel('User', { exact: true }).fill(address.user)
  await choose(page, 'Authentication', address.keyFile === undefined ? 'Password' : 'Key file')
  if (address.keyFile !== undefined) await page.getByLabel('Key file on this computer').fill(address.keyFile)
  if (address.rights !== undefined) await choose(page, 'sudo', address.rights)
  if (address.root === undefined && address.health === undefined) return
  await page.getByText('CVD is not in /opt/cvd').click()
  await page.getByLabel('CVD folder on the server').fill(address.root ?? '')
  await page.getByLabel('Health check URL').fill(address.health ?? '')
}

/** One step of the check, by its title. */
export function step(page: Page, title: string): Locator {
  return page.getByRole('list', { name: 'Checks' }).getByRole('listitem').filter({ hasText: title })
}

export const titles = ['Reach the server', 'Host key', 'Login', 'Permissions', 'CVD installation', 'Health check']

/** The button that accepts an unknown host key. */
export function acceptButton(page: Page): Locator {
  return button(page, 'The fingerprints match')
}

/** Waits until a check has ended: the offer for a step appears only with the last state. */
export async function checked(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Test again', disabled: false }).waitFor()
}

/** Waits until every step has passed. */
export async function proven(page: Page): Promise<void> {
  for (const title of titles)
    await step(page, title)
      .getByText(/^(Passed|Warning)$/)
      .waitFor()
}

export async function keep(page: Page, name: string): Promise<void> {
  await page.getByLabel('Site name').fill(name)
  await button(page, 'Add site').click()
  await button(page, 'Back up now').waitFor()
}

export function checkWay(page: Page): Promise<void> {
  return button(page, 'Test connection').click()
}

/** Answers the prompt for the login's password. */
export async function givePassword(page: Page, password: string): Promise<void> {
  const dialog = page.getByRole('dialog', { name: 'Login password' })
  await dialog.getByLabel('Login password').fill(password)
  await button(dialog, 'Submit').click()
  await dialog.waitFor({ state: 'detached' })
}
