/** The policy of a site: its values, their version, and the contradictions in it. Pure. */
import { z } from 'zod'
import { count, text, word } from './kit-fields.ts'

/** A contradiction that the linter found, with its numbers in the sentence. */
export const policyFinding = z.looseObject({
  rule: word,
  severity: z.enum(['error', 'warning', 'info']),
  /** The keys that it is about. */
  keys: z.array(word),
  /** What the two numbers of a rule mean: `policy-words.ts`. */
  measure: z.number().nullable(),
  bound: z.number().nullable(),
  sentence: text,
  fix: text,
})
export type PolicyFinding = z.infer<typeof policyFinding>

/** What the linter knows of the server besides the policy and the backups; null: not known. */
const policySite = z.looseObject({
  /** Whether timers run the schedule. */
  installed: z.boolean().nullable(),
  /** How many channels there are for alerts. */
  channels: count.nullable(),
  /** Bytes on the disk of the backups, and whether that is the disk of the database. */
  free: count.nullable(),
  sameDisk: z.boolean().nullable(),
  /** Lines of the policy file that are no settings, and whether it is not as the kit has written it. */
  notTaken: count.nullable(),
  edited: z.boolean().nullable(),
  /** Bytes of backups that are verified in a second. */
  pace: count.nullable(),
  /** Settings in the file that this kit does not know; earlier kits drop them. */
  otherKeys: count.nullable().optional(),
})
export type PolicySite = z.infer<typeof policySite>

/** What the kit says about its policy besides the values; absent in the answers of earlier kits. */
export const policyFacts = {
  /** Changes whenever a value does; `--expect` names the one that a change was made on. */
  version: word.optional(),
  changedAt: count.nullable().optional(),
  changedBy: text.optional(),
  /** What applies where nothing is set. */
  defaults: z.record(word, text).optional(),
  findings: z.array(policyFinding).optional(),
  /** For the preview in the console. */
  site: policySite.optional(),
}

/** Data of a refused change (code `conflict`): the policy as someone else has left it. */
export const policyConflict = z.looseObject({
  version: word,
  changedAt: count.nullable(),
  changedBy: text,
  policy: z.record(word, text),
})
export type PolicyConflict = z.infer<typeof policyConflict>
