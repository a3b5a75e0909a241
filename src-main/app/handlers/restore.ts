import type { ConsoleContract } from '../../../src-shared/contract/index.ts'
import type { PlanView } from '../../../src-shared/contract/restore.ts'
import { fail, ok } from '../../../src-shared/result.ts'
import { aborted, type NamespaceHandlers } from '../../../src-shared/rpc/handlers.ts'
import { fileDifferences } from '../../operations/file-differences.ts'
import { restorePlanned } from '../../operations/restore-part.ts'
import { undoRestore } from '../../operations/undo.ts'
import { onSite, type Services, siteOf } from '../services.ts'
import { throttle } from '../throttle.ts'

/** Minimum milliseconds between two progress updates. */
const PACE = 100

const expired = {
  code: 'plan-expired',
  message: 'This plan is not valid any more.',
  unchanged: 'Nothing was changed.',
  next: 'Make the plan again: what it would change may be different by now.',
}

export function restoreHandlers(services: Services): NamespaceHandlers<ConsoleContract['restore']> {
  const { context, runner, plans, prompts } = services
  return {
    moment: ({ site: id, kind, time }, { signal }) =>
      onSite(
        services,
        id,
        (site) => context.links.use(site, ({ client }) => client.moment(kind, time, signal), { signal }),
        (answer) => answer,
      ),

    plan: async ({ site: id, planId, ...of }, feed) => {
      const site = siteOf(services, id)
      if (!site.ok) return site
      prompts.unblock(site.value)
      context.links.unblock(site.value)
      const planning = plans.planning(site.value, of, planId)
      let lastSent: PlanView = planning.view
      feed.snapshot(lastSent)
      const over = new AbortController()
      const changes = throttle<null>(PACE, context.log, () => {
        const now = planning.view
        for (const step of now.steps) if (!lastSent.steps.includes(step)) feed.change({ step })
        const { steps: _, ...rest } = now
        if (now.state !== lastSent.state || now.progress !== lastSent.progress) feed.change(rest)
        lastSent = now
        if (now.state !== 'planning') over.abort()
      })
      const listener = () => changes.add(null)
      planning.listeners.add(listener)
      if (lastSent.state === 'planning') await aborted(AbortSignal.any([feed.signal, over.signal]))
      planning.listeners.delete(listener)
      changes.stop()
      const { failure } = planning.view
      if (failure) await prompts.refused(site.value, failure.code)
      return ok(null)
    },

    stopPlanning: ({ site: id, ...of }) => {
      const site = siteOf(services, id)
      if (!site.ok) return site
      plans.stopPlanning(site.value, of)
      return ok({})
    },

    start: ({ planId, confirm, reason, siteIsDown, ...given }) => {
      const plan = plans.plan(planId)
      if (!plan) return fail(expired)
      return onSite(
        services,
        plan.siteId,
        async (site) => {
          const present = Object.entries(given).filter(([, value]) => value !== undefined)
          const confirmation = { confirm, reason, siteIsDown, ...Object.fromEntries(present) }
          const started = restorePlanned(runner, site, plan.planned, confirmation)
          if (started.ok) plans.used(planId)
          return started
        },
        (entry) => ({ operation: entry.id }),
      )
    },

    differences: ({ planId, file, showSecrets }, { signal }) => {
      const plan = plans.plan(planId)
      const part = plan?.planned.plan.part
      if (!plan || (part !== 'application' && part !== 'config')) return fail(expired)
      const { path: backup } = plan.planned.plan.backup
      return onSite(
        services,
        plan.siteId,
        (site) => fileDifferences(context, site, { part, backup, file, showSecrets }, signal),
        (found) => found,
      )
    },

    undo: ({ site: id, operation, confirm, reason, siteIsDown }) =>
      onSite(
        services,
        id,
        (site) => undoRestore(context, runner, site, operation, { confirm, reason, siteIsDown }),
        (entry) => ({ operation: entry.id }),
      ),
  }
}
