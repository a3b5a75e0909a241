/** Output of the command line: text for people on stdout and stderr, or one JSON object per line. */
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
 * Ignores write errors on stdout and stderr: the reader may have gone (`| head`) or the disk may be full. The work
 * continues, and the exit code gives the outcome. Otherwise a running operation would look failed, and nobody would
 * follow it.
 */
export function outliveReaders(): void {
  process.stdout.once('error', (error: NodeJS.ErrnoException) => {
    process.stdout.on('error', () => undefined)
    if (error.code !== 'EPIPE') process.stderr.write(`The output could not be written: ${error.message}\n`)
  })
  process.stderr.on('error', () => undefined)
}

const ERASE_LINE = '\r\u001b[2K'

/** JSON in which nothing acts on a terminal: what could is escaped, so a program reads the same text. */
export function jsonForTerminal(value: unknown): string {
  return JSON.stringify(value).replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    Array.from(
      { length: character.length },
      (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`,
    ).join(''),
  )
}

export class Output {
  readonly json: boolean
  readonly #live: boolean
  #lineOpen = false

  constructor(json: boolean) {
    this.json = json
    this.#live = !json && process.stdout.isTTY === true
  }

  /** JSON output only. */
  event(event: unknown): void {
    if (this.json) process.stdout.write(`${jsonForTerminal(event)}\n`)
  }

  /** Text output only. */
  text(...lines: readonly string[]): void {
    if (this.json) return
    this.#closeLine()
    for (const line of lines) process.stdout.write(`${line}\n`)
  }

  /** A line that replaces itself; printed only on a terminal. */
  live(line: string): void {
    if (!this.#live) return
    const room = (process.stdout.columns ?? 80) - 1
    process.stdout.write(ERASE_LINE + clean(line).slice(0, room))
    this.#lineOpen = true
  }

  /** Text output only, on stderr: extra information besides the answer. */
  note(...lines: readonly string[]): void {
    if (this.json) return
    this.#closeLine()
    for (const line of lines) process.stderr.write(`${line}\n`)
  }

  /** Prints the last JSON line. In text output a failure says what happened, what is unchanged, and what to do next. */
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
