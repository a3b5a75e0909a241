/** Retention: what the policy, or another one, would keep and delete; and rotation. Its settings are saved by `policy.change`. */
import { z } from 'zod'
import { kitCommands } from '../domain/kit-commands.ts'
import { retentionDecision, retentionKinds, rotationReport } from '../domain/retention.ts'
import { command, query } from './define.ts'
import { confirmation, siteId, siteRef, startedOperation, time } from './words.ts'

export const retention = {
  /** By the server's own rule, on the backups as they were last listed. Changes nothing, asks nobody. */
  preview: query({
    role: 'viewer',
    input: z.strictObject({
      site: siteId,
      /** Instead of those of the policy: `days 30 most 200`. What cannot be read deletes nothing. */
      rules: z.partialRecord(z.enum(retentionKinds), z.string().max(100)).default({}),
    }),
    output: z.object({
      /** When the backups were listed, by this computer's clock. */
      at: time,
      /** One for each backup. */
      decisions: z.array(z.object(retentionDecision.shape)),
    }),
    errors: ['no-such-site', 'not-checked'],
  }),
  /** What the server would delete now, and why: it alone knows its clock, and what programs have open. */
  plan: query({
    role: kitCommands.rotate.role,
    input: siteRef,
    output: z.object(rotationReport.shape),
    errors: ['no-such-site', 'wrong-site'],
  }),
  rotate: command({
    role: kitCommands.rotate.role,
    input: z.strictObject({
      site: siteId,
      confirm: confirmation,
      /** The user states that the clock of the server is right, although it has jumped. */
      acceptClock: z.boolean().default(false),
    }),
    output: startedOperation,
    errors: ['no-such-site', 'wrong-site', 'not-confirmed'],
  }),
}
