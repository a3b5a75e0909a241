/** Takes every screenshot in light and dark, small and large, and records errors meanwhile. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'

const sizes = [
  { width: 1280, height: 800 },
  { width: 1920, height: 1080 },
] as const
const schemes = ['light', 'dark'] as const

export class Camera {
  readonly #page: Page
  readonly #folder: string
  /** Errors in the browser's console, and violations of the page's policy. */
  readonly complaints: string[] = []
  #count = 0

  constructor(page: Page, folder: string) {
    this.#page = page
    this.#folder = folder
    mkdirSync(folder, { recursive: true })
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') this.complaints.push(message.text())
    })
    page.on('pageerror', (error) => this.complaints.push(String(error)))
  }

  /** `NN-NAME-WIDTH-SCHEME.png`, as the window shows it. */
  async shoot(name: string): Promise<void> {
    this.#count += 1
    const number = String(this.#count).padStart(2, '0')
    for (const viewport of sizes) {
      await this.#page.setViewportSize(viewport)
      for (const colorScheme of schemes) {
        await this.#page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
        const path = join(this.#folder, `${number}-${name}-${viewport.width}-${colorScheme}.png`)
        await this.#page.screenshot({ path })
      }
    }
    await this.#page.setViewportSize(sizes[0])
  }
}
