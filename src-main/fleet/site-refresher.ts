/**
 * Keeps what is known of every site fresh: at the start, after each operation, often while somebody looks at a site, and
 * now and then otherwise. What was seen last stays, with its age, while a site cannot be reached.
 */
import type { Inspection } from '../../src-shared/domain/kit-protocol.ts'
import { type Failure, fail, type Result } from '../../src-shared/result.ts'
import type { Context } from '../operations/context.ts'
import { inspectSite } from '../operations/inspect.ts'
import { type LinkEvent, linkKey } from '../operations/links.ts'
import type { Runner } from '../operations/runner.ts'
import type { Site } from '../store/sites.ts'

export interface Pace {
  /** Milliseconds between two looks at a site that somebody looks at. */
  readonly watched: number
  /** Milliseconds between two looks at any other. */
  readonly idle: number
}

const usualPace: Pace = { watched: 15_000, idle: 300_000 }
/** Sites that are looked at in the same moment; connecting is bounded by the pool besides. */
const AT_ONCE = 16

/** How the keeping of a site goes. */
export interface Keeping {
  readonly refreshing: boolean
  /** Why the last look failed; null when it did not. */
  readonly failure: Failure | null
  /** The last that was heard of its connection. */
  readonly link: LinkEvent | null
}

/** What the keeping of sites asks of those who know about secrets. */
export interface Gatekeeper {
  /** Why a site cannot be looked at unless a person asks for it, who then can be asked for a password; null otherwise. */
  precheck(site: Site): Promise<Failure | null>
  /** Hears of each look that failed, once. */
  failed(site: Site, failure: Failure): void
}

const openGate: Gatekeeper = { precheck: async () => null, failed: () => {} }

interface Kept {
  refreshing: Promise<Result<Inspection>> | null
  failure: Failure | null
  link: LinkEvent | null
  watchers: number
  timer: NodeJS.Timeout | null
  /** Something happened while it was being looked at: look once more. */
  again: boolean
  /** An operation ran there when it was last seen. */
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

  /** Looks at every site, and goes on doing so. */
  start(): void {
    for (const site of this.#context.store.sites.list()) void this.refresh(site)
  }

  /** Hears of a site whose keeping, or whose last inspection, changed. Returns what takes the listener away. */
  subscribe(listener: (siteId: string) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  keeping(siteId: string): Keeping {
    const { refreshing, failure, link } = this.#of(siteId)
    return { refreshing: refreshing !== null, failure, link }
  }

  /** Looks often at a site, at once for a start, until the answer is called. */
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
   * Looks now; who asks while somebody looks already shares that look.
   * @param person a person wants to see the site, and may be asked for what the login needs
   */
  refresh(site: Site, person = false): Promise<Result<Inspection>> {
    const kept = this.#of(site.id)
    kept.refreshing ??= this.#look(site, kept, person)
    return kept.refreshing
  }

  /** Looks once more: what was just done there shows in it, which a look that had begun before may have missed. */
  async refreshAfter(site: Site): Promise<Result<Inspection>> {
    await this.#of(site.id).refreshing
    return this.refresh(site)
  }

  /** A site's row was changed or removed here. */
  changed(siteId: string): void {
    if (!this.#context.store.sites.byId(siteId)) {
      const timer = this.#kept.get(siteId)?.timer
      if (timer) clearTimeout(timer)
      this.#kept.delete(siteId)
    }
    this.#tell(siteId)
  }

  /**
   * What was seen of a site by somebody else (adding, editing): its next look is due as usual. What was heard before, of a
   * connection to another address maybe, says nothing any more; nor does a look that is still under way.
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
    // In a later task: `refreshing` is set by then, and told.
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
    // Of what somebody else runs there, nothing is heard but by looking.
    const pace = kept.watchers > 0 || (kept.busy && kept.failure === null) ? this.#pace.watched : this.#pace.idle
    kept.timer = setTimeout(() => this.#due(site, kept), pace)
    kept.timer.unref()
  }

  /** None where the store cannot be read: what asks is a timer or a connection, where an error would end the console. */
  #sites(): Site[] {
    try {
      return this.#context.store.sites.list()
    } catch (error) {
      this.#context.log.write('error', 'the store cannot be read', { error })
      return []
    }
  }

  /** In a timer, as `#sites`: a store that cannot be read now may be later. */
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
