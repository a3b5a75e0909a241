import type { ConsoleContract } from '../../../src-shared/contract/index.ts'
import type { PolicyAnswer } from '../../../src-shared/domain/kit-site.ts'
import type { PolicySite } from '../../../src-shared/domain/policy.ts'
import { fail, ok } from '../../../src-shared/result.ts'
import type { NamespaceHandlers } from '../../../src-shared/rpc/handlers.ts'
import { changePolicy, readPolicy } from '../../operations/policy.ts'
import { previewPolicy } from '../../operations/preview-policy.ts'
import { forWindow } from '../failures.ts'
import { type Answer, feedAnswer } from '../live-answer.ts'
import { onLastSeen, type Services, siteOf } from '../services.ts'

type Values = Readonly<Record<string, string>>

function differences(before: Values, after: Values, keys: readonly string[]) {
  return [...new Set(keys)].flatMap((key) => {
    if (!Object.hasOwn(after, key)) return []
    const [was = '', is = ''] = [Object.hasOwn(before, key) ? before[key] : '', after[key]]
    return was === is ? [] : [{ key, before: was, after: is }]
  })
}

export function policyHandlers(services: Services): NamespaceHandlers<ConsoleContract['policy']> {
  const { context, fleet } = services
  /** What each server last said of itself with its policy: the preview takes it into account. */
  const facts = new Map<string, PolicySite>()
  const known = new Map<string, Answer<PolicyAnswer>>()
  return {
    watch: ({ site }, feed) =>
      feedAnswer(services, site, feed, known, async (found, signal) => {
        const read = await readPolicy(context, found, signal)
        if (read.ok && read.value.site) facts.set(found.id, read.value.site)
        return read
      }),

    preview: ({ site, values }, { signal }) =>
      onLastSeen(services, site, signal, ({ inspection }, now) => {
        const { findings, problems } = previewPolicy(inspection, values, now, facts.get(site))
        return { findings: [...findings], problems }
      }),

    change: async ({ site: id, changes, expect }) => {
      const site = siteOf(services, id)
      if (!site.ok) return site
      services.prompts.unblock(site.value)
      context.links.unblock(site.value)
      const wanted = { values: changes, ...(expect !== undefined && { expect }) }
      const changed = await changePolicy(context, site.value, wanted)
      // What everybody sees from now on is what the server has.
      if (changed.ok) known.set(id, { data: changed.value, at: context.clock.now(), failure: null })
      if (changed.ok || changed.error.conflict) await fleet.refreshAfter(site.value)
      if (changed.ok) return ok({ saved: true, policy: changed.value })
      if (changed.error.conflict) return ok({ saved: false, conflict: changed.error.conflict })
      await services.prompts.refused(site.value, changed.error.code)
      return fail(forWindow(changed.error))
    },

    compare: ({ site: id, keys, others }) => {
      const site = siteOf(services, id)
      if (!site.ok) return site
      const policyOf = (one: string) => context.store.inspections.latest(one)?.inspection.policy
      const from = policyOf(id)
      const sites = others.map((other) => {
        const theirs = policyOf(other)
        return { site: other, changes: from && theirs ? differences(theirs, from, keys) : null }
      })
      return ok({ sites })
    },
  }
}
