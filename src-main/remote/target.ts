/** What is needed to reach a target: its secrets, and a key for comparing targets. Their shape is in src-shared. */
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

/** Identifies a secret. `sudo` is the password that sudo asks `user` for. */
export type SecretRequest =
  | {
      readonly kind: 'password'
      readonly host: string
      readonly port: number
      readonly user: string
      /** False if the login may work without it: then the user is not asked. */
      readonly needed?: boolean
    }
  | { readonly kind: 'passphrase'; readonly keyFile: string }
  | { readonly kind: 'sudo'; readonly host: string; readonly port: number; readonly user: string }

/** A server's question during a login, in its own words, such as for a one-time code. The answer is never stored. */
export interface LoginQuestion {
  readonly host: string
  readonly port: number
  readonly user: string
  /** The server's text before the question; may be empty. */
  readonly instructions: string
  readonly question: string
  /** Whether the input may be shown. */
  readonly echo: boolean
}

/** Provides the secrets of a target: from the OS store, a prompt or stdin. Null if it has none. */
export interface SecretSource {
  find(request: SecretRequest): Promise<Secret | null>
  /** Asks the user; absent if nobody can be asked. @param over aborted when the login has ended. */
  ask?(question: LoginQuestion, over: AbortSignal): Promise<Secret | null>
}

function hopKey(hop: SshHop): string {
  const { method, ...how } = hop.auth
  const chosen = Object.entries(how).filter(([, value]) => value !== undefined)
  return JSON.stringify([hop.user, hop.host.toLowerCase(), hop.port, method, ...chosen.sort().flat()])
}

/** Two targets with the same key can share a connection: same hops, same logins. */
export function targetKey(target: SshTarget): string {
  return [...target.jumps, target].map(hopKey).join('>')
}

/** `user@host`, with the port if it is not 22. */
export function hopName(hop: Pick<SshHop, 'user' | 'host' | 'port'>): string {
  const host = hop.host.includes(':') ? `[${hop.host}]` : hop.host
  return hop.port === 22 ? `${hop.user}@${host}` : `${hop.user}@${host}:${hop.port}`
}
