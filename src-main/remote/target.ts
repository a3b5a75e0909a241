/** What a target needs to be reached: its secrets, and how two targets compare. The shape itself is shared. */
import type { SshHop, SshTarget } from '../../src-shared/domain/ssh-target.ts'
import type { Secret } from './secret.ts'

export {
  type SshAuth,
  type SshHop,
  type SshTarget,
  type SudoMode,
  sshTarget,
  sudoMode,
} from '../../src-shared/domain/ssh-target.ts'

/** Which secret is wanted. `sudo` is the password that sudo asks `user` for. */
export type SecretRequest =
  | {
      readonly kind: 'password'
      readonly host: string
      readonly port: number
      readonly user: string
      /** False where the login may well go without one: then nobody is asked for it. */
      readonly needed?: boolean
    }
  | { readonly kind: 'passphrase'; readonly keyFile: string }
  | { readonly kind: 'sudo'; readonly host: string; readonly port: number; readonly user: string }

/** What a server asks during a login, in its own words: a one-time code, a confirmation. Its answer is never kept. */
export interface LoginQuestion {
  readonly host: string
  readonly port: number
  readonly user: string
  /** What the server says before it; may be empty. */
  readonly instructions: string
  readonly question: string
  /** Whether what is typed may be seen. */
  readonly echo: boolean
}

/** Gives the secrets that a target needs: from the OS store, from a prompt, from stdin. Null where there is none. */
export interface SecretSource {
  find(request: SecretRequest): Promise<Secret | null>
  /** Asks a person. Where it is absent there is nobody to ask. @param over the login ended: nobody waits any more. */
  ask?(question: LoginQuestion, over: AbortSignal): Promise<Secret | null>
}

function hopKey(hop: SshHop): string {
  const { method, ...how } = hop.auth
  const chosen = Object.entries(how).filter(([, value]) => value !== undefined)
  return JSON.stringify([hop.user, hop.host.toLowerCase(), hop.port, method, ...chosen.sort().flat()])
}

/** What two targets must have in common to share a connection: every hop of the chain, and how it is logged in to. */
export function targetKey(target: SshTarget): string {
  return [...target.jumps, target].map(hopKey).join('>')
}

/** `user@host`, with the port where it is not 22. */
export function hopName(hop: Pick<SshHop, 'user' | 'host' | 'port'>): string {
  const host = hop.host.includes(':') ? `[${hop.host}]` : hop.host
  return hop.port === 22 ? `${hop.user}@${host}` : `${hop.user}@${host}:${hop.port}`
}
