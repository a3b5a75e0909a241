/** The policy of a site: what applies, what is wrong with it, and changing it. */
import { z } from 'zod'
import { kitCommands } from '../domain/kit-commands.ts'
import { policyConflict, policyFacts, policyFinding } from '../domain/policy.ts'
import { liveAnswer } from './answer.ts'
import { command, query } from './define.ts'
import { siteId } from './words.ts'

const policyView = z.object({ policy: z.record(z.string(), z.string()), ...policyFacts })

const policyKey = z.string().regex(/^[a-z][a-z_]{0,39}$/)

/** Settings by their keys; whether a value is valid is said of each. */
const policyValues = z
  .record(policyKey, z.string().max(4096))
  .refine((values) => Object.keys(values).length <= 100, 'at most 100 settings')

const policyChange = z.object({ key: z.string(), before: z.string(), after: z.string() })

const { role } = kitCommands.policy

export const policy = {
  watch: liveAnswer('viewer', policyView),
  /** What the linter says of the policy with these values, by the server's own rule on what was last seen. Asks nobody. */
  preview: query({
    role: 'viewer',
    input: z.strictObject({ site: siteId, values: policyValues.default({}) }),
    output: z.object({
      findings: z.array(z.object(policyFinding.shape)),
      /** Of each key whose value is not valid, why. */
      problems: z.record(z.string(), z.string()),
    }),
    errors: ['no-such-site', 'not-checked'],
  }),
  /** Changes nothing where somebody else has changed the policy since the version that is expected. */
  change: command({
    role,
    input: z.strictObject({
      site: siteId,
      changes: policyValues.refine((changes) => Object.keys(changes).length > 0, 'at least one setting'),
      expect: z.string().max(128).optional(),
    }),
    output: z.discriminatedUnion('saved', [
      z.object({ saved: z.literal(true), policy: policyView }),
      z.object({ saved: z.literal(false), conflict: z.object(policyConflict.shape) }),
    ]),
    errors: ['no-such-site', 'wrong-site', 'usage'],
  }),
  /** What other sites would get if these settings of a site were copied to them, as the sites were last seen. */
  compare: query({
    role,
    input: z.strictObject({
      site: siteId,
      keys: z.array(policyKey).max(100),
      others: z.array(siteId).max(500),
    }),
    output: z.object({
      /** Null: the site was never checked, or the other one was not. */
      sites: z.array(z.object({ site: siteId, changes: z.array(policyChange).nullable() })),
    }),
    errors: ['no-such-site'],
  }),
}
