/** What a viewer must not be able to press. */
import type { Page } from 'playwright-core'

/** Labels of buttons that change something. */
export const changing =
  /back up|verify|restore|^hold|release|forget|^change|remove|add |test connection|test again|cancel|undo|recover|follow|reconnect|listen|look for it|save|download|upload|protect|pause|resume|replace|rotate|run now|install|apply|^copy to|acknowledge|withdraw|check now|send a test/i

/** Names of enabled buttons on the page that would change something; table headers only sort. */
export async function temptations(page: Page): Promise<string[]> {
  const names: string[] = []
  const sorts = page.getByRole('columnheader').getByRole('button')
  const enabled = page.getByRole('button', { name: changing, disabled: false })
  for (const one of await enabled.all()) {
    if ((await one.and(sorts).count()) > 0) continue
    const name = (await one.getAttribute('aria-label')) ?? (await one.textContent()) ?? ''
    // Opens a menu, and is named after a file, which may be called `….pre-restore.…`.
    if (!name.startsWith('Actions for ')) names.push(name)
  }
  return names
}
