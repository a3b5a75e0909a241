import type { ConsoleContract } from '../../../src-shared/contract/index.ts'
import type { OperationRow } from '../../../src-shared/contract/operations.ts'
import type { OperationEntry } from '../../../src-shared/domain/kit-site.ts'
import { fail, ok, type Result } from '../../../src-shared/result.ts'
import { aborted, type NamespaceHandlers } from '../../../src-shared/rpc/handlers.ts'
import type { Site } from '../../store/sites.ts'
import { notFound } from '../failures.ts'
import { onSite, type Services, siteOf } from '../services.ts'
import { throttle } from '../throttle.ts'
import { onSiteChange, PACE } from './fleet-feed.ts'
import { feedOperation, serverEntry } from './operation-feed.ts'

function serverOperations({ context }: Services, site: Site, limit: number): Promise<Result<OperationEntry[]>> {
  return context.links.use(site, ({ client }) => client.operations(limit))
}

export function operationsHandlers(services: Services): NamespaceHandlers<ConsoleContract['operations']> {
  const { context, runner, activity } = services
  return {
    watch: async ({ site: id, limit }, feed) => {
      const site = id === undefined ? null : siteOf(services, id)
      if (site && !site.ok) return site
      let lastSent = new Map<string, string>()
      const look = (): { upsert: OperationRow[]; removed: string[] } => {
        const rows = activity.rows(site ? site.value : null, limit)
        const now = new Map(rows.map((row) => [row.id, JSON.stringify(row)]))
        const upsert = rows.filter((row) => lastSent.get(row.id) !== now.get(row.id))
        const removed = [...lastSent.keys()].filter((row) => !now.has(row))
        lastSent = now
        return { upsert, removed }
      }
      feed.snapshot({ operations: look().upsert })
      const changes = throttle<null>(PACE, context.log, () => {
        const { upsert, removed } = look()
        if (upsert.length > 0 || removed.length > 0) feed.change({ upsert, removed })
      })
      const unsubscribe = onSiteChange(services, (changed) => {
        if (id === undefined || changed === id) changes.add(null)
      })
      await aborted(feed.signal)
      unsubscribe()
      changes.stop()
      return ok(null)
    },

    onServer: ({ site: id, limit }) =>
      onSite(
        services,
        id,
        (site) => serverOperations(services, site, limit),
        (entries) => ({
          operations: entries.map((entry) => ({
            ...entry,
            journal: context.store.operations.find(id, entry.id)?.id ?? null,
          })),
        }),
      ),

    cancel: ({ site: id, operation }) =>
      onSite(
        services,
        id,
        (site) => runner.cancel(site, operation),
        (answer) => answer,
      ),

    import: ({ site: id, operation }) =>
      onSite(
        services,
        id,
        async (site) => {
          const known = context.store.operations.find(site.id, operation)
          if (known) return ok(known)
          const found = await serverEntry(services, site, operation)
          if (!found.ok) return found
          return found.value ? ok(runner.import(site, found.value)) : fail(notFound('operation'))
        },
        (entry) => ({ operation: entry.id }),
      ),

    reattach: ({ operation }) => {
      const entry = context.store.operations.byId(operation)
      if (!entry) return fail(notFound('operation'))
      return onSite(
        services,
        entry.siteId,
        async (site) => {
          runner.resume(entry, site)
          return ok(entry)
        },
        () => ({ operation }),
      )
    },

    recover: ({ site: id, reason }) =>
      onSite(
        services,
        id,
        async (site) => ok(runner.start({ site, request: ['recover'], reason })),
        (entry) => ({ operation: entry.id }),
      ),
  }
}

export function operationHandlers(services: Services): NamespaceHandlers<ConsoleContract['operation']> {
  return { watch: ({ operation }, feed) => feedOperation(services, operation, feed) }
}
