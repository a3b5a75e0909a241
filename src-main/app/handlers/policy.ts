import type { ConsoleContract } from '../../../src-shared/contract/index.ts'
import { ok } from '../../../src-shared/result.ts'
import type { NamespaceHandlers } from '../../../src-shared/rpc/handlers.ts'
import { inspectPinned } from '../../operations/inspect.ts'
import { feedAnswer } from '../live-answer.ts'
import { onSite, type Services } from '../services.ts'

export function policyHandlers(services: Services): NamespaceHandlers<ConsoleContract['policy']> {
  const { context, fleet } = services
  return {
    watch: ({ site }, feed) =>
      feedAnswer(services, site, feed, async (found, signal) => {
        const policy = await context.links.use(found, (kit) => kit.client.policy(), { signal })
        return policy.ok ? ok({ policy: policy.value }) : policy
      }),

    change: ({ site: id, changes }) =>
      onSite(
        services,
        id,
        async (site) => {
          const changed = await context.links.use(site, async (kit) => {
            const inspected = await inspectPinned(context, site, kit)
            return inspected.ok ? kit.client.policy(changes) : inspected
          })
          if (changed.ok) await fleet.refreshAfter(site)
          return changed
        },
        (policy) => ({ saved: true as const, policy: { policy } }),
      ),
  }
}
