/** Takes screenshots of a page, light and dark, large and small, if SHOOT names a folder. */
import { join } from 'node:path'
import type { Page } from 'playwright-core'

export async function shoot(page: Page, name: string): Promise<void> {
  const folder = process.env.SHOOT
  if (folder === undefined) return
  const before = page.viewportSize()
  for (const [width, height] of [
    [1280, 800],
    [1920, 1080],
    [640, 900],
  ] as const) {
    await page.setViewportSize({ width, height })
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      await page.screenshot({ path: join(folder, `${name}-${width}-${colorScheme}.png`), fullPage: true })
    }
  }
  if (before) await page.setViewportSize(before)
}
