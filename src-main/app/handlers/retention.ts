import type { ConsoleContract } from '../../../src-shared/contract/index.ts'
import { fail } from '../../../src-shared/result.ts'
import type { NamespaceHandlers } from '../../../src-shared/rpc/handlers.ts'
import { nameProblem } from '../../operations/confirm.ts'
import { previewRetention } from '../../operations/preview-retention.ts'
import { rotateBackups, rotationPlan } from '../../operations/rotate.ts'
import { onLastSeen, onSite, type Services } from '../services.ts'

export function retentionHandlers(services: Services): NamespaceHandlers<ConsoleContract['retention']> {
  const { context, runner } = services
  return {
    preview: ({ site, rules }, { signal }) =>
      onLastSeen(services, site, signal, ({ at, inspection }, now) => {
        const given = Object.entries(rules).map(([kind, rule]) => [`retention_${kind}`, rule])
        const policy = { ...inspection.policy, ...Object.fromEntries(given) }
        return { at, decisions: previewRetention(inspection, now, policy) }
      }),

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
