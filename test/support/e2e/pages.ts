/** Locates things on the console's pages by their visible text. */
import type { Locator, Page } from 'playwright-core'

/** Maximum wait for an operation on a busy machine, in milliseconds. */
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

/** A modal dialog; notifications are dialogs too, but not modal. */
export function modal(page: Page): Locator {
  return page.locator('[role="dialog"][data-modal]')
}

/** Waits for a title that reports an end. */
export function ended(page: Page, title: string | RegExp): Promise<void> {
  return heading(page, title).waitFor({ timeout: LONG })
}

/** Starts an operation and waits until the console reports its outcome. */
export async function follow(page: Page, start: () => Promise<void>, outcome: string): Promise<void> {
  const activity = page.getByRole('region', { name: 'Activity' })
  // Wait from the start: the notification disappears again.
  await Promise.all([page.getByText(outcome).first().waitFor({ timeout: LONG }), start()])
  await activity.waitFor({ state: 'detached', timeout: LONG })
}

export function fact(page: Page, name: string): Locator {
  return page
    .locator('dl > div')
    .filter({ has: page.getByRole('term').filter({ hasText: new RegExp(`^${name}$`) }) })
    .getByRole('definition')
}
