import { setImmediate } from 'node:timers/promises'
import type { ConsoleContract } from '../../../src-shared/contract/index.ts'
import { fail, ok } from '../../../src-shared/result.ts'
import type { NamespaceHandlers } from '../../../src-shared/rpc/handlers.ts'
import { nameProblem } from '../../operations/confirm.ts'
import { previewRetention } from '../../operations/preview-retention.ts'
import { rotateBackups, rotationPlan } from '../../operations/rotate.ts'
import { clockOffset } from '../../store/inspections.ts'
import { notChecked, overtaken } from '../failures.ts'
import { onSite, type Services, siteOf } from '../services.ts'

export function retentionHandlers(services: Services): NamespaceHandlers<ConsoleContract['retention']> {
  const { context, runner } = services
  return {
    preview: async ({ site: id, rules }, { signal }) => {
      const site = siteOf(services, id)
      if (!site.ok) return site
      // Whoever types sends several; those that were overtaken are dropped here.
      await setImmediate()
      if (signal.aborted) return fail(overtaken)
      const kept = context.store.inspections.latest(id)
      if (!kept) return fail(notChecked)
      const given = Object.entries(rules).map(([kind, rule]) => [`retention_${kind}`, rule])
      const policy = { ...kept.inspection.policy, ...Object.fromEntries(given) }
      const now = context.clock.now() + clockOffset(kept)
      return ok({ at: kept.at, decisions: previewRetention(kept.inspection, now, policy) })
    },

    plan: ({ site: id }) =>
      onSite(
        services,
        id,
        (site) => rotationPlan(context, site),
        (report) => report,
      ),

    rotate: ({ site: id, confirm, acceptClock }) =>
      onSite(
        services,
        id,
        async (site) => {
          const refused = nameProblem(site, confirm)
          return refused ? fail(refused) : rotateBackups(context, runner, site, acceptClock)
        },
        (entry) => ({ operation: entry.id }),
      ),
  }
}
