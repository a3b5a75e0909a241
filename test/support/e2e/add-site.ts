/** The page that adds a site, filled in as people do. */
import type { Locator, Page } from 'playwright-core'
import { button, heading } from './pages.ts'

export interface Address {
  readonly host: string
  readonly port: number
  readonly user: string
  /** Undefined logs in with a password, which is asked when it is needed. */
  readonly keyFile?: string
  readonly root?: string
  readonly health?: string
  /** As the list of rights has it. */
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
  await page.getByLabel('Login', { exact: true }).fill(address.user)
  await choose(page, 'Logs in with', address.keyFile === undefined ? 'Password' : 'Key file')
  if (address.keyFile !== undefined) await page.getByLabel('Key file on this computer').fill(address.keyFile)
  if (address.rights !== undefined) await choose(page, 'Rights on the server', address.rights)
  if (address.root === undefined && address.health === undefined) return
  await page.getByText('If its CVD is not in').click()
  await page.getByLabel('Folder of CVD on the server').fill(address.root ?? '')
  await page.getByLabel('Address of its health').fill(address.health ?? '')
}

/** One step of the way, by its title. */
export function step(page: Page, title: string): Locator {
  return page.getByRole('list', { name: 'Checks' }).getByRole('listitem').filter({ hasText: title })
}

export const titles = [
  'Reach the server',
  'Know its host key',
  'Log in',
  'Have the rights that are needed',
  'Find the CVD installation',
  'Know how to ask for health',
]

/** The question that an unknown host key asks. */
export function acceptButton(page: Page): Locator {
  return button(page, 'I compared it: it is the same')
}

/** Waits until a check has said everything: an offer that follows a step comes with the last word, not with the step. */
export async function checked(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Check again', disabled: false }).waitFor()
}

/** Waits until every step is proven. */
export async function proven(page: Page): Promise<void> {
  for (const title of titles)
    await step(page, title)
      .getByText(/^(Passed|Warning)$/)
      .waitFor()
}

export async function keep(page: Page, name: string): Promise<void> {
  await page.getByLabel('Name of the site').fill(name)
  await button(page, 'Add the site').click()
  await button(page, 'Back up now').waitFor()
}

export function checkWay(page: Page): Promise<void> {
  return button(page, 'Check the way').click()
}

/** Answers the question for the login's password. */
export async function givePassword(page: Page, password: string): Promise<void> {
  const dialog = page.getByRole('dialog', { name: 'Password for the login' })
  await dialog.getByLabel('Password for the login').fill(password)
  await button(dialog, /^Give it$/).click()
  await dialog.waitFor({ state: 'detached' })
}
