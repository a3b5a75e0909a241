/** Where a site is and how to log in. Names and paths only, never a secret. */
import { z } from 'zod'

/** A login or host name that OpenSSH accepts; never readable as an option or a second word. */
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

/** A path on the console's computer. */
const localPath = z.string().min(1).max(4096)

/** Another agent's socket instead of the default one (`IdentityAgent`); null: use no agent. */
const agentSocket = localPath.nullable().optional()

const sshAuth = z.discriminatedUnion('method', [
  /** Keys of the running agent; with `identity` only the key with this `SHA256:…` fingerprint. */
  z.strictObject({
    method: z.literal('agent'),
    identity: z.string().startsWith('SHA256:').max(64).optional(),
    agentSocket,
  }),
  /** A private key, or the public key of one in the agent. */
  z.strictObject({
    method: z.literal('key'),
    keyFile: localPath,
    /** Tried after it, in this order. */
    others: z.array(localPath).max(15).optional(),
    /** In addition to those beside the keys (`KEY-cert.pub`). */
    certificates: z.array(localPath).max(16).optional(),
    agentSocket,
    /** Afterwards try the agent's other keys (no `IdentitiesOnly`). */
    agentToo: z.literal(true).optional(),
  }),
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
  /** Jump hosts in order, the first one reached directly. */
  jumps: z.array(sshHop).max(8).default([]),
})

export const sudoMode = z.enum(['none', 'passwordless', 'password'])

export type SshAuth = z.infer<typeof sshAuth>
export type SshHop = z.infer<typeof sshHop>
export type SshTarget = z.infer<typeof sshTarget>
export type SudoMode = z.infer<typeof sudoMode>
