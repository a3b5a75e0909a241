/** The tokens of the host's windows: two unguessable strings, shown only to the parent process. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Role } from '../../src-shared/contract/define.ts'

export interface Tokens {
  /** 256 bits each, for a page's address. */
  readonly admin: string
  readonly viewer: string
  /** The role of a token; null if it is not one. */
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
      // Comparing digests takes constant time for any input.
      const given = digest(token)
      const isAdmin = timingSafeEqual(given, known.admin)
      const isViewer = timingSafeEqual(given, known.viewer)
      return isAdmin ? 'admin' : isViewer ? 'viewer' : null
    },
  }
}
