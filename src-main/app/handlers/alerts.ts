import type { AlertRow } from '../../../src-shared/contract/alerts.ts'
import type { ConsoleContract } from '../../../src-shared/contract/index.ts'
import type { AlertReport } from '../../../src-shared/domain/alerts.ts'
import { fail, ok, type Result } from '../../../src-shared/result.ts'
import { aborted, type NamespaceHandlers } from '../../../src-shared/rpc/handlers.ts'
import { acknowledgeAlert, monitor, readAlerts } from '../../operations/alerts.ts'
import type { Site } from '../../store/sites.ts'
import { rowsOf } from '../alerts.ts'
import { notFound } from '../failures.ts'
import { type Answer, feedAnswer } from '../live-answer.ts'
import { onSite, type Services, siteOf } from '../services.ts'
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
  const { context, runner, fleet, lookout } = services
  const known = new Map<string, Answer<AlertReport>>()
  /** Windows are told at once. */
  const touched = (id: string) => {
    fleet.changed(id)
    return ok({})
  }
  /** What the server was told shows in its next inspection. */
  async function seen<T>(site: Site, done: Promise<Result<T>>): Promise<Result<T>> {
    const result = await done
    if (result.ok) await fleet.refreshAfter(site)
    return result
  }
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

    history: ({ site: id }, feed) =>
      feedAnswer(
        services,
        id,
        feed,
        known,
        (site, signal) => readAlerts(context, site, signal),
        (site) => context.store.inspections.latest(site.id)?.inspection.alerts,
      ),

    acknowledge: async ({ site: id, alert, from, reason, until }) => {
      if (from === 'console') {
        const site = siteOf(services, id)
        if (!site.ok) return site
        return lookout.acknowledge(site.value, alert, { reason, until }) ? touched(id) : fail(notFound('alert'))
      }
      const wanted = {
        reason,
        ...(until === null ? {} : { until: `${new Date(until).toISOString().slice(0, 19)}Z` }),
      }
      return onSite(
        services,
        id,
        (site) => seen(site, acknowledgeAlert(context, site, alert, wanted)),
        () => ({}),
      )
    },

    withdraw: async ({ site: id, alert, from }) => {
      if (from === 'console') {
        const site = siteOf(services, id)
        if (!site.ok) return site
        return lookout.withdraw(site.value, alert) ? touched(id) : fail(notFound('alert'))
      }
      return onSite(
        services,
        id,
        (site) => seen(site, acknowledgeAlert(context, site, alert, { withdraw: true })),
        () => ({}),
      )
    },

    check: ({ site: id }) =>
      onSite(
        services,
        id,
        (site) => monitor(context, runner, site),
        (entry) => ({ operation: entry.id }),
      ),
  }
}
