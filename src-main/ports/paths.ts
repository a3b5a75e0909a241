/** Where the console keeps its files. */
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'

export interface Paths {
  readonly data: string
  readonly store: string
  /** Our own known_hosts file; the user's are only read. */
  readonly knownHosts: string
  readonly log: string
}

export interface Surroundings {
  readonly platform: NodeJS.Platform
  readonly env: Readonly<Record<string, string | undefined>>
  readonly home: string
}

const FOLDER = 'cvd-backup-console'

/** The platform's data folder for programs. Ignores relative or empty values in the environment. */
export function defaultDataFolder({ platform, env, home }: Surroundings): string {
  if (platform === 'win32') return join(env.APPDATA || join(home, 'AppData', 'Roaming'), FOLDER)
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', FOLDER)
  const base = env.XDG_DATA_HOME
  return join(base?.startsWith('/') ? base : join(home, '.local', 'share'), FOLDER)
}

/** @param data the requested folder; undefined uses the platform's. */
export function systemPaths(data?: string): Paths {
  const surroundings = { platform: process.platform, env: process.env, home: homedir() }
  const folder = data === undefined ? defaultDataFolder(surroundings) : resolve(data)
  return {
    data: folder,
    store: join(folder, 'console.db'),
    knownHosts: join(folder, 'known_hosts'),
    log: join(folder, 'console.log'),
  }
}
