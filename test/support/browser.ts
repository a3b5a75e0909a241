/** Drives Debian's Chromium for tests and screenshots. */
import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

const EXECUTABLE = '/usr/bin/chromium'

/** Why no browser can be started; undefined if one can. */
export function missingBrowser(): string | undefined {
  return existsSync(EXECUTABLE) ? undefined : `${EXECUTABLE} is not installed: apt-get install chromium`
}

export function startBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: EXECUTABLE,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}
