/**
 * Keeps the state of every site fresh: refreshes at start, after each operation, often while a user watches a site, and
 * now and then otherwise. While a site is unreachable its last state stays, with its age.
 */
import type { Inspection } from '../../src-shared/domain/kit-site.ts'
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
export interface RefreshState {
  readonly refreshing: boolean
  /** Why the last refresh failed; null if it succeeded. */
  readonly failure: Failure | null
  /** The last event of its connection. */
  readonly link: LinkEvent | null
}

/** Decides about refreshes that may need secrets. */
export interface RefreshGuard {
  /** Why a site cannot be refreshed without asking the user, such as for a password; null if it can. */
  precheck(site: Site): Promise<Failure | null>
  /** Called once for each failed refresh. */
  failed(site: Site, failure: Failure): void
}

const noGuard: RefreshGuard = { precheck: async () => null, failed: () => {} }

interface Tracked {
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
  readonly #guard: RefreshGuard
  readonly #tracked = new Map<string, Tracked>()
  readonly #listeners = new Set<(siteId: string) => void>()
  readonly #stop = new AbortController()
  readonly #unsubscribe: (() => void)[]
  #running = 0
  #waiting: (() => void)[] = []

  constructor(context: Context, runner: Runner, pace: Pace = usualPace, guard: RefreshGuard = noGuard) {
    this.#context = context
    this.#runner = runner
    this.#pace = pace
    this.#guard = guard
    this.#unsubscribe = [
      context.links.subscribe((event) => this.#onLink(event)),
      runner.subscribe((event) => {
        if (event.kind !== 'journal' || event.entry.state !== 'ended') return
        const site = context.store.sites.byId(event.siteId)
        if (site) void this.#refreshAgain(site)
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

  refreshState(siteId: string): RefreshState {
    const { refreshing, failure, link } = this.#of(siteId)
    return { refreshing: refreshing !== null, failure, link }
  }

  /** Refreshes a site often, starting now, until the returned function is called. */
  watch(site: Site): () => void {
    const tracked = this.#of(site.id)
    tracked.watchers += 1
    void this.refresh(site, true)
    let watching = true
    return () => {
      if (watching) tracked.watchers -= 1
      watching = false
    }
  }

  /**
   * Refreshes now; joins a refresh in progress.
   * @param person the user wants to see the site and may be asked for secrets
   */
  refresh(site: Site, person = false): Promise<Result<Inspection>> {
    const tracked = this.#of(site.id)
    tracked.refreshing ??= this.#run(site, tracked, person)
    return tracked.refreshing
  }

  /** Refreshes after a change: a refresh already in progress may miss it, so another one follows. */
  async refreshAfter(site: Site): Promise<Result<Inspection>> {
    await this.#of(site.id).refreshing
    return this.refresh(site)
  }

  /** A site was changed or removed in the store. */
  changed(siteId: string): void {
    if (!this.#context.store.sites.byId(siteId)) {
      const timer = this.#tracked.get(siteId)?.timer
      if (timer) clearTimeout(timer)
      this.#tracked.delete(siteId)
    }
    this.#publish(siteId)
  }

  /**
   * Another procedure (adding, editing) has inspected the site: schedules the next refresh as usual. Discards earlier
   * connection events, which may concern another address, and a refresh still in progress.
   */
  seen(site: Site): void {
    const tracked = this.#of(site.id)
    tracked.failure = null
    if (tracked.link?.key !== linkKey(site)) tracked.link = null
    tracked.again = tracked.refreshing !== null
    this.#schedule(site, tracked)
    this.#publish(site.id)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    for (const unsubscribe of this.#unsubscribe) unsubscribe()
    this.#listeners.clear()
    const running = [...this.#tracked.values()].map(({ timer, refreshing }) => {
      if (timer) clearTimeout(timer)
      return refreshing
    })
    await Promise.allSettled(running)
  }

  #of(siteId: string): Tracked {
    const found = this.#tracked.get(siteId)
    if (found) return found
    const tracked: Tracked = {
      refreshing: null,
      failure: null,
      link: null,
      watchers: 0,
      timer: null,
      again: false,
      busy: false,
    }
    this.#tracked.set(siteId, tracked)
    return tracked
  }

  async #refreshAgain(site: Site): Promise<void> {
    const tracked = this.#of(site.id)
    if (tracked.refreshing) tracked.again = true
    else await this.refresh(site)
  }

  async #run(site: Site, tracked: Tracked, person: boolean): Promise<Result<Inspection>> {
    // In a later task, so that `refreshing` is set and published first.
    await Promise.resolve()
    this.#publish(site.id)
    const seen = await this.#limited(() => this.#inspect(site, tracked, person)).catch((error: unknown) => {
      this.#context.log.write('error', 'refresh failed', { site: site.name, error })
      const message = 'An internal error occurred; the log of the console has the details.'
      return fail<Failure>({ code: 'internal', message })
    })
    tracked.refreshing = null
    if (this.#stop.signal.aborted) return seen
    tracked.failure = seen.ok ? null : seen.error
    if (!seen.ok) this.#guard.failed(site, seen.error)
    this.#schedule(site, tracked)
    this.#publish(site.id)
    if (tracked.again) {
      tracked.again = false
      this.#due(site, tracked)
    }
    return seen
  }

  async #inspect(site: Site, tracked: Tracked, person: boolean): Promise<Result<Inspection>> {
    const refusal = person ? null : await this.#guard.precheck(site)
    if (refusal) return fail(refusal)
    const seen = await inspectSite(this.#context, site, this.#stop.signal)
    if (!seen.ok) return seen
    tracked.busy = seen.value.lock.held
    this.#runner.resumeAt(this.#context.store.sites.byId(site.id) ?? site, tracked.failure !== null)
    return seen
  }

  async #limited<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= AT_ONCE) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    this.#running += 1
    try {
      return await work()
    } finally {
      this.#running -= 1
      this.#waiting.shift()?.()
    }
  }

  #schedule(site: Site, tracked: Tracked): void {
    if (tracked.timer) clearTimeout(tracked.timer)
    // Foreign operations are noticed only by refreshing.
    const pace =
      tracked.watchers > 0 || (tracked.busy && tracked.failure === null) ? this.#pace.watched : this.#pace.idle
    tracked.timer = setTimeout(() => this.#due(site, tracked), pace)
    tracked.timer.unref()
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
  #due(site: Site, tracked: Tracked): void {
    if (this.#stop.signal.aborted) return
    try {
      const now = this.#context.store.sites.byId(site.id)
      if (now) void this.refresh(now)
    } catch (error) {
      this.#context.log.write('error', 'refresh failed', { site: site.name, error })
      this.#schedule(site, tracked)
    }
  }

  #onLink(event: LinkEvent): void {
    for (const site of this.#sites()) {
      if (linkKey(site) !== event.key) continue
      this.#of(site.id).link = event
      this.#publish(site.id)
    }
  }

  #publish(siteId: string): void {
    for (const listener of [...this.#listeners]) listener(siteId)
  }
}
