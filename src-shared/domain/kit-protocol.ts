/**
 * The kit's output on stdout with `--events`: one JSON object per line. Version 1.
 * Readers ignore unknown kinds and members (the schemas are loose on purpose).
 * Times are milliseconds since 1970 by the server's clock; sizes are bytes.
 * Every path is percent-encoded bytes (`%XX` for all outside `A-Za-z0-9._/-`), so that it is ASCII whatever a file is
 * called; `decodePath`/`encodePath` in `backup-path.ts` convert.
 */
import { z } from 'zod'
import { count, evidence, outcomes, text, word } from './kit-fields.ts'

export const KIT_PROTOCOL_VERSION = 1

/** First line of every answer. */
export const helloEvent = z.looseObject({
  v: z.number().int(),
  kind: z.literal('hello'),
  at: count,
  /** SHA-256 of the answering kit. */
  kit: word,
  command: text,
  /** The operation of this line; null for a command that is not one (inspect, plan, …). */
  operation: word.nullable(),
})

export const stepEvent = z.looseObject({
  kind: z.literal('step'),
  at: count,
  step: word,
  title: text,
  state: z.enum(['started', 'done', 'failed', 'skipped']),
  evidence: evidence.default({}),
})

export const progressEvent = z.looseObject({
  kind: z.literal('progress'),
  at: count,
  step: word,
  done: count,
  total: count,
  unit: z.enum(['bytes', 'files', 'packages', 'seconds']),
})

export const logEvent = z.looseObject({
  kind: z.literal('log'),
  at: count,
  level: z.enum(['info', 'warning', 'error']),
  text,
})

/** Sent by `follow` only, never stored: the operation's state when there is no more to read. */
export const stateEvent = z.looseObject({
  kind: z.literal('state'),
  at: count,
  operation: word,
  state: z.enum(['running', 'ended', 'interrupted']),
})

/** Last line of every answer. */
export const resultEvent = z.looseObject({
  kind: z.literal('result'),
  at: count,
  outcome: z.enum(outcomes),
  /** `ok`, or the reason as a code: see `docs/kit.md`. */
  code: word,
  message: text,
  unchanged: text.default(''),
  next: text.default(''),
  data: z.unknown(),
})

export const kitEvent = z.discriminatedUnion('kind', [
  helloEvent,
  stepEvent,
  progressEvent,
  logEvent,
  stateEvent,
  resultEvent,
])

export type KitEvent = z.infer<typeof kitEvent>
export type KitResult = z.infer<typeof resultEvent>
