/** How the fleet stands at this moment, for a host that shows it outside of its windows. */
import type { AlertRow } from '../../src-shared/contract/alerts.ts'
import type { SiteVerdict } from '../../src-shared/domain/verdict.ts'
import { rowsOf } from './alerts.ts'
import { fleetNow, onSiteChange } from './handlers/fleet-feed.ts'
import type { Services } from './services.ts'
import { throttle } from './throttle.ts'

export interface Standing {
  readonly verdict: SiteVerdict
  readonly alerts: readonly AlertRow[]
  /** Ids of the sites that were asked since this console started, whether they answered or not. */
  readonly asked: ReadonlySet<string>
}

/** Milliseconds between two looks; what only time changes is seen at the second one. */
const PACE = 1000
const AGEING = 60_000

export class FleetStanding {
  readonly #services: Services
  readonly #started: number

  constructor(services: Services) {
    this.#services = services
    this.#started = services.context.clock.now()
  }

  get current(): Standing {
    const { context, fleet, lookout } = this.#services
    const now = context.clock.now()
    const sites = context.store.sites.list()
    const asked = sites.filter(({ id }) => {
      const at = context.store.inspections.latest(id)?.at ?? 0
      return at >= this.#started || fleet.refreshState(id).failure !== null
    })
    return {
      verdict: fleetNow(this.#services).verdict,
      alerts: sites.flatMap((site) => rowsOf(site, lookout.alertsOf(site), now)),
      asked: new Set(asked.map(({ id }) => id)),
    }
  }

  /** Calls the listener when it may be another one. Returns the unsubscribe function. */
  subscribe(listener: () => void): () => void {
    const changes = throttle<null>(PACE, this.#services.context.log, () => listener())
    const unsubscribe = onSiteChange(this.#services, () => changes.add(null))
    const ageing = setInterval(() => changes.add(null), AGEING)
    return () => {
      clearInterval(ageing)
      unsubscribe()
      changes.stop()
    }
  }
}
