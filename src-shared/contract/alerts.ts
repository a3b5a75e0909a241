/** Alerts of the sites: what is open, live; what was cleared; who has acknowledged what. */
import { z } from 'zod'
import { alertEntry, alertReport } from '../domain/alerts.ts'
import { liveAnswer } from './answer.ts'
import { command, subscription } from './define.ts'
import { siteId, siteRef, startedOperation, time } from './words.ts'

/** As the kit sends it, percent-encoded. */
const alertId = z.string().min(1).max(16_384)
const entry = z.object({
  ...alertEntry.shape,
  acknowledged: z.object({ at: time, who: z.string(), reason: z.string(), until: time.nullable() }).nullable(),
})

/** An open alert of a site. */
export const alertRow = z.object({
  ...entry.shape,
  site: siteId,
  siteName: z.string(),
  siteColour: z.string(),
  /** Who found it. The console's own are by this computer's clock, the server's by its own. */
  from: z.enum(['server', 'console']),
  /** Server's clock minus this computer's, and its zone, for the times of this row. */
  clockOffset: z.number().int(),
  zone: z.string(),
  /** Acknowledged, and the time that was given has not passed. */
  quiet: z.boolean(),
})

const rows = z.object({ alerts: z.array(alertRow) })
const key = ({ site, from, id }: Pick<AlertRow, 'site' | 'from' | 'id'>) => `${site} ${from} ${id}`
const rowChange = z.object({
  upsert: z.array(alertRow),
  removed: z.array(alertRow.pick({ site: true, from: true, id: true })),
})

function apply(state: z.output<typeof rows>, { upsert, removed }: z.output<typeof rowChange>): z.output<typeof rows> {
  const gone = new Set([...upsert, ...removed].map(key))
  return { alerts: [...state.alerts.filter((row) => !gone.has(key(row))), ...upsert] }
}

const theAlert = { site: siteId, alert: alertId, from: z.enum(['server', 'console']).default('server') }

export const alerts = {
  /** Open alerts of one site or of all. */
  watch: subscription({
    role: 'viewer',
    input: z.strictObject({ site: siteId.optional() }),
    snapshot: rows,
    change: rowChange,
    apply,
    errors: ['no-such-site'],
  }),
  /** What the server knows, with the newest alerts that were cleared. */
  history: liveAnswer('viewer', z.object({ ...alertReport.shape, open: z.array(entry), cleared: z.array(entry) })),
  /** `until`: by the clock of whoever found it; null until its cause is gone. */
  acknowledge: command({
    role: 'admin',
    input: z.strictObject({
      ...theAlert,
      reason: z.string().trim().min(1).max(500),
      until: time.positive().max(Date.UTC(2100, 0)).nullable(),
    }),
    output: z.object({}),
    errors: ['no-such-site', 'not-found', 'unreachable'],
  }),
  withdraw: command({
    role: 'admin',
    input: z.strictObject(theAlert),
    output: z.object({}),
    errors: ['no-such-site', 'not-found', 'unreachable'],
  }),
  /** Asks the rules now, as the schedule does. */
  check: command({ role: 'admin', input: siteRef, output: startedOperation, errors: ['no-such-site', 'unreachable'] }),
}

export type AlertRow = z.infer<typeof alertRow>
