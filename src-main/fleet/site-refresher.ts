/**
 * Keeps the state of every site fresh: refreshes at start, after each operation, often while a user watches a site, and
 * now and then otherwise. While a site is unreachable its last state stays, with its age.
 */
import type { Inspection } from '../../src-shared/domain/kit-protocol.ts'
import { type Failure, fail, type Result } from '../../src-shared/result.ts'
import type { Context } from '../operations/context.ts'
import { inspectSite } from '../operations/inspect.ts'
import { type LinkEvent, linkKey } from '../operations/links.ts'
import type { Runner } from '../operations/runner.ts'
import type { Site } from '../store/sites.ts'

export interface Pace {
  /** Milliseconds between refreshes of a watched site. */
  readonly watched: number
  /** Milliseconds between refreshes of other sites. */
  readonly idle: number
}

const usualPace: Pace = { watched: 15_000, idle: 300_000 }
/** Maximum number of refreshes at once; the pool limits connecting as well. */
const AT_ONCE = 16

/** The refresh state of a site. */
export interface Keeping {
  readonly refreshing: boolean
  /** Why the last refresh failed; null if it succeeded. */
  readonly failure: Failure | null
  /** The last event of its connection. */
  readonly link: LinkEvent | null
}

/** Decides about refreshes that may need secrets. */
export interface Gatekeeper {
  /** Why a site cannot be refreshed without asking the user, such as for a password; null if it can. */
  precheck(site: Site): Promise<Failure | null>
  /** Called once for each failed refresh. */
  failed(site: Site, failure: Failure): void
}

const openGate: Gatekeeper = { precheck: async () => null, failed: () => {} }

interface Kept {
  refreshing: Promise<Result<Inspection>> | null
  failure: Failure | null
  link: LinkEvent | null
  watchers: number
  timer: NodeJS.Timeout | null
  /** Something happened during a refresh: refresh once more. */
  again: boolean
  /** An operation was running there at the last refresh. */
  busy: boolean
}

export class Fleet implements AsyncDisposable {
  readonly #context: Context
  readonly #runner: Runner
  readonly #pace: Pace
  readonly #gate: Gatekeeper
  readonly #kept = new Map<string, Kept>()
  readonly #listeners = new Set<(siteId: string) => void>()
  readonly #stop = new AbortController()
  readonly #unsubscribe: (() => void)[]
  #looking = 0
  #turns: (() => void)[] = []

  constructor(context: Context, runner: Runner, pace: Pace = usualPace, gate: Gatekeeper = openGate) {
    this.#context = context
    this.#runner = runner
    this.#pace = pace
    this.#gate = gate
    this.#unsubscribe = [
      context.links.subscribe((event) => this.#hearLink(event)),
      runner.subscribe((event) => {
        if (event.kind !== 'journal' || event.entry.state !== 'ended') return
        const site = context.store.sites.byId(event.siteId)
        if (site) void this.#lookAgain(site)
      }),
    ]
  }

  /** Refreshes every site, now and repeatedly. */
  start(): void {
    for (const site of this.#context.store.sites.list()) void this.refresh(site)
  }

  /** Reports every site whose refresh state or inspection changed. Returns the unsubscribe function. */
  subscribe(listener: (siteId: string) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  keeping(siteId: string): Keeping {
    const { refreshing, failure, link } = this.#of(siteId)
    return { refreshing: refreshing !== null, failure, link }
  }

  /** Refreshes a site often, starting now, until the returned function is called. */
  watch(site: Site): () => void {
    const kept = this.#of(site.id)
    kept.watchers += 1
    void this.refresh(site, true)
    let watching = true
    return () => {
      if (watching) kept.watchers -= 1
      watching = false
    }
  }

  /**
   * Refreshes now; joins a refresh in progress.
   * @param person the user wants to see the site and may be asked for secrets
   */
  refresh(site: Site, person = false): Promise<Result<Inspection>> {
    const kept = this.#of(site.id)
    kept.refreshing ??= this.#look(site, kept, person)
    return kept.refreshing
  }

  /** Refreshes after a change: a refresh already in progress may miss it, so another one follows. */
  async refreshAfter(site: Site): Promise<Result<Inspection>> {
    await this.#of(site.id).refreshing
    return this.refresh(site)
  }

  /** A site was changed or removed in the store. */
  changed(siteId: string): void {
    if (!this.#context.store.sites.byId(siteId)) {
      const timer = this.#kept.get(siteId)?.timer
      if (timer) clearTimeout(timer)
      this.#kept.delete(siteId)
    }
    this.#tell(siteId)
  }

  /**
   * Another procedure (adding, editing) has inspected the site: schedules the next refresh as usual. Discards earlier
   * connection events, which may concern another address, and a refresh still in progress.
   */
  seen(site: Site): void {
    const kept = this.#of(site.id)
    kept.failure = null
    if (kept.link?.key !== linkKey(site)) kept.link = null
    kept.again = kept.refreshing !== null
    this.#plan(site, kept)
    this.#tell(site.id)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    for (const leave of this.#unsubscribe) leave()
    this.#listeners.clear()
    const running = [...this.#kept.values()].map(({ timer, refreshing }) => {
      if (timer) clearTimeout(timer)
      return refreshing
    })
    await Promise.allSettled(running)
  }

  #of(siteId: string): Kept {
    const found = this.#kept.get(siteId)
    if (found) return found
    const kept: Kept = {
      refreshing: null,
      failure: null,
      link: null,
      watchers: 0,
      timer: null,
      again: false,
      busy: false,
    }
    this.#kept.set(siteId, kept)
    return kept
  }

  async #lookAgain(site: Site): Promise<void> {
    const kept = this.#of(site.id)
    if (kept.refreshing) kept.again = true
    else await this.refresh(site)
  }

  async #look(site: Site, kept: Kept, person: boolean): Promise<Result<Inspection>> {
    // In a later task, so that `refreshing` is set and published first.
    await Promise.resolve()
    this.#tell(site.id)
    const seen = await this.#inTurn(() => this.#inspect(site, kept, person)).catch((error: unknown) => {
      this.#context.log.write('error', 'looking at a site failed', { site: site.name, error })
      const message = 'The console made an error of its own while it looked at the site; its log has more.'
      return fail<Failure>({ code: 'internal', message })
    })
    kept.refreshing = null
    if (this.#stop.signal.aborted) return seen
    kept.failure = seen.ok ? null : seen.error
    if (!seen.ok) this.#gate.failed(site, seen.error)
    this.#plan(site, kept)
    this.#tell(site.id)
    if (kept.again) {
      kept.again = false
      this.#due(site, kept)
    }
    return seen
  }

  async #inspect(site: Site, kept: Kept, person: boolean): Promise<Result<Inspection>> {
    const refusal = person ? null : await this.#gate.precheck(site)
    if (refusal) return fail(refusal)
    const seen = await inspectSite(this.#context, site, this.#stop.signal)
    if (!seen.ok) return seen
    kept.busy = seen.value.lock.held
    this.#runner.resumeAt(this.#context.store.sites.byId(site.id) ?? site, kept.failure !== null)
    return seen
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#looking >= AT_ONCE) await new Promise<void>((resolve) => this.#turns.push(resolve))
    this.#looking += 1
    try {
      return await work()
    } finally {
      this.#looking -= 1
      this.#turns.shift()?.()
    }
  }

  #plan(site: Site, kept: Kept): void {
    if (kept.timer) clearTimeout(kept.timer)
    // Foreign operations are noticed only by refreshing.
    const pace = kept.watchers > 0 || (kept.busy && kept.failure === null) ? this.#pace.watched : this.#pace.idle
    kept.timer = setTimeout(() => this.#due(site, kept), pace)
    kept.timer.unref()
  }

  /**
   * Empty if the store cannot be read: the callers are timers and connections, where an exception would end the
   * console.
   */
  #sites(): Site[] {
    try {
      return this.#context.store.sites.list()
    } catch (error) {
      this.#context.log.write('error', 'the store cannot be read', { error })
      return []
    }
  }

  /** Runs in a timer, like `#sites`: a store that cannot be read now may be readable later. */
  #due(site: Site, kept: Kept): void {
    if (this.#stop.signal.aborted) return
    try {
      const now = this.#context.store.sites.byId(site.id)
      if (now) void this.refresh(now)
    } catch (error) {
      this.#context.log.write('error', 'looking at a site failed', { site: site.name, error })
      this.#plan(site, kept)
    }
  }

  #hearLink(event: LinkEvent): void {
    for (const site of this.#sites()) {
      if (linkKey(site) !== event.key) continue
      this.#of(site.id).link = event
      this.#tell(site.id)
    }
  }

  #tell(siteId: string): void {
    for (const listener of [...this.#listeners]) listener(siteId)
  }
}
