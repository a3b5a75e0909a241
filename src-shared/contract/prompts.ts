/** What the console has to ask a person while it works: secrets, and what servers ask. Answers go one way only. */
import { z } from 'zod'
import { command, nothing, subscription } from './define.ts'
import { time } from './words.ts'

const prompt = z.object({
  requestId: z.string(),
  /** `question` is one that a server asks, a one-time code for example; its answer is kept nowhere. */
  kind: z.enum(['password', 'passphrase', 'sudo', 'question']),
  /** Names of the sites that wait for it; empty for one that is being added. */
  sites: z.array(z.string()),
  /** `user@host:port`, or the key file. */
  about: z.string(),
  /** With kind `question`: the server's own words, cleaned and cut. */
  question: z.object({ text: z.string().max(400), instructions: z.string().max(900), echo: z.boolean() }).nullable(),
  /** When nobody has answered by then, it counts as not given. */
  expiresAt: time,
})

const prompts_ = z.object({ prompts: z.array(prompt) })

export const prompts = {
  /** What is being asked now; each is answered once, by whichever window is first. */
  watch: subscription({
    role: 'admin',
    input: nothing,
    snapshot: prompts_,
    change: prompts_,
    apply: (_state, change): z.output<typeof prompts_> => change,
  }),
  /** `secret: null` says that it will not be given. Kept for as long as `app.info` says. */
  answer: command({
    role: 'admin',
    input: z.strictObject({ requestId: z.string().min(1).max(64), secret: z.string().max(4096).nullable() }),
    output: z.object({}),
    errors: ['not-found'],
  }),
}

export type Prompt = z.infer<typeof prompt>
