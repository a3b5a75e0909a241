/** Facts about the console itself. */
import { z } from 'zod'
import { nothing, query, roles } from './define.ts'
import { siteId } from './words.ts'

const secretKeeping = z.object({
  /** `os-store`: encrypted by the operating system. `this-run`: in memory until the console ends. */
  keeps: z.enum(['os-store', 'this-run']),
  words: z.string(),
})

export const app = {
  info: query({
    role: 'viewer',
    input: nothing,
    output: z.object({
      name: z.string(),
      version: z.string(),
      platform: z.string(),
      host: z.enum(['electron', 'loopback']),
      role: z.enum(roles),
      /** `user@computer`, the user's name in audits. */
      who: z.string(),
      secrets: secretKeeping,
      dataFolder: z.string(),
      /** In the demo: its site, and hints for trying it. */
      demo: z.object({ site: siteId, hints: z.array(z.object({ title: z.string(), text: z.string() })) }).nullable(),
    }),
  }),
}
