/** The settings of a host's configuration that are needed to reach it, and the local paths they name. */
import { access } from 'node:fs/promises'
import { hostname, userInfo } from 'node:os'
import { isAbsolute, join } from 'node:path'
import type { Values } from './ssh-config-parser.ts'
import { expandTokens } from './ssh-config-words.ts'

export interface Settings {
  readonly alias: string
  readonly hostname: string
  readonly port: number
  readonly user: string
  /** The local user. */
  readonly localUser: string
  /** As written, with tokens and `~`. */
  readonly identityFiles: readonly string[]
  readonly certificateFiles: readonly string[]
  readonly identitiesOnly: boolean
  /** As written; null if not set. */
  readonly identityAgent: string | null
  readonly proxyJump: string | null
  readonly proxyCommand: boolean
}

export interface ImportedHop {
  readonly host: string
  readonly port: number
  readonly user: string
  /** Paths of the keys that exist, in order; the public half if only that exists. If empty, use the agent. */
  readonly identityFiles: readonly string[]
  readonly certificates: readonly string[]
  /** Null: use no agent. Undefined: use the default one. */
  readonly agentSocket?: string | null
  /** Use only the agent's keys that match the files. */
  readonly identitiesOnly: boolean
}

/** The files that ssh tries if none is configured. */
export const defaultIdentityFiles: readonly string[] = ['rsa', 'ecdsa', 'ecdsa_sk', 'ed25519', 'ed25519_sk'].map(
  (name) => `~/.ssh/id_${name}`,
)

const isNone = (value: string | undefined) => value === undefined || value.toLowerCase() === 'none'

export function settingsOf(values: Values, alias: string, localUser: string = userInfo().username): Settings {
  const first = (name: string) => values.get(name)?.[0]
  const user = first('user') ?? localUser
  const host = first('hostname') ?? alias
  const port = Number(first('port') ?? 22)
  const jump = first('proxyjump')
  return {
    alias,
    hostname: host,
    port,
    user,
    localUser,
    identityFiles: (values.get('identityfile') ?? []).filter((file) => !isNone(file)),
    certificateFiles: (values.get('certificatefile') ?? []).filter((file) => !isNone(file)),
    identitiesOnly: /^(yes|true)$/i.test(first('identitiesonly') ?? 'no'),
    identityAgent: first('identityagent') ?? null,
    proxyJump:
      isNone(jump) || jump === undefined ? null : expandTokens(jump, { h: host, n: alias, p: String(port), r: user }),
    proxyCommand: !isNone(first('proxycommand')),
  }
}

/** Expands tokens, `~` and `${VARIABLES}` in a path. Null if a token or variable is unknown. */
export function pathOf(written: string, settings: Settings, home: string): string | null {
  const text = written.replace(/^~(?=$|[/\\])/, home)
  const tokens = {
    d: home,
    h: settings.hostname,
    i: String(process.getuid?.() ?? ''),
    j: settings.proxyJump ?? '',
    k: settings.alias,
    L: hostname().split('.')[0] ?? '',
    l: hostname(),
    n: settings.alias,
    p: String(settings.port),
    r: settings.user,
    u: settings.localUser,
  }
  let isKnown = true
  const path = expandTokens(text, tokens).replace(/\$\{(\w+)\}/g, (_whole, name: string) => {
    const value = process.env[name]
    if (value === undefined) isKnown = false
    return value ?? ''
  })
  return isKnown && isAbsolute(path) ? path : null
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

/** The files that exist. If only the public half of a key exists (the agent has the private one), that. */
async function present(files: readonly string[], settings: Settings, home: string): Promise<string[]> {
  const found: string[] = []
  for (const file of files) {
    const path = pathOf(file, settings, home) ?? pathOf(join(home, file), settings, home)
    if (path === null) continue
    if (await isThere(path)) found.push(path)
    else if (await isThere(`${path}.pub`)) found.push(`${path}.pub`)
  }
  return [...new Set(found)]
}

/** The configured agent: undefined for the default, null for none. */
function agentOf(settings: Settings, home: string): string | null | undefined {
  const written = settings.identityAgent
  if (written === null || written === 'SSH_AUTH_SOCK') return undefined
  if (written.toLowerCase() === 'none') return null
  if (/^\$\w+$/.test(written)) return process.env[written.slice(1)] ?? null
  if (written.startsWith('\\\\.\\pipe\\')) return written
  return pathOf(written, settings, home)
}

export async function hopOf(settings: Settings, home: string): Promise<ImportedHop> {
  const agentSocket = agentOf(settings, home)
  return {
    host: settings.hostname,
    port: settings.port,
    user: settings.user,
    identityFiles: await present(settings.identityFiles, settings, home),
    certificates: await present(settings.certificateFiles, settings, home),
    identitiesOnly: settings.identitiesOnly,
    ...(agentSocket === undefined ? {} : { agentSocket }),
  }
}
