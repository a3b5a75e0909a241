/** An expected failure as it travels. Words for people, a code for programs; never a stack, a secret or a statement. */
import { z } from 'zod'

/** The key that a server showed, and what is known of it: what a person compares before accepting it. */
export const shownHostKey = z.object({
  host: z.string(),
  port: z.number().int(),
  type: z.string(),
  fingerprint: z.string(),
  /** Where other keys of this host are known from; empty for an unknown host. */
  known: z.array(z.object({ file: z.string(), line: z.number().int(), type: z.string(), fingerprint: z.string() })),
})

export const wireFailure = z.object({
  code: z.string(),
  message: z.string(),
  /** What is as it was. */
  unchanged: z.string().optional(),
  /** What to do now. */
  next: z.string().optional(),
  /** Under which the console's log has more; with code `internal`. */
  incident: z.string().optional(),
  /** With the codes `host-key-…`. */
  hostKey: shownHostKey.optional(),
  /** The machine that answered instead, with code `wrong-site`: `sites.edit` takes its id as `acceptMachine`. */
  machine: z.object({ name: z.string(), machineId: z.string() }).optional(),
})

export type WireFailure = z.infer<typeof wireFailure>

/*
 * Codes of the carrier itself: `unknown-call`, `forbidden`, `invalid-input`, `too-large`, `bad-frame`, `too-many`
 * (more calls open than a session may have), `internal` (a fault of ours, with an incident), `cancelled`,
 * `disconnected` (no answer will come any more: whether a command was carried out is not known), `unauthorised`.
 */
