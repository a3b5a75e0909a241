/** One shared connection per target, kept open for a while and reopened with back-off. */
import { type Failure, fail, ok, type Result } from '../../src-shared/result.ts'
import { loginFailureCodes } from './auth.ts'
import type { ConnectFailure, SshConnection } from './connection.ts'
import { type Release, Slots } from './slots.ts'
import { type SshTarget, targetKey } from './target.ts'

export type LinkState =
  | { readonly state: 'connecting'; readonly attempt: number }
  | { readonly state: 'connected'; readonly fingerprint: string }
  /** The next attempt is at `retryAt` (milliseconds since 1970). */
  | { readonly state: 'waiting'; readonly failure: ConnectFailure; readonly retryAt: number }
  | { readonly state: 'failed'; readonly failure: ConnectFailure }
  | { readonly state: 'closed'; readonly failure: Failure | null }

export type LinkEvent = LinkState & { readonly key: string; readonly generation: number }

export interface PoolOptions {
  readonly connect: (target: SshTarget, signal: AbortSignal) => Promise<Result<SshConnection, ConnectFailure>>
  /** Milliseconds after which an unused connection is ended. */
  readonly idle?: number
  /** Maximum number of connections being opened at once, over all targets. */
  readonly maxConnecting?: number
  /** Seconds before the second, third … attempt; the last value repeats. */
  readonly backoff?: readonly number[]
  /** 0 ≤ x < 1: spreads the attempts of many sites. */
  readonly random?: () => number
}

export interface LeaseOptions {
  /** Milliseconds for which an unreachable site is retried. Default 0: one attempt. */
  readonly retryFor?: number
  readonly signal?: AbortSignal
}

/** The use of a shared connection; return it with `release` or `using`. */
export interface Lease extends Disposable {
  readonly connection: SshConnection
  readonly generation: number
  release(): void
}

/** Failures that automatic retries would only make worse. */
function needsPerson(failure: Failure): boolean {
  return loginFailureCodes.includes(failure.code) || failure.code.startsWith('host-key-')
}

/** An attempt in progress, and the number of unblocks when it began. */
interface Opening {
  readonly unblocks: number
  readonly result: Promise<Result<SshConnection, ConnectFailure>>
}

interface Site {
  readonly key: string
  /** Increases with every connection begun or given up, so that late results of older ones are ignored. */
  generation: number
  connection: SshConnection | null
  opening: Opening | null
  stop: AbortController
  leases: number
  idle: NodeJS.Timeout | null
  /** Set after a failed login or a host-key failure: no further attempt until `unblock`. */
  blocked: ConnectFailure | null
  /** Increases with every `unblock`. */
  unblocks: number
}

/** Waits the milliseconds, or less if the signal is aborted. True if it waited in full. */
function wait(milliseconds: number, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return Promise.resolve(false)
  return new Promise((resolve) => {
    const stop = () => {
      clearTimeout(timer)
      resolve(false)
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop)
      resolve(true)
    }, milliseconds)
    signal.addEventListener('abort', stop, { once: true })
  })
}

const cancelled: Failure = { code: 'cancelled', message: 'Connecting was cancelled.' }

export class ConnectionPool implements AsyncDisposable {
  readonly #options: PoolOptions
  readonly #sites = new Map<string, Site>()
  readonly #gate: Slots
  readonly #listeners = new Set<(event: LinkEvent) => void>()

  constructor(options: PoolOptions) {
    this.#options = options
    this.#gate = new Slots(options.maxConnecting ?? 24)
  }

  /** Reports every change of a connection's state. Returns the unsubscribe function. */
  subscribe(listener: (event: LinkEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /**
   * Returns the open connection to the target, or opens one. After a failed login or a host-key failure it returns the
   * same failure without trying, until `unblock`.
   */
  async lease(target: SshTarget, options: LeaseOptions = {}): Promise<Result<Lease, ConnectFailure>> {
    const site = this.#site(target)
    const signal = options.signal ?? new AbortController().signal
    const deadline = Date.now() + (options.retryFor ?? 0)
    site.leases += 1
    if (site.idle) clearTimeout(site.idle)
    site.idle = null
    for (let attempt = 1; ; attempt += 1) {
      const opened = await this.#open(site, target, attempt, signal).catch((error: unknown) => {
        this.#giveBack(site)
        throw error
      })
      if (opened.ok) return ok(this.#lend(site, opened.value))
      const delay = this.#delay(attempt)
      const over = needsPerson(opened.error) || signal.aborted || Date.now() + delay > deadline
      if (!over) {
        this.#publish(site, { state: 'waiting', failure: opened.error, retryAt: Date.now() + delay })
        if (await wait(delay, AbortSignal.any([signal, site.stop.signal]))) continue
      }
      this.#giveBack(site)
      return fail(over ? opened.error : cancelled)
    }
  }

  /** Allows new attempts after a failed login or a host-key failure, because the user has changed something. */
  unblock(target: SshTarget): void {
    const site = this.#site(target)
    site.blocked = null
    site.unblocks += 1
  }

  /**
   * Probes every open connection and ends those that do not answer: after a sleep the other end may be gone, and the
   * keep-alive would take almost a minute to notice.
   * @param limit milliseconds to wait for an answer.
   */
  async probe(limit = 5_000): Promise<void> {
    const open = [...this.#sites.values()].flatMap(({ connection }) => (connection?.alive ? [connection] : []))
    await Promise.all(
      open.map(async (connection) => {
        if (!(await connection.answers(limit))) connection.drop()
      }),
    )
  }

  /** Ends the connection to a target; its users get `link-lost`. */
  async close(target: SshTarget): Promise<void> {
    const site = this.#sites.get(targetKey(target))
    if (site) await this.#end(site)
  }

  /** Ends every connection. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#gate.close()
    await Promise.all([...this.#sites.values()].map((site) => this.#end(site)))
  }

  #site(target: SshTarget): Site {
    const key = targetKey(target)
    const found = this.#sites.get(key)
    if (found) return found
    const stop = new AbortController()
    const none = { connection: null, opening: null, idle: null, blocked: null }
    const site: Site = { key, stop, generation: 0, leases: 0, unblocks: 0, ...none }
    this.#sites.set(key, site)
    return site
  }

  #publish(site: Site, state: LinkState): void {
    for (const listener of this.#listeners) listener({ key: site.key, generation: site.generation, ...state })
  }

  #delay(attempt: number): number {
    const steps = this.#options.backoff ?? [1, 2, 5, 10, 20]
    const seconds = steps[Math.min(attempt, steps.length) - 1] ?? 1
    return Math.round(seconds * 1000 * (0.75 + 0.5 * (this.#options.random ?? Math.random)()))
  }

  async #open(
    site: Site,
    target: SshTarget,
    attempt: number,
    signal: AbortSignal,
  ): Promise<Result<SshConnection, ConnectFailure>> {
    if (site.blocked) return fail(site.blocked)
    // When abandoned processes hold half of the slots, the rest are too few to work with.
    if (site.connection && site.connection.abandoned * 2 >= site.connection.slots.limit) {
      site.connection.retire()
      site.connection = null
    }
    if (site.connection?.alive) return ok(site.connection)
    // All waiting callers share one attempt; cancelling one of them does not stop it.
    const opening = site.opening ?? { unblocks: site.unblocks, result: this.#connect(site, target, attempt) }
    site.opening = opening
    const done = () => {
      if (site.opening === opening) site.opening = null
    }
    opening.result.then(done, done)
    const gaveUp = Promise.withResolvers<Result<SshConnection, ConnectFailure>>()
    const giveUp = () => gaveUp.resolve(fail(cancelled))
    if (signal.aborted) giveUp()
    signal.addEventListener('abort', giveUp, { once: true })
    const result = await Promise.race([opening.result, gaveUp.promise])
    signal.removeEventListener('abort', giveUp)
    // An attempt that began before the `unblock` did not use what the user changed.
    const isOld = opening.unblocks < site.unblocks
    return !result.ok && isOld && needsPerson(result.error) ? this.#open(site, target, attempt, signal) : result
  }

  async #connect(site: Site, target: SshTarget, attempt: number): Promise<Result<SshConnection, ConnectFailure>> {
    site.generation += 1
    const { generation, stop, unblocks } = site
    const turn = await this.#gate.take(stop.signal)
    if (typeof turn !== 'function') return fail(cancelled)
    try {
      this.#publish(site, { state: 'connecting', attempt })
      const opened = await this.#options.connect(target, stop.signal)
      if (generation !== site.generation) {
        if (opened.ok) await opened.value.end()
        return fail(cancelled)
      }
      if (!opened.ok) {
        if (needsPerson(opened.error) && unblocks === site.unblocks) site.blocked = opened.error
        this.#publish(site, { state: 'failed', failure: opened.error })
        return opened
      }
      this.#use(site, opened.value, generation)
      return opened
    } finally {
      ;(turn as Release)()
    }
  }

  #use(site: Site, connection: SshConnection, generation: number): void {
    site.connection = connection
    this.#publish(site, { state: 'connected', fingerprint: connection.fingerprint })
    connection.closed.then((failure) => {
      if (generation !== site.generation) return
      if (site.connection === connection) site.connection = null
      this.#publish(site, { state: 'closed', failure })
    })
    // All callers may have cancelled by now.
    if (site.leases === 0) this.#endLater(site)
  }

  #lend(site: Site, connection: SshConnection): Lease {
    let lent = true
    const release = () => {
      if (!lent) return
      lent = false
      this.#giveBack(site)
    }
    return { connection, generation: site.generation, release, [Symbol.dispose]: release }
  }

  #giveBack(site: Site): void {
    site.leases -= 1
    if (site.leases === 0) this.#endLater(site)
  }

  #endLater(site: Site): void {
    if (site.idle) clearTimeout(site.idle)
    site.idle = setTimeout(() => {
      site.idle = null
      // A cancelled process that still runs keeps the connection: if it ended now, nobody would learn how the process
      // ends.
      if (site.leases > 0) return
      if ((site.connection?.slots.taken ?? 0) > 0) return this.#endLater(site)
      void this.#end(site)
    }, this.#options.idle ?? 60_000)
    site.idle.unref()
  }

  async #end(site: Site): Promise<void> {
    const { connection } = site
    site.generation += 1
    site.stop.abort()
    site.stop = new AbortController()
    site.connection = null
    site.opening = null
    if (site.idle) clearTimeout(site.idle)
    site.idle = null
    if (!connection) return
    await connection.end()
    this.#publish(site, { state: 'closed', failure: null })
  }
}
