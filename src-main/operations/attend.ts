/**
 * Attends one operation from its journal row to its outcome, through lost links and restarts of the console. The server
 * runs it; this only asks for it, listens, and writes down what was heard.
 */
import { decodePath } from '../../src-shared/domain/backup-path.ts'
import type { KitEvent, KitResult, OperationEntry } from '../../src-shared/domain/kit-protocol.ts'
import type { Failure, Result } from '../../src-shared/result.ts'
import type { KitAnswer, KitFailure } from '../kit/channel.ts'
import { clockOffset } from '../store/inspections.ts'
import type { JournalEntry, JournalOutcome, KitArgument } from '../store/operations.ts'
import type { Site } from '../store/sites.ts'
import { audit, type Context, type Publish } from './context.ts'
import type { KitLink } from './links.ts'

/** Milliseconds for which a server that went away is looked for before the operation is called lost. */
const PATIENCE = 10 * 60_000
/** Seconds between two looks at a server that can be reached but has no answer yet. */
const PAUSES = [0, 1, 2, 5, 10, 20]
/** How often a server that answers may have nothing new to say before the operation is called lost. */
const MAX_IDLE_FOLLOWS = 12
/** How often `recover` is asked for before a person has to look. */
const RECOVERIES = 5
/** Failures before which nothing of the request was read on the server. */
const NOTHING_STARTED = new Set([
  'kit-launch',
  'no-sudo',
  'wrong-sudo-password',
  'sudo-needs-password',
  'timeout',
  'channel-refused',
])
/**
 * Failures of listening after which it is tried again, for a while. `killed`: a server that goes down ends our shell before
 * the link. `timeout` and `channel-refused`: it is too busy just now.
 */
const LISTEN_AGAIN = new Set(['cancelled', 'link-lost', 'no-answer', 'killed', 'timeout', 'channel-refused'])
const TRANSACTIONS = new Set(['restore', 'undo'])

type Heard = Result<KitAnswer, KitFailure>

export interface Attendance {
  readonly context: Context
  readonly site: Site
  readonly publish: Publish
  /** Stops listening; the operation goes on, and its row stays unfinished. */
  readonly signal: AbortSignal
  /** Attends the `recover` that an interrupted transaction needs. */
  readonly recover: (reason: string) => Promise<JournalEntry>
}

function failed(failure: Failure): JournalOutcome {
  const { code, message, unchanged = '', next = '' } = failure
  return { outcome: 'failed', code, message, unchanged, next, data: null }
}

function argumentBytes(argument: KitArgument): string | Buffer {
  return typeof argument === 'string' ? argument : Buffer.from(decodePath(argument.path))
}

/** How often, three seconds apart, a server is asked for an operation before it counts as never begun there. */
const LOOKS = 4

const neverStarted: Failure = {
  code: 'not-started',
  message: 'The connection was lost while the operation was being started, and the server has no record of it.',
  unchanged: 'As far as the server could be asked, nothing was changed on it.',
  next: 'Check the operations of the site; if it is not listed, start it again.',
}

export class Attendant {
  readonly #attendance: Attendance
  readonly #id: string
  #interrupted = false
  #recoveries = 0
  /** How a recovery that we asked for failed. */
  #vainRecovery: JournalOutcome | null = null
  #lastFailure: Failure = { code: 'no-answer', message: 'The server reports nothing new about the operation.' }

  constructor(id: string, attendance: Attendance) {
    this.#id = id
    this.#attendance = attendance
  }

  get #entry(): JournalEntry {
    const entry = this.#attendance.context.store.operations.byId(this.#id)
    if (!entry) throw new Error(`the journal has lost operation ${this.#id}`)
    return entry
  }

  /** Returns when the operation has ended, its connection was lost, or the signal came; the row says which. */
  async attend(): Promise<void> {
    const { state, remoteOperation } = this.#entry
    if (state === 'ended') return
    if (state === 'queued') await this.#begin()
    else if (remoteOperation === null) await this.#search()
    let attempt = 0
    while (this.#mayGoOn()) {
      const before = this.#entry.eventOffset
      await this.#pause(attempt)
      await this.#follow()
      attempt = this.#entry.eventOffset > before ? 0 : attempt + 1
      if (attempt > MAX_IDLE_FOLLOWS) this.#lose(this.#lastFailure)
    }
  }

  #mayGoOn(): boolean {
    const { state, remoteOperation } = this.#entry
    return state === 'running' && remoteOperation !== null && !this.#attendance.signal.aborted
  }

  async #pause(attempt: number): Promise<void> {
    const seconds = PAUSES[Math.min(attempt, PAUSES.length - 1)] ?? 1
    await this.#attendance.context.clock.wait(seconds * 1000, this.#attendance.signal)
  }

  #open(patience: number): Promise<Result<KitLink>> {
    const { context, site, signal } = this.#attendance
    return context.links.open(site, { patience, signal })
  }

  async #begin(): Promise<void> {
    const { store } = this.#attendance.context
    const link = await this.#open(0)
    // Cancelled meanwhile: it has its end.
    if (!link.ok) return this.#entry.state === 'queued' ? this.#end(failed(link.error)) : undefined
    using kit = link.value
    if (!store.operations.starting(this.#id)) return
    this.#tellJournal()
    const { request, reason } = this.#entry
    const start = { request: request.map(argumentBytes), reason, token: this.#id }
    const heard = await kit.client.start(start, this.#listener())
    if (heard.ok || this.#entry.remoteOperation !== null) return this.#settle(heard)
    if (NOTHING_STARTED.has(heard.error.code)) return this.#end(failed(heard.error))
    this.#tellLink(heard.error)
    await this.#search()
  }

  /** The link broke while it was being started: did the server begin? It says so by our token. */
  async #search(): Promise<void> {
    const { context, signal } = this.#attendance
    for (let attempt = 1; attempt <= LOOKS + 1 && !signal.aborted; attempt += 1) {
      const link = await this.#open(PATIENCE)
      if (!link.ok) return this.#lose(link.error)
      using kit = link.value
      const found = await kit.client.operation({ token: this.#id }, signal)
      if (found.ok && found.value) return this.#found(found.value)
      if (!found.ok) this.#tellLink(found.error)
      else if (attempt >= LOOKS) return this.#end(failed(neverStarted))
      // What was sent before the link broke may still be on its way through a dying shell, on a slow server: look again.
      await context.clock.wait(3000, signal)
    }
    this.#lose(this.#lastFailure)
  }

  #found(entry: OperationEntry): void {
    this.#attendance.context.store.operations.running(this.#id, entry.id)
    this.#tellJournal()
  }

  async #follow(): Promise<void> {
    const { remoteOperation, eventOffset } = this.#entry
    const link = await this.#open(PATIENCE)
    if (!link.ok) return this.#lose(link.error)
    using kit = link.value
    await this.#settle(await kit.client.follow(remoteOperation ?? '', eventOffset, this.#listener()))
  }

  async #settle(heard: Heard): Promise<void> {
    if (heard.ok && this.#interrupted) return this.#finishInterrupted(heard.value.result)
    if (heard.ok) return this.#end(this.#own(heard.value.result), this.#endedAt(heard.value.result.at))
    if (LISTEN_AGAIN.has(heard.error.code)) return this.#tellLink(heard.error)
    this.#lose(heard.error)
  }

  /** A server that does not know the operation says nothing about how it ended. */
  #own(result: KitResult): JournalOutcome {
    const { remoteOperation } = this.#entry
    const unheardOf =
      result.code === 'not-found' && remoteOperation !== null && result.message.includes(remoteOperation)
    return unheardOf ? { ...result, outcome: 'unknown' } : result
  }

  /** When the server said that it had ended, by our clock: it may be heard a night later. */
  #endedAt(said: number): number {
    const { store, clock } = this.#attendance.context
    const at = said - clockOffset(store.inspections.latest(this.#attendance.site.id))
    return Math.min(clock.now(), Math.max(this.#entry.createdAt, at))
  }

  /** Its process on the server is gone. A transaction is completed or taken back there, and then says how it ended. */
  async #finishInterrupted(result: KitResult): Promise<void> {
    this.#interrupted = false
    if (!TRANSACTIONS.has(this.#entry.command)) return this.#end(result)
    if (this.#vainRecovery) return this.#end(this.#vainRecovery)
    this.#recoveries += 1
    if (this.#recoveries > RECOVERIES) return this.#lose(this.#lastFailure)
    const recovered = await this.#attendance.recover(`to finish ${this.#entry.remoteOperation}`)
    // Busy: the server recovers by itself, as it does when it boots. What was interrupted gets its outcome either way.
    if (recovered.outcome === 'succeeded' || recovered.code === 'busy') return
    if (recovered.state !== 'ended') return this.#lose({ code: 'link-lost', message: recovered.message })
    // The server recovers by itself too, and may have done so meanwhile: it has the first word about how it ended.
    const { code, message, unchanged, next, data } = recovered
    this.#vainRecovery = { outcome: 'failed', code, message, unchanged, next, data }
  }

  #listener() {
    return { signal: this.#attendance.signal, onEvent: (event: KitEvent, offset: number) => this.#hear(event, offset) }
  }

  #hear(event: KitEvent, offset: number): void {
    const { context, publish, site } = this.#attendance
    if (event.kind === 'state') {
      this.#interrupted = event.state === 'interrupted'
      return
    }
    // Said by the follower, not by the operation: it will have another end.
    if (this.#interrupted) return
    if (event.kind === 'hello' && event.operation !== null && this.#entry.remoteOperation === null) {
      context.store.operations.running(this.#id, event.operation)
      this.#tellJournal()
    }
    context.store.events.record(this.#id, event, offset)
    publish({ kind: 'event', operation: this.#id, siteId: site.id, event })
  }

  #end(outcome: JournalOutcome, at = this.#attendance.context.clock.now()): void {
    const { context } = this.#attendance
    // It was cancelled, or another run of the console heard its end: that is written down already.
    const written = context.store.operations.ended(this.#id, at, outcome)
    if (written) this.#record(outcome)
    this.#tellJournal()
  }

  #record(outcome: JournalOutcome): void {
    const { context, site } = this.#attendance
    const { remoteOperation, command, reason } = this.#entry
    audit(context, `${command} ended`, site, {
      operation: remoteOperation ?? this.#id,
      outcome: outcome.outcome,
      reason,
      detail: { code: outcome.code, message: outcome.message },
    })
    context.log.write(outcome.outcome === 'succeeded' ? 'info' : 'warning', 'operation ended', {
      site: site.name,
      command,
      operation: remoteOperation ?? this.#id,
      outcome: outcome.outcome,
      code: outcome.code,
    })
  }

  #lose(failure: Failure): void {
    if (this.#attendance.signal.aborted) return
    this.#attendance.context.store.operations.lost(this.#id)
    this.#tellLink(failure)
    this.#tellJournal()
  }

  #tellLink(failure: Failure): void {
    const { context, publish, site } = this.#attendance
    this.#lastFailure = failure
    context.log.write('warning', 'link', {
      site: site.name,
      operation: this.#id,
      code: failure.code,
      message: failure.message,
    })
    publish({ kind: 'link', operation: this.#id, siteId: site.id, failure })
  }

  #tellJournal(): void {
    const { publish, site } = this.#attendance
    publish({ kind: 'journal', operation: this.#id, siteId: site.id, entry: this.#entry })
  }
}
