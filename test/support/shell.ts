/** Starts the desktop shell on a fake runtime. */
import type { ShellConsole, ThemeSource } from '../../src-main/electron/console.ts'
import { type ShellOptions, startShell } from '../../src-main/electron/shell.ts'
import { ok } from '../../src-shared/result.ts'
import { FakeActivity, FakeAlerts, type FakeElectronOptions, FakePort, fakeElectron } from './fake-electron.ts'

export interface StartOptions extends FakeElectronOptions, Partial<Omit<ShellOptions, 'desktop'>> {
  readonly platform?: string
  readonly argv?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

class FakeTheme implements ThemeSource {
  current: ThemeSource['current'] = 'system'
  readonly #listeners = new Set<() => void>()

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  choose(theme: ThemeSource['current']): void {
    this.current = theme
    for (const listener of this.#listeners) listener()
  }
}

/** A fake console that counts calls. */
export function fakeConsole() {
  const activity = new FakeActivity()
  const alerts = new FakeAlerts()
  const ports: FakePort[] = []
  const counts = { probes: 0, disposals: 0 }
  const theme = new FakeTheme()
  const console: ShellConsole = {
    activity,
    alerts,
    theme,
    attach: (port) => {
      if (port instanceof FakePort) ports.push(port)
    },
    probeLinks: () => {
      counts.probes += 1
    },
    dispose: async () => {
      counts.disposals += 1
    },
  }
  return { console, activity, alerts, theme, ports, counts }
}

/** Begins the start; finish it with `becomeReady` and `started`. */
export function beginShell(options: StartOptions = {}) {
  const { platform = 'linux', argv = ['console'], env = {}, packaged, alone, answer, backend, ...rest } = options
  const given = { packaged, alone, answer, backend }
  const electron = fakeElectron(Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)))
  const behind = fakeConsole()
  const warnings: string[] = []
  const started = startShell(electron.runtime, {
    desktop: { platform, argv, env },
    appId: 'app.id',
    userData: '/data/window',
    logFile: '/data/console.log',
    preload: '/bundle/preload.cjs',
    icon: undefined,
    pages: new Map(),
    damage: () => null,
    now: () => 0,
    warn: (event, facts) => void warnings.push(`${event} ${Object.values(facts).join(' ')}`),
    openConsole: async () => {
      electron.order.push('console')
      return ok(behind.console)
    },
    ...rest,
  })
  return { ...electron, ...behind, warnings, started }
}

/** A started shell. */
export async function runningShell(options: StartOptions = {}) {
  const shell = beginShell(options)
  shell.becomeReady()
  await shell.started
  const [window] = shell.windows
  if (!window) throw new Error('no window was opened')
  return { ...shell, window }
}
