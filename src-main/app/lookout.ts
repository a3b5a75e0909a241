/**
 * Looks out for sites that are silent. Remembers when this console was awake, since only then could it have noticed, and who
 * acknowledged which silence.
 */
import { z } from 'zod'
import type { AlertEntry } from '../../src-shared/domain/alerts.ts'
import { backupMaxAge } from '../../src-shared/domain/newest.ts'
import { afterBeat, BEAT, type Silence, silencesOf } from '../../src-shared/domain/silence.ts'
import type { Fleet } from '../fleet/site-refresher.ts'
import type { Context } from '../operations/context.ts'
import type { Site } from '../store/sites.ts'
import type { SiteAlerts } from './alerts.ts'
import { needsPerson } from './failures.ts'

const SETTING = 'lookout'

const memory = z.object({
  spells: z.array(z.object({ from: z.number(), to: z.number() })).max(1000),
  /** By site: when it was first seen that its monitoring is to run, and has not. */
  promised: z.record(z.string(), z.number()),
  /** By site and rule. */
  acknowledged: z.record(
    z.string(),
    z.object({
      /** Of the silence: another one is not acknowledged. */
      since: z.number(),
      at: z.number(),
      who: z.string(),
      reason: z.string(),
      until: z.number().nullable(),
    }),
  ),
})
type Memory = z.infer<typeof memory>
const nothing: Memory = { spells: [], promised: {}, acknowledged: {} }

/** A silence is the same one although its beginning was measured again. */
const SAME = 10 * 60_000

/** The site answers, or was not asked at all: that is no silence. */
function isUnanswered(failure: { readonly code: string } | null): boolean {
  return (
    failure !== null && !needsPerson(failure) && !/^(internal|protocol|site-changed|no-such-site)$/.test(failure.code)
  )
}

export class Lookout {
  readonly #context: Context
  readonly #fleet: Pick<Fleet, 'refreshState' | 'subscribe'>
  readonly #timer: NodeJS.Timeout
  readonly #unsubscribe: () => void
  #memory: Memory

  constructor(context: Context, fleet: Pick<Fleet, 'refreshState' | 'subscribe'>) {
    this.#context = context
    this.#fleet = fleet
    const stored = memory.safeParse(context.store.settings.read(SETTING))
    this.#memory = stored.success ? stored.data : nothing
    this.#beat()
    this.#timer = setInterval(() => this.#beat(), BEAT)
    this.#timer.unref()
    this.#unsubscribe = fleet.subscribe((id) => this.#look(id))
  }

  /** The open alerts of a site, with what is missing of it. */
  alertsOf(site: Site): SiteAlerts {
    const kept = this.#context.store.inspections.latest(site.id)
    return { kept, server: kept?.inspection.alerts?.open ?? [], silences: this.#silences(site) }
  }

  /** False if there is no such silence now. */
  acknowledge(site: Site, rule: string, { reason, until }: { reason: string; until: number | null }): boolean {
    const silence = this.#found(site).find((one) => one.rule === rule)
    if (!silence) return false
    const { clock, identity } = this.#context
    const acknowledged = { since: silence.since, at: clock.now(), who: identity.who, reason, until }
    this.#keep({ acknowledged: { ...this.#memory.acknowledged, [`${site.id} ${rule}`]: acknowledged } })
    return true
  }

  withdraw(site: Site, rule: string): boolean {
    const { [`${site.id} ${rule}`]: gone, ...acknowledged } = this.#memory.acknowledged
    this.#keep({ acknowledged })
    return gone !== undefined
  }

  close(): void {
    clearInterval(this.#timer)
    this.#unsubscribe()
  }

  #silences(site: Site): SiteAlerts['silences'] {
    return this.#found(site).map((silence) => {
      const known = this.#memory.acknowledged[`${site.id} ${silence.rule}`]
      const same = known !== undefined && Math.abs(known.since - silence.since) < SAME
      const acknowledged: AlertEntry['acknowledged'] = same ? known : null
      return { ...silence, acknowledged }
    })
  }

  #found(site: Site): Silence[] {
    const { store, clock } = this.#context
    const kept = store.inspections.latest(site.id)
    const { schedule, alerts, time, policy } = kept?.inspection ?? {}
    return silencesOf({
      now: clock.now(),
      contactAt: kept?.at ?? null,
      unreachable: isUnanswered(this.#fleet.refreshState(site.id).failure),
      othersAnswer: this.#othersAnswer(site),
      spells: afterBeat(this.#memory.spells, clock.now()),
      maxAge: backupMaxAge(policy),
      monitor: schedule?.installed && schedule.paused === null && alerts ? schedule.monitor : null,
      monitoredAt: alerts?.monitoredAt ?? null,
      answeredAt: time?.now ?? 0,
      promisedAt: this.#memory.promised[site.id] ?? null,
    })
  }

  #othersAnswer({ id }: Site): boolean | null {
    const others = this.#context.store.sites.list().filter((site) => site.id !== id)
    if (others.length === 0) return null
    return others.some((site) => this.#fleet.refreshState(site.id).failure === null)
  }

  #beat(): void {
    this.#keep({ spells: afterBeat(this.#memory.spells, this.#context.clock.now()) })
  }

  /** A promise counts from when it was first seen unkept. */
  #look(id: string): void {
    const kept = this.#context.store.inspections.latest(id)
    const { schedule, alerts } = kept?.inspection ?? {}
    const waits =
      kept !== null && schedule?.installed === true && schedule.paused === null && alerts?.monitoredAt === null
    const { [id]: since, ...others } = this.#memory.promised
    if (waits && since === undefined) this.#keep({ promised: { ...others, [id]: kept.at } })
    else if (!waits && since !== undefined) this.#keep({ promised: others })
  }

  /** In timers and listeners, where an exception would end the console. */
  #keep(change: Partial<Memory>): void {
    this.#memory = { ...this.#memory, ...change }
    try {
      this.#context.store.settings.write(SETTING, this.#memory)
    } catch (error) {
      this.#context.log.write('error', 'what was looked out for cannot be stored', { error })
    }
  }
}
