import type { ConsoleContract } from '../../../src-shared/contract/index.ts'
import type { SiteView } from '../../../src-shared/contract/sites.ts'
import { ok } from '../../../src-shared/result.ts'
import { aborted, type NamespaceHandlers } from '../../../src-shared/rpc/handlers.ts'
import { installPackages } from '../../operations/install-packages.ts'
import type { Site } from '../../store/sites.ts'
import { onSite, type Services, siteOf } from '../services.ts'
import { throttle } from '../throttle.ts'
import { onSiteChange, overview, PACE } from './fleet-feed.ts'
import { factsOf } from './sites.ts'

const AGEING = 30_000

function viewOf(services: Services, site: Site): SiteView {
  const { target, sudo, root, machineId, createdAt, updatedAt } = site
  const kept = services.context.store.inspections.latest(site.id)
  return {
    overview: overview(services, site),
    settings: { target, sudo, root, machineId, createdAt, updatedAt },
    inspection: kept ? factsOf(kept.inspection) : null,
  }
}

export function siteHandlers(services: Services): NamespaceHandlers<ConsoleContract['site']> {
  const { context, fleet, runner } = services
  return {
    watch: async ({ site: id }, feed) => {
      const site = siteOf(services, id)
      if (!site.ok) return site
      let lastSent = viewOf(services, site.value)
      feed.snapshot(lastSent)
      const gone = new AbortController()
      const changes = throttle<string>(PACE, context.log, () => {
        const now = context.store.sites.byId(id)
        if (!now) return gone.abort()
        const view = viewOf(services, now)
        const parts = (['overview', 'settings', 'inspection'] as const).filter((part) => {
          return JSON.stringify(view[part]) !== JSON.stringify(lastSent[part])
        })
        lastSent = view
        if (parts.length > 0) feed.change(Object.fromEntries(parts.map((part) => [part, view[part]])))
      })
      const unsubscribe = onSiteChange(services, (changed) => {
        if (changed === id) changes.add(id)
      })
      const ageing = setInterval(() => changes.add(id), AGEING)
      const leave = fleet.watch(site.value)
      await aborted(AbortSignal.any([feed.signal, gone.signal]))
      leave()
      clearInterval(ageing)
      unsubscribe()
      changes.stop()
      return ok(null)
    },

    refresh: ({ site: id }) =>
      onSite(
        services,
        id,
        (site) => fleet.refresh(site, true),
        () => ({ inspectedAt: context.store.inspections.latest(id)?.at ?? context.clock.now() }),
      ),

    installPackages: ({ site: id, ...confirmation }) =>
      onSite(
        services,
        id,
        (site) => installPackages(context, runner, site, confirmation),
        (entry) => ({ operation: entry.id }),
      ),
  }
}
