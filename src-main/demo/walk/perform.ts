/** Runs an operation of the console and reports its steps. */
import type { KitEvent } from '../../../src-shared/domain/kit-protocol.ts'
import type { Result } from '../../../src-shared/result.ts'
import type { Console } from '../../app/console.ts'
import type { JournalEntry } from '../../store/operations.ts'
import { mustRun } from '../processes.ts'
import type { DemoSite } from '../site.ts'
import { duration } from '../terminal.ts'
import type { StepReporter } from './step.ts'

/** Proves that a request succeeded, and returns its value. */
export function granted<T>(out: StepReporter, statement: string, result: Result<T>, evidence: (value: T) => string): T {
  if (result.ok) {
    out.prove(statement, true, evidence(result.value))
    return result.value
  }
  const { code, message } = result.error
  out.prove(statement, false, `${code}: ${message}`)
  throw new Error(message) // not reached: a failed proof throws
}

/** Starts an operation and proves that it succeeded. Reports each step and its duration. */
export async function perform(
  console: Pick<Console, 'runner'>,
  out: StepReporter,
  statement: string,
  ask: () => Promise<Result<JournalEntry>>,
): Promise<JournalEntry> {
  const began = new Map<string, number>()
  const onEvent = (event: KitEvent): void => {
    if (event.kind === 'progress') out.doing(`${event.step}: ${event.done} of ${event.total} ${event.unit}`)
    if (event.kind !== 'step') return
    if (event.state === 'started') {
      began.set(event.step, event.at)
      out.doing(event.title)
      return
    }
    const start = began.get(event.step)
    const state = event.state === 'done' ? '' : ` (${event.state})`
    out.fact(event.step, `${event.title}${state}${start === undefined ? '' : `, ${duration(event.at - start)}`}`)
  }
  const unsubscribe = console.runner.subscribe((published) => {
    if (published.kind === 'event') onEvent(published.event)
  })
  try {
    const asked = await ask()
    if (!asked.ok) throw new Error(`${statement}: ${asked.error.code}: ${asked.error.message}`)
    const entry = await console.runner.settled(asked.value.id)
    const { outcome, state, message } = entry
    out.prove(statement, outcome === 'succeeded', `${outcome ?? state}: ${message}`)
    return entry
  } finally {
    unsubscribe()
  }
}

/** Queries the site's database directly, as a user on the server would. */
export async function sql(demo: DemoSite, text: string, database = demo.database): Promise<string> {
  const words = ['-batch', '-bail', '-cmd', '.timeout 10000', database, text]
  return (await mustRun('sqlite3', words, { env: demo.env })).trim()
}
