/** The console behind its loopback host, with windows in a real browser, shared by the end-to-end tests of a file. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { type OpenConsole, openConsoleInBrowser } from '../../../src-main/host/open-console.ts'
import type { Role } from '../../../src-shared/contract/define.ts'
import { startBrowser } from '../browser.ts'

const pictures = resolve(import.meta.dirname, '../../../test-output/e2e')

/** Maximum wait for one step of an operation on a busy machine, in milliseconds. */
const PATIENCE = 45_000

/** Reports policy violations as console errors, even if Chromium reports them in another way. */
const tellViolations = `document.addEventListener('securitypolicyviolation', (event) => {
  console.error('policy violated:', event.violatedDirective, event.blockedURI, event.sourceFile, event.lineNumber)
})`

export interface WindowOptions extends BrowserContextOptions {
  /** `nobody` has no token, and is refused. */
  readonly role?: Role | 'nobody'
  /** Such as `/sites/…`; default: the fleet. */
  readonly at?: string
  /** Runs in the page before its own scripts. */
  readonly script?: string
}

async function openOn(data: string): Promise<OpenConsole> {
  const opened = await openConsoleInBrowser({ data })
  if (!opened.ok) throw new Error(`${opened.error.message} ${opened.error.next}`)
  return opened.value
}

export class Desk implements AsyncDisposable {
  #console: OpenConsole
  readonly #data: string
  readonly #browser: Browser
  readonly #windows = new Set<Page>()
  #complaints: string[] = []

  private constructor(console: OpenConsole, data: string, browser: Browser) {
    this.#console = console
    this.#data = data
    this.#browser = browser
  }

  static async open(): Promise<Desk> {
    const data = mkdtempSync(join(tmpdir(), 'cvd-e2e-'))
    return new Desk(await openOn(data), data, await startBrowser())
  }

  get console(): OpenConsole {
    return this.#console
  }

  /** The browser's name and version. */
  get browser(): string {
    return `${this.#browser.browserType().name()} ${this.#browser.version()}`
  }

  /** Ends the console and reopens it with only its stored data. Earlier windows become useless. */
  async reopen(): Promise<void> {
    await this.#console[Symbol.asyncDispose]()
    this.#console = await openOn(this.#data)
  }

  /** A new window, as another user would open it. */
  async window({ role = 'admin', at = '', script = '', ...options }: WindowOptions = {}): Promise<Page> {
    const viewport = { width: 1280, height: 800 }
    const context = await this.#browser.newContext({ viewport, reducedMotion: 'reduce', ...options })
    await context.addInitScript(tellViolations)
    await context.addInitScript(script)
    const page = await context.newPage()
    page.setDefaultTimeout(PATIENCE)
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') this.#complaints.push(message.text())
    })
    page.on('pageerror', (error) => this.#complaints.push(String(error)))
    this.#windows.add(page)
    const { adminUrl, viewerUrl } = this.console.host
    const url = { admin: adminUrl, viewer: viewerUrl, nobody: `${new URL(adminUrl).origin}/` }[role]
    await page.goto(at === '' || role === 'nobody' ? url : `${url}&${at}`)
    return page
  }

  /**
   * After each test: closes its windows, with a screenshot of each if it failed. Throws if a browser logged an error:
   * no test may cause one, or violate the page's policy.
   */
  async tidy(task: {
    readonly name: string
    readonly result?: { readonly state?: string } | undefined
  }): Promise<void> {
    const failed = task.result?.state === 'fail'
    if (failed) mkdirSync(pictures, { recursive: true })
    const name = task.name.replaceAll(/\W+/g, '-')
    let number = 0
    for (const page of this.#windows) {
      number += 1
      if (failed) await page.screenshot({ path: join(pictures, `${name}-${number}.png`) }).catch(() => undefined)
      await page.context().close()
    }
    this.#windows.clear()
    const complaints = this.#complaints
    this.#complaints = []
    if (complaints.length > 0) throw new Error(`the browser complained:\n${complaints.join('\n')}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close()
    await this.console[Symbol.asyncDispose]()
    rmSync(this.#data, { recursive: true, force: true, maxRetries: 5 })
  }
}
