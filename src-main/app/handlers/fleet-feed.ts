/** Sends the state of the fleet to windows: everything once, then changes, at most a few times a second. */
import type { WireFailure } from '../../../src-shared/contract/failure.ts'
import type { ConsoleContract } from '../../../src-shared/contract/index.ts'
import type { SiteOverview } from '../../../src-shared/contract/sites.ts'
import { fleetVerdict } from '../../../src-shared/domain/verdict.ts'
import { ok, type Result } from '../../../src-shared/result.ts'
import { aborted, type Feed } from '../../../src-shared/rpc/handlers.ts'
import type { Site } from '../../store/sites.ts'
import { overviewOf } from '../overview.ts'
import type { Services } from '../services.ts'
import { throttle } from '../throttle.ts'

/** Minimum milliseconds between two changes sent to a window. */
export const PACE = 200
/** Sentences contain ages, so they are made again this often. */
const AGEING = 30_000

export function overview({ context, fleet, activity, lookout }: Services, site: Site): SiteOverview {
  return overviewOf({
    site,
    kept: context.store.inspections.latest(site.id),
    refresh: fleet.refreshState(site.id),
    operations: activity.open(site),
    alerts: lookout.alertsOf(site),
    now: context.clock.now(),
  })
}

/** Calls the listener for every site that changed. Returns what unsubscribes it. */
export function onSiteChange({ fleet, runner }: Services, listener: (siteId: string) => void): () => void {
  const unsubscribes = [fleet.subscribe(listener), runner.subscribe(({ siteId }) => listener(siteId))]
  return () => {
    for (const unsubscribe of unsubscribes) unsubscribe()
  }
}

function verdictOver(sites: readonly SiteOverview[], now: number) {
  const facts = sites.map(({ name, verdict, failure, inspectedAt, recoveryPoint, clockOffset }) => {
    const moment = recoveryPoint ? recoveryPoint.takenAt - clockOffset : null
    return { name, verdict, failure, checkedAt: inspectedAt, recoveryPoint: moment }
  })
  return fleetVerdict({ now, sites: facts })
}

/** All sites, as a window that opens now sees them. */
export function fleetNow(services: Services): { sites: SiteOverview[]; verdict: ReturnType<typeof verdictOver> } {
  const sites = services.context.store.sites.list().map((site) => overview(services, site))
  return { sites, verdict: verdictOver(sites, services.context.clock.now()) }
}

type Watch = ConsoleContract['sites']['watch']

export async function feedFleet(
  services: Services,
  feed: Feed<Watch['snapshot'], Watch['change']>,
): Promise<Result<null, WireFailure>> {
  const { context } = services
  const lastSent = new Map<string, { readonly text: string; readonly overview: SiteOverview }>()
  const look = (site: Site): SiteOverview | null => {
    const now = overview(services, site)
    const text = JSON.stringify(now)
    if (lastSent.get(site.id)?.text === text) return null
    lastSent.set(site.id, { text, overview: now })
    return now
  }
  const verdict = () =>
    verdictOver(
      [...lastSent.values()].map((one) => one.overview),
      context.clock.now(),
    )
  const changes = throttle<string>(PACE, context.log, (ids) => {
    const sites = [...ids].map((id) => [id, context.store.sites.byId(id)] as const)
    const upsert = sites.flatMap(([, site]) => (site ? (look(site) ?? []) : []))
    const removed = sites.flatMap(([id, site]) => (!site && lastSent.delete(id) ? [id] : []))
    if (upsert.length > 0 || removed.length > 0) feed.change({ upsert, removed, verdict: verdict() })
  })
  const sites = context.store.sites.list().flatMap((site) => look(site) ?? [])
  feed.snapshot({ sites, verdict: verdict() })
  const unsubscribe = onSiteChange(services, (id) => changes.add(id))
  const ageing = setInterval(() => {
    for (const id of lastSent.keys()) changes.add(id)
  }, AGEING)
  await aborted(feed.signal)
  clearInterval(ageing)
  unsubscribe()
  changes.stop()
  return ok(null)
}
