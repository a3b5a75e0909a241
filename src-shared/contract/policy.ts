/** The policy of a site: what applies, what is wrong with it, and changing it. */
import { z } from 'zod'
import { kitCommands } from '../domain/kit-commands.ts'
import { policyConflict, policyFacts } from '../domain/policy.ts'
import { liveAnswer } from './answer.ts'
import { command } from './define.ts'
import { siteId } from './words.ts'

const policyView = z.object({ policy: z.record(z.string(), z.string()), ...policyFacts })

/** Settings to be set, by their keys. */
const policyChanges = z
  .record(z.string().regex(/^[a-z][a-z_]{0,39}$/), z.string().max(4096))
  .refine((changes) => Object.keys(changes).length > 0 && Object.keys(changes).length <= 100, 'one to 100 settings')

export const policy = {
  watch: liveAnswer('viewer', policyView),
  /** Changes nothing where somebody else has changed the policy since the version that is expected. */
  change: command({
    role: kitCommands.policy.role,
    input: z.strictObject({ site: siteId, changes: policyChanges, expect: z.string().max(128).optional() }),
    output: z.discriminatedUnion('saved', [
      z.object({ saved: z.literal(true), policy: policyView }),
      z.object({ saved: z.literal(false), conflict: z.object(policyConflict.shape) }),
    ]),
    errors: ['no-such-site', 'wrong-site', 'usage'],
  }),
}
