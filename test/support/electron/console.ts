/** The console as one user runs it on a desktop: started, used, ended, and started again with its data. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { _electron, type ElectronApplication, type Page } from 'playwright-core'
import type { Desktop } from './desktop.ts'
import type { Stage } from './stage.ts'

const PATIENCE = 45_000

export class DesktopConsole implements AsyncDisposable {
  readonly #stage: Stage
  readonly desktop: Desktop
  /** Errors of pages, and of the main process. */
  readonly complaints: string[] = []
  #app: ElectronApplication | null = null

  constructor(stage: Stage, desktop: Desktop) {
    this.#stage = stage
    this.desktop = desktop
  }

  get data(): string {
    return join(this.desktop.home, 'data')
  }

  get app(): ElectronApplication {
    if (!this.#app) throw new Error('the console was not started')
    return this.#app
  }

  /** The command line that starts it. */
  get words(): string[] {
    return ['--disable-gpu', join(this.#stage.console, 'dist/main/electron.js'), '--data', this.data]
  }

  /** Starts it, and returns its first window as soon as that shows a page. */
  async open(...more: readonly string[]): Promise<Page> {
    const env = Object.fromEntries(Object.entries(this.desktop.env).map(([name, value]) => [name, value ?? '']))
    const options = { executablePath: this.#stage.program, args: [...this.words, ...more], env, chromiumSandbox: true }
    this.#app = await _electron.launch({ ...options, cwd: this.desktop.home, timeout: PATIENCE })
    this.#app.on('window', (page) => this.#listen(page))
    const page = await this.#app.firstWindow()
    this.#listen(page)
    await page.waitForLoadState('domcontentloaded')
    return page
  }

  /** Starts the program again, like a second click on its icon; returns its exit code. */
  async again(...more: readonly string[]): Promise<number | null> {
    const { program } = this.#stage
    const child: ChildProcess = spawn(program, [...this.words, ...more], { env: this.desktop.env, stdio: 'ignore' })
    return await new Promise((resolve, reject) => child.once('exit', resolve).once('error', reject))
  }

  /** Resolves when the program has ended. */
  get ended(): Promise<void> {
    return new Promise((resolve) => this.app.once('close', () => resolve()))
  }

  async quit(): Promise<void> {
    await this.#app?.close()
    this.#app = null
  }

  /** The lines of its log. */
  log(): readonly string[] {
    const file = join(this.data, 'console.log')
    return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const child = this.#app?.process()
    if (child && child.exitCode === null) child.kill('SIGKILL')
    await this.#app?.close().catch(() => undefined)
  }

  #listen(page: Page): void {
    page.setDefaultTimeout(PATIENCE)
    page.on('console', (message) => {
      if (message.type() === 'error') this.complaints.push(message.text())
    })
    page.on('pageerror', (error) => this.complaints.push(String(error)))
  }
}
