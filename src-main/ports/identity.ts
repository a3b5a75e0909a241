/** The user of this console, as named in the servers' audits. */
import { hostname, userInfo } from 'node:os'

export interface Identity {
  /** `user@computer`, one line. */
  readonly who: string
}

function loginName(): string {
  try {
    return userInfo().username
  } catch {
    // A user id without an account, as in some containers.
    return String(process.getuid?.() ?? 'unknown')
  }
}

export function systemIdentity(): Identity {
  return { who: `${loginName()}@${hostname()}`.replaceAll(/\p{Cc}/gu, '?') }
}
