/** The two ways to use a page: mouse and keyboard. Both must be able to do everything. */
import type { Locator, Page } from 'playwright-core'
import { expect } from 'vitest'

export interface Hands {
  press(what: Locator): Promise<void>
  type(field: Locator, text: string): Promise<void>
  /** Opens the first row of a table. */
  openFirst(table: Locator): Promise<void>
  /** Goes to a site from anywhere. */
  goToSite(name: string): Promise<void>
}

/** A row of a table, without its header. */
export function rows(table: Locator): Locator {
  return table.locator('[role="row"][data-row]')
}

export function mouse(page: Page): Hands {
  return {
    press: (what) => what.click(),
    type: (field, text) => field.fill(text),
    openFirst: (table) => rows(table).first().getByRole('link').click(),
    goToSite: (name) => page.getByRole('navigation', { name: 'Sites' }).getByRole('link', { name }).click(),
  }
}

const FAR = 150

/** Uses only the keyboard: tabs to the target, which shows that it is reachable and the focus is never trapped. */
export function keyboard(page: Page): Hands {
  const { keyboard: keys } = page
  const focused = async (what: Locator) => (await what.and(page.locator(':focus')).count()) > 0
  const reach = async (what: Locator): Promise<void> => {
    await what.waitFor()
    await expect.poll(() => what.isEnabled(), { timeout: 30_000 }).toBe(true)
    for (let presses = 0; presses < FAR; presses += 1) {
      if (await focused(what)) return
      await keys.press('Tab')
    }
    throw new Error(`${what} is not reached by ${FAR} tabs`)
  }
  return {
    press: async (what) => {
      await reach(what)
      await keys.press('Enter')
    },
    type: async (field, text) => {
      await reach(field)
      await keys.press('Control+a')
      await keys.type(text)
    },
    openFirst: async (table) => {
      const first = rows(table).first()
      await first.waitFor()
      await reach(table.locator('[role="row"][data-row][tabindex="0"]'))
      await keys.press('Home')
      await first.and(page.locator(':focus')).waitFor()
      await keys.press('Enter')
    },
    goToSite: async (name) => {
      await keys.press('Control+k')
      await page.getByRole('combobox', { name: 'Search for anything' }).waitFor()
      await keys.type(name)
      await page.getByRole('option', { name, exact: false, selected: true }).first().waitFor()
      await keys.press('Enter')
    },
  }
}
