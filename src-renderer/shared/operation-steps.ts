/** Steps, log and downtime of an operation, from its events. Pure. */
import { formatDuration } from '../../src-shared/domain/format.ts'
import type { KitEvent } from '../../src-shared/domain/kit-protocol.ts'

export interface OperationStep {
  readonly step: string
  readonly title: string
  readonly state: 'started' | 'done' | 'failed' | 'skipped'
  readonly startedAt: number
  readonly endedAt: number | null
  readonly evidence: Readonly<Record<string, string | number | boolean | null>>
}

/** In the order in which they began. A step that begins a second time is a further one. */
export function stepsOf(events: readonly KitEvent[]): OperationStep[] {
  const steps: OperationStep[] = []
  for (const event of events) {
    if (event.kind !== 'step') continue
    const open = steps.findIndex(({ step, endedAt }) => step === event.step && endedAt === null)
    const { step, title, state, evidence, at } = event
    const known = steps[open]
    if (state === 'started') steps.push({ step, title, state, evidence, startedAt: at, endedAt: null })
    else if (known) steps[open] = { ...known, title, state, evidence: { ...known.evidence, ...evidence }, endedAt: at }
    else steps.push({ step, title, state, evidence, startedAt: at, endedAt: at })
  }
  return steps
}

export interface LogLine {
  readonly at: number
  readonly level: 'info' | 'warning' | 'error'
  readonly text: string
}

export function logOf(events: readonly KitEvent[]): LogLine[] {
  return events.flatMap((event) => {
    if (event.kind === 'log') return [{ at: event.at, level: event.level, text: event.text }]
    if (event.kind !== 'step') return []
    const word = { started: '…', done: 'done', failed: 'failed', skipped: 'skipped' }[event.state]
    return [
      { at: event.at, level: event.state === 'failed' ? 'error' : 'info', text: `${event.title}: ${word}` } as const,
    ]
  })
}

export interface Downtime {
  readonly from: number
  /** Null while the service is down. */
  readonly to: number | null
}

/** Steps that end with a running service. */
const restarts = new Set(['start', 'roll-back'])

/**
 * From asking the service to stop until it answered healthy, by the server's clock; null where it was never stopped.
 * After a start that failed it is still down, until the old state is back.
 */
export function downtimeOf(events: readonly KitEvent[]): Downtime | null {
  let from: number | null = null
  let to: number | null = null
  for (const event of events) {
    if (event.kind !== 'step') continue
    const { step, state, at } = event
    if (step === 'stop' && state === 'started') from ??= at
    else if (step === 'roll-back' && state === 'started') to = null
    else if (restarts.has(step) && state === 'done') to ??= at
  }
  return from === null ? null : { from, to }
}

/** A key of evidence in words: `journal_mode` becomes `journal mode`; its value carries the unit. */
export function evidenceWord(key: string): string {
  return key
    .replaceAll(/([a-z])([A-Z])/g, '$1 $2')
    .replaceAll(/[_-]+/g, ' ')
    .replace(/ ms$/i, '')
    .toLowerCase()
}

/** The beginning of a long hash: enough to compare by eye. */
export function shortHash(text: string): string {
  return /^[0-9a-f]{40,}$/.test(text) ? `${text.slice(0, 12)}…` : text
}

/** The downtime of an ended operation: none only where the service is known not to have been stopped. */
export function downWords(outcome: string | null, reported: number | null, observed: Downtime | null): string {
  if (reported !== null) return formatDuration(reported)
  if (observed === null) return outcome === 'unknown' ? 'Unknown' : 'None: the service was not stopped'
  return observed.to === null
    ? 'Unknown: the service was stopped, and its start was not reported'
    : formatDuration(observed.to - observed.from)
}
