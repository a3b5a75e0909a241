/** What runs by itself on a site. How often is in the policy: `policy.change`. */
import { z } from 'zod'
import { kitCommands } from '../domain/kit-commands.ts'
import { scheduleKinds, scheduleReport } from '../domain/schedule.ts'
import { liveAnswer } from './answer.ts'
import { command } from './define.ts'
import { confirmation, reason, siteId, siteRef, startedOperation } from './words.ts'

/** `2026-03-29 02:30`, in the time of the server. */
const serverTime = z.string().regex(/^\d{4}-[01]\d-[0-3]\d [0-2]\d:[0-5]\d$/, 'YYYY-MM-DD HH:MM')

const { role } = kitCommands.timers
const errors = ['no-such-site', 'wrong-site']

export const schedule = {
  /** How often, the next runs, the last ones, and the jobs of others. */
  watch: liveAnswer(kitCommands.schedule.role, z.object(scheduleReport.shape)),
  /** Installs the schedule, or installs it again. `protect`: then makes the first backup, if that succeeded. */
  install: command({
    role,
    input: z.strictObject({
      site: siteId,
      protect: z.boolean().default(false),
      /** Switches the jobs of others off. */
      replace: z.strictObject({ confirm: confirmation, reason }).optional(),
    }),
    output: startedOperation,
    errors: [...errors, 'not-confirmed'],
  }),
  /** Without `until`, until somebody resumes it. */
  pause: command({
    role,
    input: z.strictObject({ site: siteId, until: serverTime.optional() }),
    output: startedOperation,
    errors,
  }),
  resume: command({ role, input: siteRef, output: startedOperation, errors }),
  /** Takes the timers away, and puts the jobs of others back. */
  remove: command({
    role,
    input: z.strictObject({ site: siteId, confirm: confirmation, reason }),
    output: startedOperation,
    errors: [...errors, 'not-confirmed'],
  }),
  /** Does now what the schedule would do for a kind. */
  run: command({
    role: kitCommands.scheduled.role,
    input: z.strictObject({ site: siteId, kind: z.enum(scheduleKinds) }),
    output: startedOperation,
    errors,
  }),
}
