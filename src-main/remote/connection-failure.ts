/** Maps errors of ssh2 and the network to the console's failures. */
import type { Failure } from '../../src-shared/result.ts'
import { hopName, type SshHop } from './target.ts'

interface ClientError extends Error {
  readonly level?: string
  readonly code?: string | number
}

/** Removes control characters from a server's or library's text and shortens it for a message. */
export function serverWords(text: string): string {
  return text
    .replace(/\p{Cc}+/gu, ' ')
    .trim()
    .slice(0, 200)
}

const reasons: Readonly<Record<string, string>> = {
  ENOTFOUND: 'its name is unknown',
  EAI_AGAIN: 'its name could not be looked up',
  ECONNREFUSED: 'nothing listens on that port',
  EHOSTUNREACH: 'there is no route to it',
  ENETUNREACH: 'there is no route to its network',
  ECONNRESET: 'it closed the connection',
}

function of(hop: SshHop, error: ClientError | null): Failure {
  const where = `${hop.host} port ${hop.port}`
  const unchanged = 'Nothing was run on the server.'
  if (error?.level === 'client-timeout' || error?.code === 'ETIMEDOUT') {
    const next = 'Check that the server is running and no firewall blocks it, then try again.'
    return { code: 'timeout', message: `${where} did not answer in time.`, unchanged, next }
  }
  const reason = reasons[String(error?.code)] ?? (error ? serverWords(error.message) : 'it closed the connection')
  return {
    code: 'unreachable',
    message: `${where} cannot be reached: ${reason}.`,
    unchanged,
    next: 'Check address, port and network, then try again.',
  }
}

/** The connection to a site ended unexpectedly. */
export function linkLost(target: SshHop, error: Error | null): Failure {
  const why = error ? `: ${serverWords(error.message)}` : ''
  return {
    code: 'link-lost',
    message: `The connection to ${hopName(target)} was lost${why}.`,
    unchanged: 'What was started on the server may still be running there.',
    next: 'Connect again and look at the operation before starting anything.',
  }
}

/** Our own known_hosts cannot be read or written, so no host key can be checked. */
export function hostKeyStore(error: Error): Failure {
  return {
    code: 'host-key-store',
    message: `The console's list of known host keys cannot be used: ${serverWords(error.message)}`,
    unchanged: 'Nothing was run on the server.',
    next: 'Correct the permissions of that file or the disk, then try again.',
  }
}

export const connectFailure = {
  of,
  /**
   * The server ended the login (2: protocol error, which OpenSSH uses for "too many failures"; 14: no more methods).
   */
  isLogin: (error: ClientError | null): boolean =>
    error?.level === 'client-authentication' || error?.level === 'agent' || error?.code === 2 || error?.code === 14,
  /** No login method is left to try. */
  isLoginOver: (error: ClientError | null): boolean => error?.level === 'client-authentication',
}
