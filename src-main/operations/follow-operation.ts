/**
 * Follows one operation from its journal row to its outcome, through lost links and restarts of the console. The server
 * runs it; this requests it, listens, and records what the server reports.
 */
import { decodePath } from '../../src-shared/domain/backup-path.ts'
import type { KitEvent, KitResult } from '../../src-shared/domain/kit-protocol.ts'
import type { OperationEntry } from '../../src-shared/domain/kit-site.ts'
import type { Failure, Result } from '../../src-shared/result.ts'
import type { KitAnswer, KitFailure } from '../kit/channel.ts'
import { clockOffset } from '../store/inspections.ts'
import type { JournalEntry, JournalOutcome, KitArgument } from '../store/operations.ts'
import type { Site } from '../store/sites.ts'
import { audit, type Context, type Publish } from './context.ts'
import type { KitLink } from './links.ts'

/** Milliseconds for which a lost connection is retried before the operation is marked unknown. */
const RETRY_FOR = 10 * 60_000
/** Seconds between requests to a server that is reachable but has no answer yet. */
const PAUSES = [0, 1, 2, 5, 10, 20]
/** Number of requests without news before the operation is marked unknown. */
const MAX_IDLE_FOLLOWS = 12
/** Number of recoveries requested before the user must act. */
const RECOVERIES = 5
/** Failures that occur before the server has read any of the request. */
const NOTHING_STARTED = new Set([
  'kit-launch',
  'no-sudo',
  'wrong-sudo-password',
  'sudo-needs-password',
  'timeout',
  'channel-refused',
])
/**
 * Failures of following that are retried for a while. `killed`: a server shutting down ends our shell before the link.
 * `timeout` and `channel-refused`: the server is busy.
 */
const RETRY_AFTER = new Set(['cancelled', 'link-lost', 'no-answer', 'killed', 'timeout', 'channel-refused'])
const TRANSACTIONS = new Set(['restore', 'undo'])

type Answer = Result<KitAnswer, KitFailure>

export interface FollowerOptions {
  readonly context: Context
  readonly site: Site
  readonly publish: Publish
  /** Stops following; the operation goes on, and its row stays unfinished. */
  readonly signal: AbortSignal
  /** Runs and follows the `recover` that an interrupted transaction needs. */
  readonly recover: (reason: string) => Promise<JournalEntry>
}

function failed(failure: Failure): JournalOutcome {
  const { code, message, unchanged = '', next = '' } = failure
  return { outcome: 'failed', code, message, unchanged, next, data: null }
}

function argumentBytes(argument: KitArgument): string | Buffer {
  return typeof argument === 'string' ? argument : Buffer.from(decodePath(argument.path))
}

/** Number of times, three seconds apart, that a server is asked for an operation before it counts as never started. */
const START_CHECKS = 4

const neverStarted: Failure = {
  code: 'not-started',
  message: 'The connection was lost while the operation was being started, and the server has no record of it.',
  unchanged: 'According to the server, nothing was changed on it.',
  next: 'Check the operations of the site; if it is not listed, start it again.',
}

export class OperationFollower {
  readonly #options: FollowerOptions
  readonly #id: string
  #interrupted = false
  #recoveries = 0
  /** The outcome of a failed recovery that we requested. */
  #failedRecovery: JournalOutcome | null = null
  #lastFailure: Failure = { code: 'no-answer', message: 'The server reports nothing new about the operation.' }

  constructor(id: string, options: FollowerOptions) {
    this.#id = id
    this.#options = options
  }

  get #entry(): JournalEntry {
    const entry = this.#options.context.store.operations.byId(this.#id)
    if (!entry) throw new Error(`the journal has lost operation ${this.#id}`)
    return entry
  }

  /** Returns when the operation has ended, its connection was lost, or the signal was aborted; the row says which. */
  async follow(): Promise<void> {
    const { state, remoteOperation } = this.#entry
    if (state === 'ended') return
    if (state === 'queued') await this.#begin()
    else if (remoteOperation === null) await this.#search()
    let attempt = 0
    while (this.#isRunning()) {
      const before = this.#entry.eventOffset
      await this.#pause(attempt)
      await this.#resume()
      attempt = this.#entry.eventOffset > before ? 0 : attempt + 1
      if (attempt > MAX_IDLE_FOLLOWS) this.#loseContact(this.#lastFailure)
    }
  }

  #isRunning(): boolean {
    const { state, remoteOperation } = this.#entry
    return state === 'running' && remoteOperation !== null && !this.#options.signal.aborted
  }

  async #pause(attempt: number): Promise<void> {
    const seconds = PAUSES[Math.min(attempt, PAUSES.length - 1)] ?? 1
    await this.#options.context.clock.wait(seconds * 1000, this.#options.signal)
  }

  #open(retryFor: number): Promise<Result<KitLink>> {
    const { context, site, signal } = this.#options
    return context.links.open(site, { retryFor, signal })
  }

  async #begin(): Promise<void> {
    const { store } = this.#options.context
    const link = await this.#open(0)
    // Cancelled meanwhile: its outcome is recorded.
    if (!link.ok) return this.#entry.state === 'queued' ? this.#end(failed(link.error)) : undefined
    using kit = link.value
    if (!store.operations.starting(this.#id)) return
    this.#publishJournal()
    const { request, reason } = this.#entry
    const start = { request: request.map(argumentBytes), reason, token: this.#id }
    const answer = await kit.client.start(start, this.#listener())
    if (answer.ok || this.#entry.remoteOperation !== null) return this.#handle(answer)
    if (NOTHING_STARTED.has(answer.error.code)) return this.#end(failed(answer.error))
    this.#publishLink(answer.error)
    await this.#search()
  }

  /** The link broke during the start. Asks the server, by our token, whether the operation started. */
  async #search(): Promise<void> {
    const { context, signal } = this.#options
    for (let attempt = 1; attempt <= START_CHECKS + 1 && !signal.aborted; attempt += 1) {
      const link = await this.#open(RETRY_FOR)
      if (!link.ok) return this.#loseContact(link.error)
      using kit = link.value
      const found = await kit.client.operation({ token: this.#id }, signal)
      if (found.ok && found.value) return this.#found(found.value)
      if (!found.ok) this.#publishLink(found.error)
      else if (attempt >= START_CHECKS) return this.#end(failed(neverStarted))
      // On a slow server the request may still be on its way through a dying shell: ask again.
      await context.clock.wait(3000, signal)
    }
    this.#loseContact(this.#lastFailure)
  }

  #found(entry: OperationEntry): void {
    this.#options.context.store.operations.running(this.#id, entry.id)
    this.#publishJournal()
  }

  async #resume(): Promise<void> {
    const { remoteOperation, eventOffset } = this.#entry
    const link = await this.#open(RETRY_FOR)
    if (!link.ok) return this.#loseContact(link.error)
    using kit = link.value
    await this.#handle(await kit.client.follow(remoteOperation ?? '', eventOffset, this.#listener()))
  }

  async #handle(answer: Answer): Promise<void> {
    if (answer.ok && this.#interrupted) return this.#finishInterrupted(answer.value.result)
    if (answer.ok) return this.#end(this.#outcomeOf(answer.value.result), this.#endedAt(answer.value.result.at))
    if (RETRY_AFTER.has(answer.error.code)) return this.#publishLink(answer.error)
    this.#loseContact(answer.error)
  }

  /** A server that does not know the operation cannot report how it ended. */
  #outcomeOf(result: KitResult): JournalOutcome {
    const { remoteOperation } = this.#entry
    const isUnknown =
      result.code === 'not-found' && remoteOperation !== null && result.message.includes(remoteOperation)
    return isUnknown ? { ...result, outcome: 'unknown' } : result
  }

  /** When the server reported the end, by our clock; it may be received hours later. */
  #endedAt(reportedAt: number): number {
    const { store, clock } = this.#options.context
    const at = reportedAt - clockOffset(store.inspections.latest(this.#options.site.id))
    return Math.min(clock.now(), Math.max(this.#entry.createdAt, at))
  }

  /**
   * The operation's process on the server is gone. A recovery there completes or rolls back the transaction and reports
   * its outcome.
   */
  async #finishInterrupted(result: KitResult): Promise<void> {
    this.#interrupted = false
    if (!TRANSACTIONS.has(this.#entry.command)) return this.#end(result)
    if (this.#failedRecovery) return this.#end(this.#failedRecovery)
    this.#recoveries += 1
    if (this.#recoveries > RECOVERIES) return this.#loseContact(this.#lastFailure)
    const recovered = await this.#options.recover(`to finish ${this.#entry.remoteOperation}`)
    // Busy: the server is recovering by itself, as after a boot. Either way the interrupted operation gets an outcome.
    if (recovered.outcome === 'succeeded' || recovered.code === 'busy') return
    if (recovered.state !== 'ended') return this.#loseContact({ code: 'link-lost', message: recovered.message })
    // The server may have recovered by itself meanwhile; its outcome takes precedence.
    const { code, message, unchanged, next, data } = recovered
    this.#failedRecovery = { outcome: 'failed', code, message, unchanged, next, data }
  }

  #listener() {
    return { signal: this.#options.signal, onEvent: (event: KitEvent, offset: number) => this.#receive(event, offset) }
  }

  #receive(event: KitEvent, offset: number): void {
    const { context, publish, site } = this.#options
    if (event.kind === 'state') {
      this.#interrupted = event.state === 'interrupted'
      return
    }
    // The follower reported this, not the operation, which gets its own outcome later.
    if (this.#interrupted) return
    if (event.kind === 'hello' && event.operation !== null && this.#entry.remoteOperation === null) {
      context.store.operations.running(this.#id, event.operation)
      this.#publishJournal()
    }
    context.store.events.record(this.#id, event, offset)
    publish({ kind: 'event', operation: this.#id, siteId: site.id, event })
  }

  #end(outcome: JournalOutcome, at = this.#options.context.clock.now()): void {
    const { context } = this.#options
    // Cancelled, or another run of the console recorded the outcome already.
    const written = context.store.operations.ended(this.#id, at, outcome)
    if (written) this.#record(outcome)
    this.#publishJournal()
  }

  #record(outcome: JournalOutcome): void {
    const { context, site } = this.#options
    const { remoteOperation, command, request, reason } = this.#entry
    audit(context, `${command} ended`, site, {
      operation: remoteOperation ?? this.#id,
      outcome: outcome.outcome,
      reason,
      // A restore is called by its part, and an undo of an undo is a redo: record what was requested.
      detail: {
        code: outcome.code,
        message: outcome.message,
        ...(['restore', 'undo'].includes(command) && { request }),
      },
    })
    context.log.write(outcome.outcome === 'succeeded' ? 'info' : 'warning', 'operation ended', {
      site: site.name,
      command,
      operation: remoteOperation ?? this.#id,
      outcome: outcome.outcome,
      code: outcome.code,
    })
  }

  #loseContact(failure: Failure): void {
    if (this.#options.signal.aborted) return
    this.#options.context.store.operations.lost(this.#id)
    this.#publishLink(failure)
    this.#publishJournal()
  }

  #publishLink(failure: Failure): void {
    const { context, publish, site } = this.#options
    this.#lastFailure = failure
    context.log.write('warning', 'link', {
      site: site.name,
      operation: this.#id,
      code: failure.code,
      message: failure.message,
    })
    publish({ kind: 'link', operation: this.#id, siteId: site.id, failure })
  }

  #publishJournal(): void {
    const { publish, site } = this.#options
    publish({ kind: 'journal', operation: this.#id, siteId: site.id, entry: this.#entry })
  }
}
