/** Keeps restore plans as long as they are valid, independent of windows. */
import { randomUUID } from 'node:crypto'
import type { PlanView } from '../../src-shared/contract/restore.ts'
import type { KitEvent } from '../../src-shared/domain/kit-protocol.ts'
import type { Context } from '../operations/context.ts'
import { type PlanChoices, type PlannedRestore, planRestore } from '../operations/plan-restore.ts'
import type { Site } from '../store/sites.ts'
import { forWindow } from './failures.ts'

/** Milliseconds for which a plan may be started. The server checks again that the backup is unchanged. */
const VALID_FOR = 30 * 60_000

export interface Plan {
  readonly siteId: string
  readonly planned: PlannedRestore
  readonly expiresAt: number
}

/** What is planned: a backup, and what was chosen for it. */
export interface PlanOf {
  readonly path: string
  readonly parts?: PlanChoices['parts'] | undefined
  readonly owner?: string | undefined
}

/** A plan being made, or made. */
export interface Planning {
  readonly siteId: string
  readonly of: PlanOf
  view: PlanView
  /** Called after each change of `view`. */
  readonly listeners: Set<() => void>
  readonly stop: AbortController
}

const beginning: Omit<PlanView, 'startedAt'> = {
  state: 'planning',
  steps: [],
  progress: null,
  failure: null,
  planId: null,
  plan: null,
  plannedAt: null,
  expiresAt: null,
}

const stopped = {
  code: 'cancelled',
  message: 'Planning was cancelled.',
  unchanged: 'Nothing was changed.',
  next: '',
}

/** The order in which the parts are named says nothing. */
function keyOf(site: Site, { path, parts, owner }: PlanOf): string {
  return JSON.stringify([site.id, path, parts ? [...new Set(parts)].sort() : null, owner ?? null])
}

function afterEvent(view: PlanView, event: KitEvent): PlanView {
  if (event.kind === 'progress') {
    const { step, done, total, unit, at } = event
    return { ...view, progress: { step, done, total, unit, at } }
  }
  if (event.kind !== 'step') return view
  const { step, title, state, at } = event
  const changed = { step, title, state, at }
  const known = view.steps.some((one) => one.step === step)
  return {
    ...view,
    progress: state === 'started' ? null : view.progress,
    steps: known ? view.steps.map((one) => (one.step === step ? changed : one)) : [...view.steps, changed],
  }
}

export class Plans {
  readonly #context: Context
  readonly #plannings = new Map<string, Planning>()
  readonly #plans = new Map<string, Plan>()
  readonly #stop = new AbortController()

  constructor(context: Context) {
    this.#context = context
  }

  /** Returns the plan with this id, or the one in progress for the same backup and parts, or starts a new one. */
  planning(site: Site, of: PlanOf, planId: string | undefined): Planning {
    const key = keyOf(site, of)
    const known = this.#plannings.get(key)
    if (known?.view.state === 'planning' && !known.stop.signal.aborted) return known
    if (known && planId && known.view.planId === planId && this.plan(planId)) return known
    const planning: Planning = {
      siteId: site.id,
      of,
      view: { ...beginning, startedAt: this.#context.clock.now() },
      listeners: new Set(),
      stop: new AbortController(),
    }
    this.#plannings.set(key, planning)
    void this.#make(site, planning)
    return planning
  }

  /** Stops planning and its work on the server. A finished plan stays. */
  stopPlanning(site: Site, of: PlanOf): void {
    const known = this.#plannings.get(keyOf(site, of))
    if (known?.view.state === 'planning') known.stop.abort()
  }

  /** Null if there is no such plan or it has expired. */
  plan(planId: string): Plan | null {
    const plan = this.#plans.get(planId)
    if (!plan) return null
    if (plan.expiresAt > this.#context.clock.now()) return plan
    this.#plans.delete(planId)
    return null
  }

  /** Marks the plan as started, so that it cannot be started twice. */
  used(planId: string): void {
    this.#plans.delete(planId)
  }

  close(): void {
    this.#stop.abort()
  }

  async #make(site: Site, planning: Planning): Promise<void> {
    const publish = (view: PlanView) => {
      planning.view = view
      for (const listener of [...planning.listeners]) listener()
    }
    try {
      const onEvent = (event: KitEvent) => publish(afterEvent(planning.view, event))
      const signal = AbortSignal.any([this.#stop.signal, planning.stop.signal])
      const { path: backup, parts, owner } = planning.of
      const wanted = { backup, ...(parts && { parts }), ...(owner !== undefined && { owner }) }
      const made = await planRestore(this.#context, site, wanted, signal, onEvent)
      if (planning.stop.signal.aborted) publish({ ...planning.view, state: 'failed', progress: null, failure: stopped })
      else if (made.ok) publish(this.#keep(site, planning, made.value))
      else publish({ ...planning.view, state: 'failed', progress: null, failure: forWindow(made.error) })
    } catch (error) {
      this.#context.log.write('error', 'planning failed', { site: site.name, error })
      const failure = {
        code: 'internal',
        message: 'An internal error occurred; the log of the console has the details.',
      }
      publish({ ...planning.view, state: 'failed', progress: null, failure })
    }
  }

  #keep(site: Site, planning: Planning, planned: PlannedRestore): PlanView {
    const planId = randomUUID()
    const plannedAt = this.#context.clock.now()
    const expiresAt = plannedAt + VALID_FOR
    for (const [id, plan] of this.#plans) if (plan.expiresAt <= plannedAt) this.#plans.delete(id)
    this.#plans.set(planId, { siteId: site.id, planned, expiresAt })
    return { ...planning.view, state: 'planned', progress: null, planId, plan: planned.plan, plannedAt, expiresAt }
  }
}
