/** What of a host's configuration matters for reaching it, and the paths that it means on this computer. */
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
  /** Who runs it here. */
  readonly localUser: string
  /** As written: with tokens and `~`. */
  readonly identityFiles: readonly string[]
  readonly certificateFiles: readonly string[]
  readonly identitiesOnly: boolean
  /** As written; null where nothing is said. */
  readonly identityAgent: string | null
  readonly proxyJump: string | null
  readonly proxyCommand: boolean
}

export interface ImportedHop {
  readonly host: string
  readonly port: number
  readonly user: string
  /** Paths of keys that are there, in their order; of some only the public half. Where there are none the agent is meant. */
  readonly identityFiles: readonly string[]
  readonly certificates: readonly string[]
  /** Null: no agent is asked; not given: the usual one is. */
  readonly agentSocket?: string | null
  /** No other keys of the agent than those of the files. */
  readonly identitiesOnly: boolean
}

/** What ssh tries where no file is named. */
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

/** A path with its tokens, `~` and `${VARIABLES}` put in. Null where it names none: a token or variable is not known. */
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

/** The files that are there; of a key of which only the public half is there (the agent has the rest), that. */
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

/** The agent that is meant: undefined for the usual one, null for none. */
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
