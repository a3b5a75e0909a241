import type { AlertRow } from '../../../src-shared/contract/alerts.ts'
import type { ConsoleContract } from '../../../src-shared/contract/index.ts'
import { ok } from '../../../src-shared/result.ts'
import { aborted, type NamespaceHandlers } from '../../../src-shared/rpc/handlers.ts'
import { rowsOf } from '../alerts.ts'
import { type Services, siteOf } from '../services.ts'
import { throttle } from '../throttle.ts'
import { onSiteChange, PACE } from './fleet-feed.ts'

/** A silence begins, and an acknowledgement ends, without anything happening. */
const AGEING = 30_000

const keyOf = ({ site, from, id }: Pick<AlertRow, 'site' | 'from' | 'id'>) => `${site} ${from} ${id}`

/** What differs from the rows before, and the rows now. */
function difference(before: ReadonlyMap<string, readonly [AlertRow, string]>, rows: readonly AlertRow[]) {
  const now = new Map(rows.map((row) => [keyOf(row), [row, JSON.stringify(row)] as const]))
  const upsert = [...now].flatMap(([key, [row, text]]) => (before.get(key)?.[1] === text ? [] : [row]))
  const removed = [...before].flatMap(([key, [{ site, from, id }]]) => (now.has(key) ? [] : [{ site, from, id }]))
  return { now, upsert, removed }
}

export function alertsHandlers(services: Services): NamespaceHandlers<ConsoleContract['alerts']> {
  const { context, lookout } = services
  return {
    watch: async ({ site: id }, feed) => {
      const site = id === undefined ? null : siteOf(services, id)
      if (site && !site.ok) return site
      const rows = () => {
        const sites = context.store.sites.list().filter((one) => id === undefined || one.id === id)
        return sites.flatMap((one) => rowsOf(one, lookout.alertsOf(one), context.clock.now()))
      }
      let last = difference(new Map(), rows())
      feed.snapshot({ alerts: last.upsert })
      const changes = throttle<null>(PACE, context.log, () => {
        last = difference(last.now, rows())
        const { upsert, removed } = last
        if (upsert.length > 0 || removed.length > 0) feed.change({ upsert, removed })
      })
      const unsubscribe = onSiteChange(services, (changed) => {
        if (id === undefined || changed === id) changes.add(null)
      })
      const ageing = setInterval(() => changes.add(null), AGEING)
      await aborted(feed.signal)
      clearInterval(ageing)
      unsubscribe()
      changes.stop()
      return ok(null)
    },
  }
}
