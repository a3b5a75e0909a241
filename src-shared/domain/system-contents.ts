/** What a system backup says of itself, and of the server it was made on. Written by whoever made it. Pure. */
import { z } from 'zod'
import { tableCount } from './kit-backups.ts'
import { count, text, word } from './kit-fields.ts'

/** Data of a `contents` result. */
export const systemContents = z.looseObject({
  /** Of the file as it was read. */
  sha256: word,
  /** True if that is the SHA-256 recorded when the backup was made. */
  proven: z.boolean(),
  /** `bytes` of the member that holds it; null for files that are members themselves. */
  parts: z
    .array(
      z.looseObject({
        part: z.enum(['database', 'application', 'venv', 'config', 'systemd', 'nginx']),
        bytes: count.nullable(),
      }),
    )
    .max(6),
  /** MANIFEST.txt; null if there is none. */
  manifest: z.string().max(1_000_000).nullable(),
  /** manifest.json, or its beginning; null if there is none, as in the runbook's. */
  facts: z.string().max(1_000_000).nullable(),
})

export type SystemContents = z.infer<typeof systemContents>

const names = (most: number) => z.array(z.object({ name: word, version: word })).max(most)

/** What manifest.json says, without its members. Another program may have written it: what does not fit is left out. */
export const systemFacts = z.object({
  takenAt: count.nullable().catch(null),
  host: word.catch(''),
  root: text.catch(''),
  commit: word.nullable().catch(null).default(null),
  owner: z.object({ user: word, uid: count, group: word, gid: count }).nullable().catch(null),
  services: z
    .array(z.object({ name: word, state: word }))
    .max(100)
    .catch([]),
  links: z
    .array(z.object({ path: text, target: text }))
    .max(400)
    .catch([]),
  versions: z.record(z.string(), word).catch({}),
  packages: names(400).catch([]),
  database: z
    .object({ size: count, userVersion: z.number().int(), tables: z.array(z.object(tableCount.shape)).max(20_000) })
    .nullable()
    .catch(null),
})
export type SystemFacts = z.infer<typeof systemFacts>

/** Reads manifest.json as `contents` gives it: its list of members, on lines of their own, may be cut off. Null if it is none. */
export function readFacts(json: string | null): SystemFacts | null {
  if (json === null) return null
  const [head = ''] = json.split('\n', 1)
  const whole = head.endsWith('"members":[') ? `${head}]}` : json
  try {
    return systemFacts.parse(JSON.parse(whole))
  } catch {
    return null
  }
}
