/** Shows an operation while it runs, and its outcome. */
import { formatBytes, formatCount, formatDuration } from '../../src-shared/domain/format.ts'
import type { KitEvent } from '../../src-shared/domain/kit-protocol.ts'
import type { RunnerEvent } from '../operations/context.ts'
import type { JournalEntry } from '../store/operations.ts'
import type { Site } from '../store/sites.ts'
import type { Output } from './output.ts'
import type { Session } from './session.ts'
import { clean } from './table.ts'

/** The downtime lasts from this step until the service is healthy again. */
const DOWN_FROM = 'stop'
const DOWN_TO = 'start'
const LEFT = 130

type StepEvent = Extract<KitEvent, { kind: 'step' }>
type ProgressEvent = Extract<KitEvent, { kind: 'progress' }>

function evidenceWords(evidence: StepEvent['evidence']): string {
  const words = Object.entries(evidence).map(([name, value]) => `${name.replaceAll('_', ' ')} ${value}`)
  return words.length === 0 ? '' : `  (${clean(words.join(', '))})`
}

function progressWords({ done, total, unit }: ProgressEvent): string {
  const percent = total > 0 ? ` ${Math.floor((100 * done) / total)} %` : ''
  if (unit === 'bytes') return `${percent}  ${formatBytes(done)} of ${formatBytes(total)}`
  const of = total > 0 ? ` of ${formatCount(total)}` : ''
  return `${percent}  ${formatCount(done)}${of} ${unit}`
}

/** Turns the events of one operation into lines. Times are the server's, so they are right even if received late. */
export class Watcher {
  readonly #out: Output
  #title = ''
  #startedAt = 0
  #downSince: number | null = null

  constructor(out: Output) {
    this.#out = out
  }

  handle(event: KitEvent): void {
    // The result is printed once, at the very end, with what the journal adds.
    if (event.kind !== 'result') this.#out.event(event)
    if (event.kind === 'step') this.#step(event)
    if (event.kind === 'progress') this.#out.live(`  …  ${this.#title}${progressWords(event)}${this.#down(event.at)}`)
    if (event.kind === 'log' && event.level === 'info') this.#out.text(`     ${clean(event.text)}`)
    if (event.kind === 'log' && event.level !== 'info') this.#out.note(`${event.level}: ${clean(event.text)}`)
  }

  #step(event: StepEvent): void {
    if (event.state === 'started') {
      this.#title = clean(event.title)
      this.#startedAt = event.at
      if (event.step === DOWN_FROM) this.#downSince = event.at
      this.#out.live(`  …  ${this.#title}${this.#down(event.at)}`)
      return
    }
    const took = formatDuration(event.at - this.#startedAt).padStart(10)
    const mark = { done: 'ok  ', failed: 'FAIL', skipped: 'skip' }[event.state]
    this.#out.text(`${mark} ${took}  ${clean(event.title)}${evidenceWords(event.evidence)}${this.#down(event.at)}`)
    if (event.step === DOWN_TO && event.state === 'done') this.#downSince = null
  }

  #down(at: number): string {
    return this.#downSince === null ? '' : `  [down ${formatDuration(at - this.#downSince)}]`
  }
}

function followHint(site: Site, entry: JournalEntry): string {
  return `follow ${JSON.stringify(site.name)} ${entry.remoteOperation ?? entry.id}`
}

function endOf(session: Session, site: Site, entry: JournalEntry): number {
  const operation = entry.remoteOperation ?? entry.id
  if (entry.state !== 'ended' || entry.outcome === null) {
    return session.end({
      outcome: 'unknown',
      code: 'link-lost',
      message: `The connection to ${site.name} was lost, and reconnecting failed.`,
      unchanged: 'The operation continues on the server.',
      next: `When the server can be reached: ${followHint(site, entry)}`,
      data: { operation },
    })
  }
  const { outcome, code, message, unchanged, next, data } = entry
  return session.end({ outcome, code, message, unchanged, next, data: data ?? { operation } })
}

/** On Ctrl-C, detaches from the operation; on a second one, exits without waiting for the connection to close. */
function onInterrupt(leave: () => void): () => void {
  const interrupted = () => {
    process.once('SIGINT', () => process.exit(LEFT))
    leave()
  }
  process.once('SIGINT', interrupted)
  return () => process.off('SIGINT', interrupted)
}

/**
 * Shows an operation until it ends and returns the exit code. Ctrl-C stops watching, never the operation.
 * @param report prints details of the result for people, before the last line.
 */
export async function watchOperation(
  session: Session,
  site: Site,
  entry: JournalEntry,
  report?: (entry: JournalEntry) => void,
): Promise<number> {
  const { runner, context, out } = session
  const watcher = new Watcher(out)
  const detached = Promise.withResolvers<'detached'>()
  let named = entry.remoteOperation
  const name = (remote: string | null) => {
    if (remote === null || remote === named) return
    named = remote
    out.event({ kind: 'operation', operation: remote, site: site.name, command: entry.command })
    out.text(`operation ${remote} (it continues if you detach)`)
  }
  const onEvent = (event: RunnerEvent) => {
    if (event.operation !== entry.id) return
    if (event.kind === 'event') watcher.handle(event.event)
    if (event.kind === 'journal') name(event.entry.remoteOperation)
    if (event.kind === 'link') {
      out.event({ kind: 'link', code: event.failure.code, message: event.failure.message })
      out.note(`link: ${clean(event.failure.message)} The operation continues; reconnecting.`)
    }
  }
  for (const event of context.store.events.list(entry.id)) watcher.handle(event)
  const unsubscribe = runner.subscribe(onEvent)
  const removeInterrupt = onInterrupt(() => detached.resolve('detached'))
  const settled = await Promise.race([runner.settled(entry.id), detached.promise])
  unsubscribe()
  removeInterrupt()
  const now = context.store.operations.byId(entry.id) ?? entry
  if (settled === 'detached') {
    out.result({
      outcome: 'unknown',
      code: 'detached',
      message: 'Detached.',
      unchanged: 'The operation continues on the server.',
      next: `Follow it again: ${followHint(site, now)}`,
      data: { operation: now.remoteOperation ?? now.id },
    })
    await runner.detach()
    return LEFT
  }
  if (settled.state === 'ended') report?.(settled)
  return endOf(session, site, settled)
}
