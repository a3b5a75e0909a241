/** By which the host knows its windows: two words that it tells its parent once, and no one can guess. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Role } from '../../src-shared/contract/define.ts'

export interface Tokens {
  /** 256 bits each, for a page's address. */
  readonly admin: string
  readonly viewer: string
  /** What the bearer of a token may do; null for one that is none. */
  roleOf(token: string): Role | null
}

const digest = (text: string) => createHash('sha256').update(text).digest()

export function newTokens(): Tokens {
  const admin = randomBytes(32).toString('base64url')
  const viewer = randomBytes(32).toString('base64url')
  const known = { admin: digest(admin), viewer: digest(viewer) }
  return {
    admin,
    viewer,
    roleOf: (token) => {
      // Digests have one length, and comparing them takes one time, whatever was sent.
      const given = digest(token)
      const isAdmin = timingSafeEqual(given, known.admin)
      const isViewer = timingSafeEqual(given, known.viewer)
      return isAdmin ? 'admin' : isViewer ? 'viewer' : null
    },
  }
}
