/** A desktop for one test file: display, session bus, window manager and the requested services. */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { command, must } from '../command.ts'
import { type Account, give, spawnAs } from './account.ts'

export interface DesktopOptions {
  /** A keyring, unlocked as by a login. */
  readonly keyring?: boolean
  /** A notification daemon. */
  readonly notifications?: boolean
  /** A panel, which shows tray icons. */
  readonly panel?: boolean
}

/** Minimal settings that keep the history of notifications. */
const dunstrc = `[global]
  follow = none
  history_length = 50
  dmenu = /bin/false
  browser = /bin/false
  mouse_left_click = do_action, close_current
`

/** A bus that starts no services by itself: a locked keyring would prompt and block. */
const busConfig = (services: string) => `<busconfig>
  <type>session</type>
  <listen>unix:tmpdir=/tmp</listen>
  <auth>EXTERNAL</auth>
  <servicedir>${services}</servicedir>
  <policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy>
</busconfig>
`

/** The service that a panel needs for its settings. */
const SETTINGS = '/usr/share/dbus-1/services/org.xfce.Xfconf.service'

export class Desktop implements AsyncDisposable {
  readonly account: Account
  readonly home: string
  readonly env: NodeJS.ProcessEnv
  readonly #running: ChildProcess[] = []

  private constructor(account: Account, home: string) {
    this.account = account
    this.home = home
    const runtime = join(home, 'run')
    mkdirSync(runtime, { mode: 0o700 })
    for (const path of [home, runtime]) give(account, path)
    this.env = {
      PATH: process.env.PATH,
      LANG: 'C.UTF-8',
      HOME: home,
      USER: account.name,
      LOGNAME: account.name,
      XDG_RUNTIME_DIR: runtime,
      // No screen reader is installed, and looking for it takes seconds.
      NO_AT_BRIDGE: '1',
    }
  }

  static async start(account: Account, options: DesktopOptions = {}): Promise<Desktop> {
    const home = mkdtempSync(join(tmpdir(), 'cvd-desktop-'))
    chmodSync(home, 0o700)
    const desktop = new Desktop(account, home)
    try {
      await desktop.#begin(options)
      return desktop
    } catch (error) {
      await desktop[Symbol.asyncDispose]()
      throw error
    }
  }

  async #begin({ keyring, notifications, panel }: DesktopOptions): Promise<void> {
    const display = await this.#serve(['Xvfb', '-displayfd', '1', '-screen', '0', '1440x900x24', '-nolisten', 'tcp'])
    this.env.DISPLAY = `:${display}`
    const services = join(this.home, 'services')
    mkdirSync(services)
    give(this.account, services)
    if (panel) this.file('services/settings.service', readFileSync(SETTINGS, 'utf8'))
    const bus = ['--config-file', this.file('bus.conf', busConfig(services)), '--nofork', '--print-address=1']
    this.env.DBUS_SESSION_BUS_ADDRESS = await this.#serve(['dbus-daemon', ...bus])
    await this.#serve(['openbox', '--sm-disable', '--startup', 'echo ready'])
    if (keyring) {
      const words = ['gnome-keyring-daemon', '--foreground', '--unlock', '--components=secrets']
      this.#start(words, 'pipe').stdin?.end('a login password')
      await this.#named('org.freedesktop.secrets')
    }
    if (notifications) {
      const file = this.file('dunstrc', dunstrc)
      this.#start(['dunst', '-conf', file])
      await this.#named('org.freedesktop.Notifications')
    }
    if (panel) {
      this.#start(['xfce4-panel', '--disable-wm-check', '--sm-client-disable'])
      await this.#named('org.kde.StatusNotifierWatcher')
    }
  }

  /** Writes a file in the account's home. */
  file(name: string, content: string): string {
    const path = join(this.home, name)
    writeFileSync(path, content, { mode: 0o600 })
    give(this.account, path)
    return path
  }

  /** Runs a program to its end on this desktop and returns its output. */
  run(...words: readonly string[]): Promise<string> {
    const [program = '', ...rest] = [...this.account.become, ...words]
    return must(program, rest, '', { env: this.env, cwd: this.home })
  }

  /** Like `run`, but returns an empty string on failure. */
  async ask(...words: readonly string[]): Promise<string> {
    const [program = '', ...rest] = [...this.account.become, ...words]
    const { code, stdout } = await command(program, rest, '', { env: this.env, cwd: this.home })
    return code === 0 ? stdout.trim() : ''
  }

  /** Starts a program that runs until the desktop ends. */
  start(words: readonly string[]): ChildProcess {
    return this.#start(words, 'pipe')
  }

  /** Takes a screenshot as PNG. */
  async picture(file: string): Promise<void> {
    await must('import', ['-window', 'root', file], '', { env: { ...process.env, DISPLAY: this.env.DISPLAY } })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#running.reverse()) {
      if (child.exitCode !== null || child.signalCode !== null) continue
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    }
    rmSync(this.home, { recursive: true, force: true, maxRetries: 5 })
  }

  #start(words: readonly string[], stdin: 'ignore' | 'pipe' = 'ignore'): ChildProcess {
    const stdio = [stdin, 'pipe', 'pipe'] as const
    const child = spawnAs(this.account, words, { env: this.env, cwd: this.home, stdio: [...stdio] })
    this.#running.push(child)
    // Read and discard the output, so that the program does not block.
    child.stdout?.resume()
    child.stderr?.resume()
    return child
  }

  /** Starts a long-running program and returns the first line it prints. */
  async #serve(words: readonly string[]): Promise<string> {
    const child = this.#start(words)
    const output: string[] = []
    child.stderr?.on('data', (data: Buffer) => output.push(String(data)))
    const line = child.stdout && once(createInterface(child.stdout), 'line').then(([text]) => String(text))
    const ended = once(child, 'exit').then(() => {
      throw new Error(`${words[0]} ended: ${output.join('')}`)
    })
    return (await Promise.race([line, ended])) ?? ''
  }

  /** Waits until a name on the session bus has an owner. */
  async #named(name: string): Promise<void> {
    await this.run('gdbus', 'wait', '--session', '--timeout', '60', name)
  }
}
