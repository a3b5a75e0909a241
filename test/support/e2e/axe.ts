/** Checks accessibility with axe. */
import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from 'playwright-core'

/** Serious and critical findings on the current page: rules with the elements that violate them. */
async function findings(page: Page, rules: readonly string[]): Promise<string[]> {
  const builder = new AxeBuilder({ page })
  const { violations } = await (rules.length === 0 ? builder : builder.withRules([...rules])).analyze()
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)} ${failureSummary}`),
    )
}

/** In light and dark mode; in dark mode only the colour rules. */
export async function accessible(page: Page): Promise<string[]> {
  const found: string[] = []
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    const rules = colorScheme === 'light' ? [] : ['color-contrast', 'link-in-text-block']
    found.push(...(await findings(page, rules)).map((text) => `${colorScheme}: ${text}`))
  }
  return found
}

/** Elements that are too small for a finger, or too close to each other; axe does not look for them by itself. */
export async function smallTargets(page: Page, part: string): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).include(part).withRules(['target-size']).analyze()
  return violations.flatMap(({ nodes }) => nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`))
}
