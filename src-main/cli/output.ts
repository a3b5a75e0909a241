/** What the command line says: for people on stdout and stderr, or one JSON object a line. */
import type { Failure } from '../../src-shared/result.ts'
import { clean } from './table.ts'

export interface OutputResult {
  readonly outcome: string
  readonly code: string
  readonly message: string
  readonly unchanged?: string | undefined
  readonly next?: string | undefined
  readonly data?: unknown
}

/**
 * Whoever reads our words may leave (`| head`), or have no room for them: the work goes on, and the exit code says how it
 * went. An operation would else look failed, and nobody would listen to it.
 */
export function outliveReaders(): void {
  process.stdout.once('error', (error: NodeJS.ErrnoException) => {
    process.stdout.on('error', () => undefined)
    if (error.code !== 'EPIPE') process.stderr.write(`The output could not be written: ${error.message}\n`)
  })
  process.stderr.on('error', () => undefined)
}

const ERASE_LINE = '\r\u001b[2K'

export class Output {
  readonly json: boolean
  readonly #live: boolean
  #lineOpen = false

  constructor(json: boolean) {
    this.json = json
    this.#live = !json && process.stdout.isTTY === true
  }

  /** For machines only. */
  event(event: unknown): void {
    if (this.json) process.stdout.write(`${JSON.stringify(event)}\n`)
  }

  /** For people only. */
  text(...lines: readonly string[]): void {
    if (this.json) return
    this.#closeLine()
    for (const line of lines) process.stdout.write(`${line}\n`)
  }

  /** Replaces itself, and is only there on a terminal. */
  live(line: string): void {
    if (!this.#live) return
    const room = (process.stdout.columns ?? 80) - 1
    process.stdout.write(ERASE_LINE + clean(line).slice(0, room))
    this.#lineOpen = true
  }

  /** For people only, and not what was asked for: on stderr. */
  note(...lines: readonly string[]): void {
    if (this.json) return
    this.#closeLine()
    for (const line of lines) process.stderr.write(`${line}\n`)
  }

  /** The last line for machines. For people a failure is what happened, what is unchanged, and what to do next. */
  result(result: OutputResult): void {
    const { outcome, code, message, unchanged = '', next = '', data = null } = result
    this.event({ kind: 'result', outcome, code, message, unchanged, next, data })
    if (outcome === 'succeeded') this.text(...(message === '' ? [] : [clean(message)]))
    else {
      this.note(`${outcome}: ${clean(message)}`)
      if (unchanged !== '') this.note(`  unchanged: ${clean(unchanged)}`)
      if (next !== '') this.note(`  next:      ${clean(next)}`)
    }
  }

  failure(failure: Failure, data?: unknown): void {
    this.result({ outcome: 'failed', ...failure, ...(data === undefined ? {} : { data }) })
  }

  #closeLine(): void {
    if (this.#lineOpen) process.stdout.write(ERASE_LINE)
    this.#lineOpen = false
  }
}
