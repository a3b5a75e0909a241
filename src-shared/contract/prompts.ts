/** Prompts to the user: for secrets, and for servers' questions. Answers are never sent back to a window. */
import { z } from 'zod'
import { command, nothing, subscription } from './define.ts'
import { time } from './words.ts'

const prompt = z.object({
  requestId: z.string(),
  /** `question`: asked by a server, for example for a one-time code; its answer is never stored. */
  kind: z.enum(['password', 'passphrase', 'sudo', 'question']),
  /** Names of the waiting sites; empty for one that is being added. */
  sites: z.array(z.string()),
  /** `user@host:port`, or the key file. */
  about: z.string(),
  /** With kind `question`: the server's own words, cleaned and shortened. */
  question: z.object({ text: z.string().max(400), instructions: z.string().max(900), echo: z.boolean() }).nullable(),
  /** Without an answer by then, the prompt counts as declined. */
  expiresAt: time,
})

const prompts_ = z.object({ prompts: z.array(prompt) })

export const prompts = {
  /** The open prompts; each is answered once, by the first window. */
  watch: subscription({
    role: 'admin',
    input: nothing,
    snapshot: prompts_,
    change: prompts_,
    apply: (_state, change): z.output<typeof prompts_> => change,
  }),
  /** `secret: null` declines. `app.info` says how long an answer is kept. */
  answer: command({
    role: 'admin',
    input: z.strictObject({ requestId: z.string().min(1).max(64), secret: z.string().max(4096).nullable() }),
    output: z.object({}),
    errors: ['not-found'],
  }),
}

export type Prompt = z.infer<typeof prompt>
