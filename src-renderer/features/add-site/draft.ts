/** What is entered about the connection to a site, and the target that it means. Pure. */
import { z } from 'zod'
import { siteName } from '../../../src-shared/domain/site-name.ts'
import {
  type SshAuth,
  type SshHop,
  type SshTarget,
  type SudoMode,
  sshTarget,
} from '../../../src-shared/domain/ssh-target.ts'

/** What an SSH config says about keys besides the first one. */
export type AlsoTried = Partial<Omit<Extract<SshAuth, { method: 'key' }>, 'method' | 'keyFile'>>

export interface HopDraft {
  readonly host: string
  readonly port: string
  readonly user: string
  readonly method: 'agent' | 'key' | 'password'
  readonly keyFile: string
  /** `SHA256:…` of one key of the agent; empty for any. */
  readonly identity: string
  readonly also: AlsoTried
}

export interface Draft extends HopDraft {
  readonly name: string
  readonly colour: string
  readonly sudo: SudoMode
  readonly root: string
  readonly health: string
  readonly jumps: readonly HopDraft[]
}

export const emptyHop: HopDraft = {
  host: '',
  port: '22',
  user: '',
  method: 'agent',
  keyFile: '',
  identity: '',
  also: {},
}
export const emptyDraft: Draft = {
  ...emptyHop,
  user: 'root',
  name: '',
  colour: '',
  sudo: 'none',
  root: '',
  health: '',
  jumps: [],
}

function authOf({ method, keyFile, identity, also }: HopDraft): unknown {
  if (method === 'key') return { method, keyFile: keyFile.trim(), ...also }
  const agent = also.agentSocket === undefined ? {} : { agentSocket: also.agentSocket }
  if (method === 'agent') return { method, ...(identity === '' ? {} : { identity }), ...agent }
  return { method }
}

/** What is tried besides the key file, in a sentence; empty where that is all. */
export function alsoTried({ also }: HopDraft): string {
  const { others = [], certificates = [], agentSocket, agentToo } = also
  const sentences = [
    others.length > 0 ? `Then tried: ${others.join(', ')}.` : '',
    certificates.length > 0 ? `Certificates: ${certificates.join(', ')}.` : '',
    agentToo ? 'Then the other keys in the agent.' : '',
    typeof agentSocket === 'string' ? `Agent: ${agentSocket}.` : '',
    agentSocket === null ? 'The agent is not used.' : '',
  ]
  return sentences.filter((sentence) => sentence !== '').join(' ')
}

function hopOf(hop: HopDraft): unknown {
  return { host: hop.host.trim(), port: Number(hop.port), user: hop.user.trim(), auth: authOf(hop) }
}

export type Problems = Readonly<Partial<Record<string, string>>>
export type TargetOf = { readonly target: SshTarget } | { readonly target: null; readonly problems: Problems }

const words: Readonly<Record<string, string>> = {
  host: 'Enter a host name or an address.',
  port: 'Enter a number from 1 to 65535.',
  user: 'Enter a user name without spaces.',
  'auth.keyFile': 'Enter the path of a key file on this computer.',
}

/** The target, or what is wrong by field: `host`, `port`, `user`, `auth.keyFile`, `jumps.0.host`, … */
export function targetOf(draft: Draft): TargetOf {
  const wanted = { ...(hopOf(draft) as object), jumps: draft.jumps.map(hopOf) }
  const parsed = sshTarget.safeParse(wanted)
  if (parsed.success) return { target: parsed.data }
  const problems = parsed.error.issues.map(({ path, message }) => {
    const key = path.join('.')
    return [key, words[key.replace(/^jumps\.\d+\./, '')] ?? message]
  })
  return { target: null, problems: Object.fromEntries(problems) as Problems }
}

export interface Policy {
  readonly root?: string
  readonly health?: string
}

export function policyOf({ root, health }: Draft): Policy {
  return {
    ...(root.trim() === '' ? {} : { root: root.trim() }),
    ...(health.trim() === '' ? {} : { health: health.trim() }),
  }
}

export function nameProblem(name: string): string | undefined {
  const parsed = siteName.safeParse(name)
  return parsed.success ? undefined : z.prettifyError(parsed.error).replace(/^✖\s*/, '')
}

function hopDraft({ host, port, user, auth }: SshHop): HopDraft {
  return {
    host,
    port: String(port),
    user,
    method: auth.method,
    keyFile: auth.method === 'key' ? auth.keyFile : '',
    identity: auth.method === 'agent' ? (auth.identity ?? '') : '',
    also: alsoOf(auth),
  }
}

function alsoOf(auth: SshAuth): AlsoTried {
  if (auth.method === 'password') return {}
  if (auth.method === 'agent') return auth.agentSocket === undefined ? {} : { agentSocket: auth.agentSocket }
  const { method: _, keyFile: __, ...also } = auth
  return also
}

export function draftOf(target: SshTarget, rest: Partial<Draft> = {}): Draft {
  return { ...emptyDraft, ...hopDraft(target), jumps: target.jumps.map(hopDraft), ...rest }
}
