/** What somebody fills in about the way to a site, and the target that it amounts to. Pure. */
import { z } from 'zod'
import { siteName } from '../../../src-shared/domain/site-name.ts'
import { type SshHop, type SshTarget, type SudoMode, sshTarget } from '../../../src-shared/domain/ssh-target.ts'

export interface HopDraft {
  readonly host: string
  readonly port: string
  readonly user: string
  readonly method: 'agent' | 'key' | 'password'
  readonly keyFile: string
  /** `SHA256:…` of one key of the agent; empty for any. */
  readonly identity: string
}

export interface Draft extends HopDraft {
  readonly name: string
  readonly colour: string
  readonly sudo: SudoMode
  readonly root: string
  readonly health: string
  readonly jumps: readonly HopDraft[]
}

export const emptyHop: HopDraft = { host: '', port: '22', user: '', method: 'agent', keyFile: '', identity: '' }
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

function authOf({ method, keyFile, identity }: HopDraft): unknown {
  if (method === 'key') return { method, keyFile: keyFile.trim() }
  if (method === 'agent') return { method, ...(identity === '' ? {} : { identity }) }
  return { method }
}

function hopOf(hop: HopDraft): unknown {
  return { host: hop.host.trim(), port: Number(hop.port), user: hop.user.trim(), auth: authOf(hop) }
}

export type Problems = Readonly<Partial<Record<string, string>>>
export type TargetOf = { readonly target: SshTarget } | { readonly target: null; readonly problems: Problems }

const words: Readonly<Record<string, string>> = {
  host: 'A host name or an address is needed.',
  port: 'A number from 1 to 65535.',
  user: 'A login name is needed, without blanks.',
  'auth.keyFile': 'The path of a key file on this computer is needed.',
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
  }
}

export function draftOf(target: SshTarget, rest: Partial<Draft> = {}): Draft {
  return { ...emptyDraft, ...hopDraft(target), jumps: target.jumps.map(hopDraft), ...rest }
}
