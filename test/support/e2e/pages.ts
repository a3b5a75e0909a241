/** What is on the console's pages, by the words that people see. */
import type { Locator, Page } from 'playwright-core'

/** Longest wait for an operation on a busy machine, in milliseconds. */
const LONG = 90_000

export function button(page: Page | Locator, name: string | RegExp): Locator {
  return page.getByRole('button', { name })
}

export function heading(page: Page, name: string | RegExp): Locator {
  return page.getByRole('heading', { level: 1, name })
}

export function grid(page: Page, name: string | RegExp): Locator {
  return page.getByRole('grid', { name })
}

/** What has to be answered before anything else; short news are dialogs too, but not such ones. */
export function modal(page: Page): Locator {
  return page.locator('[role="dialog"][data-modal]')
}

/** Waits for a title that tells that something has ended. */
export function ended(page: Page, title: string | RegExp): Promise<void> {
  return heading(page, title).waitFor({ timeout: LONG })
}

/** Starts an operation and waits, as people do, until the console says how it ended. */
export async function follow(page: Page, start: () => Promise<void>, said: string): Promise<void> {
  const activity = page.getByRole('region', { name: 'Activity' })
  // Waited for from the start on: it is news, and goes again.
  await Promise.all([page.getByText(said).first().waitFor({ timeout: LONG }), start()])
  await activity.waitFor({ state: 'detached', timeout: LONG })
}

export function fact(page: Page, name: string): Locator {
  return page
    .locator('dl > div')
    .filter({ has: page.getByRole('term').filter({ hasText: new RegExp(`^${name}$`) }) })
    .getByRole('definition')
}
