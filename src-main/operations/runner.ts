/** Runs operations: one at a time per site, each recorded in the journal before the server is asked. */
import { randomUUID } from 'node:crypto'
import type { OperationEntry } from '../../src-shared/domain/kit-site.ts'
import { type Failure, fail, ok, type Result } from '../../src-shared/result.ts'
import { clockOffset } from '../store/inspections.ts'
import type { JournalEntry, JournalOutcome, KitArgument } from '../store/operations.ts'
import type { Site } from '../store/sites.ts'
import { audit, type Context, type Publish, type RunnerEvent } from './context.ts'
import { OperationFollower } from './follow-operation.ts'

export interface OperationRequest {
  readonly site: Site
  /** The kit's command and its arguments, without global options. */
  readonly request: readonly [string, ...KitArgument[]]
  readonly reason: string
}

const cancelledHere: JournalOutcome = {
  outcome: 'cancelled',
  code: 'cancelled',
  message: 'Cancelled before it was started.',
  unchanged: 'Nothing was changed on the server.',
  next: '',
  data: null,
}

/** Number of polls, a tenth of a second apart, until a server must have reported an operation's id. */
const ID_POLLS = 100

function notNamed(site: Site): Failure {
  const message = `${site.name} has not reported the ID of the operation yet, so it cannot be cancelled.`
  return { code: 'not-found', message, unchanged: 'Cancellation was not requested.', next: 'Try again in a moment.' }
}

export class Runner {
  readonly #context: Context
  readonly #stop = new AbortController()
  readonly #listeners = new Set<Publish>()
  readonly #queues = new Map<string, Promise<void>>()
  readonly #followed = new Map<string, Promise<void>>()
  /** Operations resumed automatically since their site was last unreachable. */
  readonly #resumed = new Set<string>()

  constructor(context: Context) {
    this.#context = context
  }

  /** Reports all events of operations. Returns the unsubscribe function. */
  subscribe(listener: Publish): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Queues an operation for the site. It is in the journal when this returns. */
  start({ site, request, reason }: OperationRequest): JournalEntry {
    const [command] = request
    const id = randomUUID()
    const { store, clock, identity } = this.#context
    const entry = { id, siteId: site.id, command, request: [...request], who: identity.who, reason }
    store.operations.insert({ ...entry, createdAt: clock.now() })
    audit(this.#context, `${command} asked`, site, { operation: id, reason, detail: { request } })
    this.#publishRow(id)
    this.#track(
      id,
      site,
      this.#queued(site.id, () => this.#follower(id, site).follow()),
    )
    return this.#row(id)
  }

  /** Waits until an operation has ended, its connection was lost, or following was stopped. */
  async settled(id: string): Promise<JournalEntry> {
    await this.#followed.get(id)
    return this.#row(id)
  }

  /** Whether an operation is queued, followed or being reconnected. */
  isFollowing(id: string): boolean {
    return this.#followed.has(id)
  }

  /** Resumes following an operation of the journal. Does nothing if it is being followed. */
  resume(entry: JournalEntry, site: Site): void {
    if (entry.state === 'ended' || this.#followed.has(entry.id)) return
    if (entry.state === 'unknown') this.#markRunning(entry)
    this.#track(entry.id, site, this.#follower(entry.id, site).follow())
    this.#publishRow(entry.id)
  }

  /**
   * The site is reachable: resumes all its operations that are not being followed, because the connection was lost or
   * an earlier run of the console ended. An operation whose contact is lost again waits until the site was unreachable
   * once more, or until the user asks.
   */
  resumeAt(site: Site, wasOutOfReach: boolean): void {
    for (const entry of this.#context.store.operations.unfinished()) {
      if (entry.siteId !== site.id || this.isFollowing(entry.id)) continue
      const begun = entry.state === 'running' || entry.state === 'unknown'
      if (!begun || (this.#resumed.has(entry.id) && !wasOutOfReach)) continue
      this.#resumed.add(entry.id)
      this.resume(entry, site)
    }
  }

  /** Imports an operation that another console started into this journal, and follows it from its beginning. */
  import(site: Site, found: OperationEntry): JournalEntry {
    const id = randomUUID()
    const { command, who, reason } = found
    const createdAt = found.startedAt - clockOffset(this.#context.store.inspections.latest(site.id))
    this.#context.store.operations.insert({ id, siteId: site.id, command, request: [command], who, reason, createdAt })
    this.#context.store.operations.running(id, found.id)
    const entry = this.#row(id)
    this.resume(entry, site)
    return entry
  }

  /**
   * Resumes every unfinished operation when the console starts. Cancels those still queued: the server was never asked,
   * and nobody waits for them any more.
   */
  reattach(): JournalEntry[] {
    const { store, clock } = this.#context
    const found = store.operations.unfinished().filter((entry) => !this.#followed.has(entry.id))
    for (const entry of found) {
      const site = store.sites.byId(entry.siteId)
      if (entry.state === 'queued') store.operations.ended(entry.id, clock.now(), cancelledHere)
      else if (site) this.resume(entry, site)
    }
    return found.map(({ id }) => this.#row(id))
  }

  /** Asks an operation to stop, and returns its final state. `id` is the journal's or the server's. */
  async cancel(site: Site, id: string): Promise<Result<{ state: string; outcome: string; message: string }>> {
    const { store, clock, links } = this.#context
    const entry = await this.#withServerId(store.operations.find(site.id, id))
    if (entry?.state === 'queued') {
      store.operations.ended(entry.id, clock.now(), cancelledHere)
      audit(this.#context, 'cancel asked', site, { operation: entry.id, outcome: 'succeeded' })
      this.#publishRow(entry.id)
      return ok({ state: 'ended', outcome: 'cancelled', message: cancelledHere.message })
    }
    const remote = entry ? entry.remoteOperation : id
    if (entry?.state === 'ended' && remote === null) {
      return ok({ state: 'ended', outcome: entry.outcome ?? 'unknown', message: entry.message })
    }
    if (remote === null) return fail(notNamed(site))
    const link = await links.open(site)
    if (!link.ok) return link
    using kit = link.value
    const answer = await kit.client.cancel(remote)
    audit(this.#context, 'cancel asked', site, { operation: remote, outcome: answer.ok ? 'succeeded' : 'failed' })
    if (!answer.ok) return answer
    const { state, outcome, message } = answer.value
    return ok({ state, outcome: outcome ?? 'unknown', message })
  }

  /** Waits briefly for the server's id of an operation that is just starting. */
  async #withServerId(entry: JournalEntry | null): Promise<JournalEntry | null> {
    const { store, clock } = this.#context
    let now = entry
    for (let poll = 0; now?.state === 'starting' && now.remoteOperation === null && poll < ID_POLLS; poll += 1) {
      await clock.wait(100, this.#stop.signal)
      now = store.operations.byId(now.id)
    }
    return now
  }

  /** Stops following everything; operations go on at their servers, and their rows stay unfinished. */
  async detach(): Promise<void> {
    this.#stop.abort()
    await Promise.allSettled(this.#followed.values())
  }

  #queued(siteId: string, work: () => Promise<void>): Promise<void> {
    const before = this.#queues.get(siteId) ?? Promise.resolve()
    const turn = before.then(() => (this.#stop.signal.aborted ? undefined : work()))
    this.#queues.set(
      siteId,
      turn.catch(() => undefined),
    )
    return turn
  }

  #track(id: string, site: Site, work: Promise<void>): void {
    const followed = work.catch((error: unknown) => {
      this.#context.log.write('error', 'following failed', { operation: id, site: site.name, error })
      this.#followed.delete(id)
      this.#failed(id, site)
      throw error
    })
    followed.catch(() => undefined)
    this.#followed.set(id, followed)
    void followed.catch(() => undefined).finally(() => this.#followed.delete(id))
  }

  /** A bug on our side: the operation may still run on the server, so the row must stay unfinished. */
  #failed(id: string, site: Site): void {
    try {
      this.#context.store.operations.lost(id)
    } catch (error) {
      // The store itself may have failed. The row is out of date then, but not wrong.
      this.#context.log.write('error', 'marking as unknown failed', { operation: id, site: site.name, error })
    }
    if (this.#context.store.operations.byId(id)) this.#publishRow(id)
  }

  #follower(id: string, site: Site): OperationFollower {
    const recover = async (reason: string) => {
      // Bypasses the queue, because the operation that waits for it holds the site's turn.
      const row = randomUUID()
      const { store, clock, identity } = this.#context
      const entry = { id: row, siteId: site.id, command: 'recover', request: ['recover'], who: identity.who, reason }
      store.operations.insert({ ...entry, createdAt: clock.now() })
      audit(this.#context, 'recover asked', site, { operation: row, reason })
      this.#publishRow(row)
      this.#track(row, site, this.#follower(row, site).follow())
      return this.settled(row)
    }
    const { signal } = this.#stop
    return new OperationFollower(id, {
      context: this.#context,
      site,
      publish: (event) => this.#publish(event),
      signal,
      recover,
    })
  }

  #markRunning(entry: JournalEntry): void {
    if (entry.remoteOperation !== null) this.#context.store.operations.running(entry.id, entry.remoteOperation)
  }

  #row(id: string): JournalEntry {
    const entry = this.#context.store.operations.byId(id)
    if (!entry) throw new Error(`the journal has lost operation ${id}`)
    return entry
  }

  #publishRow(id: string): void {
    const entry = this.#row(id)
    this.#publish({ kind: 'journal', operation: id, siteId: entry.siteId, entry })
  }

  #publish(event: RunnerEvent): void {
    for (const listener of this.#listeners) listener(event)
  }
}
