/** Alerts of the sites: what is open, live. */
import { z } from 'zod'
import { alertEntry } from '../domain/alerts.ts'
import { subscription } from './define.ts'
import { siteId, time } from './words.ts'

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
}

export type AlertRow = z.infer<typeof alertRow>
