/** Settings of this console, its known hosts and keys, its secrets and its audit. */
import { z } from 'zod'
import { command, nothing, query } from './define.ts'
import { confirmation, count, time } from './words.ts'

export const appearance = z.object({
  theme: z.enum(['system', 'light', 'dark']),
  density: z.enum(['comfortable', 'compact']),
})

const keptSecret = z.object({
  id: z.string(),
  kind: z.enum(['password', 'passphrase', 'sudo']),
  /** `user@host:port`, or the key file. */
  about: z.string(),
})

export const settings = {
  /** How a window opens that has no appearance of its own yet. From then on each window has its own. */
  appearance: query({ role: 'viewer', input: nothing, output: appearance }),
  /** Changes how later windows open, and what the desktop draws around them. No window that is open changes. */
  setAppearance: command({
    role: 'admin',
    input: z.strictObject({ theme: appearance.shape.theme.optional(), density: appearance.shape.density.optional() }),
    output: appearance,
  }),
  /** The keys with which this console logs in. */
  identities: query({
    role: 'admin',
    input: nothing,
    output: z.object({
      agent: z.object({
        running: z.boolean(),
        problem: z.string().nullable(),
        keys: z.array(z.object({ type: z.string(), fingerprint: z.string(), comment: z.string() })),
      }),
      keyFiles: z.array(z.object({ path: z.string(), present: z.boolean(), sites: z.array(z.string()) })),
    }),
  }),
  /** The pinned host keys. */
  knownHosts: query({
    role: 'viewer',
    input: nothing,
    output: z.object({
      hosts: z.array(
        z.object({
          /**
           * How to name it in `forgetHost`: `host` or `[host]:port`; null if the name is hashed and no site uses it.
           */
          host: z.string().nullable(),
          type: z.string(),
          fingerprint: z.string(),
          marker: z.enum(['none', 'cert-authority', 'revoked']),
          file: z.string(),
          line: count,
          /** Only keys in our own file can be forgotten here. */
          own: z.boolean(),
          sites: z.array(z.string()),
        }),
      ),
    }),
  }),
  /** The only way to forget a key. `confirm` is the host, typed as in `knownHosts`. */
  forgetHost: command({
    role: 'admin',
    input: z.strictObject({ host: z.string().min(1).max(300), confirm: confirmation }),
    output: z.object({ removed: count }),
    errors: ['not-confirmed', 'not-found'],
  }),
  /** The stored secrets by name, and where they are. Never a secret itself. */
  secrets: query({
    role: 'admin',
    input: nothing,
    output: z.object({ keeps: z.enum(['os-store', 'this-run']), words: z.string(), kept: z.array(keptSecret) }),
  }),
  forgetSecret: command({
    role: 'admin',
    input: z.strictObject({ id: z.string().min(1).max(1000) }),
    output: z.object({}),
    errors: ['not-found'],
  }),
}

export const audit = {
  /** Who did what, newest first, and whether the hash chain is intact. */
  list: query({
    role: 'viewer',
    input: z.strictObject({
      limit: z.number().int().min(1).max(1000).default(200),
      /** Only entries before this number. */
      before: z.number().int().positive().optional(),
    }),
    output: z.object({
      entries: z.array(
        z.object({
          seq: count,
          at: time,
          who: z.string(),
          action: z.string(),
          site: z.string(),
          operation: z.string(),
          outcome: z.string(),
          reason: z.string(),
          detail: z.string(),
          hash: z.string(),
        }),
      ),
      chain: z.discriminatedUnion('intact', [
        z.object({ intact: z.literal(true), entries: count, head: z.string() }),
        z.object({ intact: z.literal(false), seq: count, reason: z.string() }),
      ]),
    }),
  }),
}

export type Appearance = z.infer<typeof appearance>
