/** Every page, light and dark, held against the rules that axe knows: none may be broken seriously. */
import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type DemoSite, startDemoSite } from '../../src-main/demo/site.ts'
import type { Site } from '../../src-main/store/sites.ts'
import { backUp, know } from '../support/e2e/demo.ts'
import { Desk } from '../support/e2e/desk.ts'
import { heading } from '../support/e2e/pages.ts'

let demo: DemoSite
let desk: Desk
let site: Site
let backup: string

beforeAll(async () => {
  demo = await startDemoSite()
  desk = await Desk.open()
  site = await know(desk, demo, { name: 'Depot North', colour: 'teal' })
  backup = await backUp(desk, site)
})
afterEach(({ task }) => desk.tidy(task))
afterAll(async () => {
  await desk?.[Symbol.asyncDispose]()
  await demo?.stop()
})

async function seriousFaults(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze()
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`)
}

for (const colorScheme of ['light', 'dark'] as const) {
  test(`no serious fault on any page, ${colorScheme}`, async () => {
    const page = await desk.window({ colorScheme })
    await heading(page, /./).waitFor()
    const places = [
      '/',
      '/add-site',
      `/sites/${site.id}`,
      `/sites/${site.id}/backups`,
      `/sites/${site.id}/backups/${encodeURIComponent(backup)}`,
      `/sites/${site.id}/operations`,
      `/sites/${site.id}/connection`,
      `/sites/${site.id}/restore`,
      '/operations',
      '/audit',
      '/settings',
    ]
    const faults: Record<string, string[]> = {}
    const titles = new Set<string>()
    for (const place of places) {
      await page.evaluate(`location.hash = ${JSON.stringify(place)}`)
      await heading(page, /./).waitFor()
      await page.waitForLoadState('networkidle')
      titles.add((await heading(page, /./).first().textContent()) ?? '')
      const found = await seriousFaults(page)
      if (found.length > 0) faults[place] = found
    }
    expect(faults).toEqual({})
    // Pages of a site share its verdict as their title; all others have their own.
    expect(titles.size).toBeGreaterThanOrEqual(7)
  })
}
