/** Changes of a policy that are not saved yet, beside what applies on the server meanwhile. */
import { useState } from 'react'
import type { WireFailure } from '../../src-shared/contract/failure.ts'
import { useSubscription } from '../api/hooks.ts'
import { type PolicyView, savePolicy } from './save-policy.ts'

type Values = Readonly<Record<string, string>>

export interface PolicyChange {
  readonly key: string
  readonly before: string
  readonly after: string
}

export interface PolicyDraft {
  /** As the server has it; null until it has answered. */
  readonly view: PolicyView | null
  readonly failure: WireFailure | null
  readonly again: () => void
  /** What the fields show. */
  readonly values: Values
  readonly changes: readonly PolicyChange[]
  /** What somebody else has changed since the first of our changes. */
  readonly meanwhile: readonly PolicyChange[]
  readonly set: (values: Values) => void
  readonly discard: () => void
  /** Goes on from what applies now, with our changes on top. */
  readonly rebase: () => void
  /** Goes on from what applies now, without our changes to what somebody else has changed. */
  readonly yieldTo: () => void
  readonly saving: boolean
  /** Null: it is saved. */
  readonly save: () => Promise<WireFailure | null>
}

interface State {
  readonly edits: Values
  /** What the edits were made on. */
  readonly base: PolicyView | null
}

const clean: State = { edits: {}, base: null }

function differences(before: Values, after: Values): PolicyChange[] {
  return Object.keys(after).flatMap((key) => {
    const [was = '', is = ''] = [before[key], after[key]]
    return was === is ? [] : [{ key, before: was, after: is }]
  })
}

export function usePolicyDraft(site: string): PolicyDraft {
  const live = useSubscription('policy.watch', { site })
  const [{ edits, base }, setState] = useState(clean)
  const [saving, setSaving] = useState(false)
  // What was saved here applies, although the server has not been asked again yet.
  const [fresh, setFresh] = useState<{ readonly view: PolicyView; readonly until: number | null } | null>(null)
  const at = live.state?.at ?? null
  const view = fresh && fresh.until === at ? fresh.view : (live.state?.data ?? null)
  const ground = base ?? view
  const from = ground?.policy ?? {}
  const changes = differences(from, { ...from, ...edits })
  return {
    view,
    failure: live.failure ?? live.state?.failure ?? null,
    again: live.again,
    values: { ...from, ...edits },
    changes,
    meanwhile: base && view ? differences(base.policy, view.policy) : [],
    set: (values) =>
      setState((now) => {
        const on = now.base ?? view
        const next = Object.entries({ ...now.edits, ...values }).filter(([key, value]) => on?.policy[key] !== value)
        return next.length === 0 ? clean : { edits: Object.fromEntries(next), base: on }
      }),
    discard: () => setState(clean),
    rebase: () => setState((now) => ({ ...now, base: view })),
    yieldTo: () =>
      setState((now) => {
        const theirs = new Set(now.base && view ? differences(now.base.policy, view.policy).map(({ key }) => key) : [])
        const ours = Object.entries(now.edits).filter(([key]) => !theirs.has(key))
        return ours.length === 0 ? clean : { edits: Object.fromEntries(ours), base: view }
      }),
    saving,
    save: async () => {
      setSaving(true)
      const wanted = Object.fromEntries(changes.map(({ key, after }) => [key, after]))
      const saved = await savePolicy(site, wanted, ground?.version)
      setSaving(false)
      if (!saved.ok) return saved.error
      setFresh({ view: saved.value, until: at })
      setState(clean)
      return null
    },
  }
}
