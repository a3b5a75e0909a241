/** Where a site is and how to log in there. What the store keeps: names and paths only, never a secret. */
import { z } from 'zod'
import type { Secret } from './secret.ts'

/** A login or host name as OpenSSH takes it; never something that could be read as an option or a second word. */
const noControl = /^[^\s\p{Cc}]+$/u
const hostName = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[A-Za-z0-9_:%.][A-Za-z0-9._:%-]*$/, 'not a host name or address')
const userName = z
  .string()
  .min(1)
  .max(128)
  .regex(noControl, 'not a user name')
  .refine((name) => !name.startsWith('-'), 'not a user name')

const sshAuth = z.discriminatedUnion('method', [
  /** Keys of the running agent; with `identity` only the key with this `SHA256:…` fingerprint. */
  z.strictObject({ method: z.literal('agent'), identity: z.string().startsWith('SHA256:').optional() }),
  z.strictObject({ method: z.literal('key'), keyFile: z.string().min(1) }),
  /** By `password` or `keyboard-interactive`, whichever the server offers. */
  z.strictObject({ method: z.literal('password') }),
])

const sshHop = z.strictObject({
  host: hostName,
  port: z.number().int().min(1).max(65535).default(22),
  user: userName,
  auth: sshAuth,
})

export const sshTarget = sshHop.extend({
  /** Jump hosts in the order in which they are passed, the first one reached directly. */
  jumps: z.array(sshHop).max(8).default([]),
})

export const sudoMode = z.enum(['none', 'passwordless', 'password'])

export type SshAuth = z.infer<typeof sshAuth>
export type SshHop = z.infer<typeof sshHop>
export type SshTarget = z.infer<typeof sshTarget>
export type SudoMode = z.infer<typeof sudoMode>

/** Which secret is wanted. `sudo` is the password that sudo asks `user` for. */
export type SecretRequest =
  | { readonly kind: 'password'; readonly host: string; readonly port: number; readonly user: string }
  | { readonly kind: 'passphrase'; readonly keyFile: string }
  | { readonly kind: 'sudo'; readonly host: string; readonly port: number; readonly user: string }

/** Gives the secrets that a target needs: from the OS store, from a prompt, from stdin. Null where there is none. */
export interface SecretSource {
  find(request: SecretRequest): Promise<Secret | null>
}

function hopKey(hop: SshHop): string {
  const how =
    hop.auth.method === 'key'
      ? ['key', hop.auth.keyFile]
      : hop.auth.method === 'agent'
        ? ['agent', hop.auth.identity ?? '']
        : ['password']
  return JSON.stringify([hop.user, hop.host.toLowerCase(), hop.port, ...how])
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
