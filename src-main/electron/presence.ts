/** Finds out whether an Electron runtime is available. Runs in plain Node, so nothing here imports Electron. */
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** `fetchable`: not here, but `npx install-electron` can download it. `absent`: neither; `reason` says why. */
export type ElectronRuntime =
  | { readonly state: 'present'; readonly executable: string }
  | { readonly state: 'fetchable'; readonly address: string }
  | { readonly state: 'absent'; readonly reason: string }

export interface Circumstances {
  readonly platform: string
  readonly arch: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly isRoot: boolean
  /** Folder of the npm package `electron`; null if it is not installed. */
  readonly packageFolder: string | null
  /** Whether a download URL is reachable; decides within a few seconds. */
  readonly reachable: (address: string) => Promise<boolean>
}

const TIMEOUT = 3_000

async function reachable(address: string): Promise<boolean> {
  try {
    return (await fetch(address, { method: 'HEAD', signal: AbortSignal.timeout(TIMEOUT) })).ok
  } catch {
    return false
  }
}

function packageFolder(): string | null {
  try {
    return dirname(createRequire(import.meta.url).resolve('electron/package.json'))
  } catch {
    return null
  }
}

function here(): Circumstances {
  const { platform, arch, env } = process
  return { platform, arch, env, isRoot: process.getuid?.() === 0, packageFolder: packageFolder(), reachable }
}

/** Why a runtime would not start here, even if there were one. */
function obstacle({ platform, env, isRoot }: Circumstances): string | null {
  if (platform !== 'linux') return null
  if (!env.DISPLAY && !env.WAYLAND_DISPLAY) return 'there is no display'
  return isRoot ? 'Electron does not run as root' : null
}

function executableIn(folder: string, env: Circumstances['env']): string | null {
  const named = join(folder, 'path.txt')
  if (!existsSync(named)) return null
  const executable = join(env.ELECTRON_OVERRIDE_DIST_PATH ?? join(folder, 'dist'), readFileSync(named, 'utf8').trim())
  return existsSync(executable) ? executable : null
}

/** The URL from which the package's installer would download it. */
function addressOf(folder: string, { platform, arch, env }: Circumstances): string {
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string }
  const mirror = env.ELECTRON_MIRROR ?? env.npm_config_electron_mirror
  const base = mirror ?? 'https://github.com/electron/electron/releases/download/'
  return `${base}v${version}/electron-v${version}-${platform}-${arch}.zip`
}

/** Looks for the runtime. Uses the network only if it is missing, for at most three seconds. */
export async function electronRuntime(given: Partial<Circumstances> = {}): Promise<ElectronRuntime> {
  const circumstances = { ...here(), ...given }
  const { packageFolder: folder, env } = circumstances
  if (folder === null) return { state: 'absent', reason: 'the package electron is not installed' }
  const reason = obstacle(circumstances)
  if (reason !== null) return { state: 'absent', reason }
  const executable = executableIn(folder, env)
  if (executable !== null) return { state: 'present', executable }
  const address = addressOf(folder, circumstances)
  if (await circumstances.reachable(address)) return { state: 'fetchable', address }
  return { state: 'absent', reason: `its runtime is not installed, and ${new URL(address).host} cannot be reached` }
}
