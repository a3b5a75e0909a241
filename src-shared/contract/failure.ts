/** An expected failure on the wire. Text for people, a code for programs; never a stack trace, a secret or SQL. */
import { z } from 'zod'

/** The key that a server presented, and the known ones to compare it with. */
export const shownHostKey = z.object({
  host: z.string(),
  port: z.number().int(),
  type: z.string(),
  fingerprint: z.string(),
  /** Other known keys of this host; empty for an unknown host. */
  known: z.array(z.object({ file: z.string(), line: z.number().int(), type: z.string(), fingerprint: z.string() })),
})

export const wireFailure = z.object({
  code: z.string(),
  message: z.string(),
  /** What is unchanged. */
  unchanged: z.string().optional(),
  /** What to do next. */
  next: z.string().optional(),
  /** Identifies the entry in the console's log; with code `internal`. */
  incident: z.string().optional(),
  /** With the codes `host-key-…`. */
  hostKey: shownHostKey.optional(),
  /** The machine that answered, with code `wrong-site`: pass its id to `sites.edit` as `acceptMachine`. */
  machine: z.object({ name: z.string(), machineId: z.string() }).optional(),
})

export type WireFailure = z.infer<typeof wireFailure>

/*
 * Codes of the carrier itself: `unknown-call`, `forbidden`, `invalid-input`, `too-large`, `bad-frame`, `too-many`
 * (more calls open than a session may have), `internal` (a fault of ours, with an incident), `cancelled`,
 * `disconnected` (no answer will come any more: whether a command was carried out is not known), `unauthorised`.
 */
