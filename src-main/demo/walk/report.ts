/** Reports the walk as text for people, or as one JSON object per line. */
import { columns, duration, type Paint } from '../terminal.ts'

/** One checked statement. */
export interface Proof {
  readonly statement: string
  readonly holds: boolean
  /** What was observed. */
  readonly evidence: string
}

export interface StepTitle {
  /** One word that identifies the step if the walk fails. */
  readonly step: string
  readonly title: string
}

export interface WalkEnd {
  readonly proven: boolean
  /** The step that was not proven; null if all were. */
  readonly step: string | null
  readonly reason: string
  readonly steps: number
  readonly proofs: number
  readonly ms: number
}

/** Call order: for each step `begin`, any number of `fact`, `proof`, `table` and `doing`, then `end`; `finish` once. */
export interface Report {
  begin(title: StepTitle): void
  /** An observation that proves nothing by itself. */
  fact(name: string, value: string): void
  proof(proof: Proof): void
  table(header: readonly string[], rows: readonly (readonly string[])[]): void
  /** The current work; shown only while it lasts. */
  doing(text: string): void
  end(title: StepTitle, ms: number): void
  finish(end: WalkEnd): void
}

type Say = (line: string) => void

export function jsonReport(say: Say): Report {
  let step = ''
  const write = (kind: string, members: object): void =>
    say(JSON.stringify({ kind, ...(step && { step }), ...members }))
  return {
    begin: (title) => {
      step = title.step
      write('step', { title: title.title, state: 'started' })
    },
    fact: (name, value) => write('fact', { name, value }),
    proof: (proof) => write('proof', proof),
    table: (header, rows) => write('table', { header, rows }),
    doing: () => {},
    end: (title, ms) => write('step', { title: title.title, state: 'done', ms: Math.round(ms) }),
    finish: (end) => {
      step = ''
      write('result', { ...end, ms: Math.round(end.ms) })
    },
  }
}

const INDENT = '    '
const NAME_WIDTH = 18

/** `live` shows a line on a terminal that the next one replaces; null without a terminal. */
export function textReport(say: Say, paint: Paint, live: ((line: string) => void) | null): Report {
  let number = 0
  const line = (text: string): void => {
    live?.('')
    say(text)
  }
  return {
    begin: ({ title }) => {
      number += 1
      line('')
      line(paint.bold(`${String(number).padStart(2)}  ${title}`))
    },
    fact: (name, value) => {
      const [first = '', ...rest] = value.split('\n')
      line(`${INDENT}  ${paint.dim(name.padEnd(NAME_WIDTH))} ${first}`)
      for (const more of rest) line(`${INDENT}  ${''.padEnd(NAME_WIDTH)} ${more}`)
    },
    proof: ({ statement, holds, evidence }) => {
      line(`${INDENT}${holds ? paint.good('✓') : paint.bad('✗')} ${holds ? statement : paint.bad(statement)}`)
      if (evidence !== '') line(`${INDENT}  ${paint.dim(evidence)}`)
    },
    table: (header, rows) => {
      const right = header.map((_, i) => i > 0)
      for (const [i, text] of columns([header, ...rows], right).entries()) {
        line(`${INDENT}  ${i === 0 ? paint.dim(text) : text}`)
      }
    },
    doing: (text) => live?.(`${INDENT}${paint.dim(`… ${text}`)}`),
    end: (_title, ms) => line(paint.dim(`${INDENT}${duration(ms)}`)),
    finish: ({ proven, step, reason, steps, proofs, ms }) => {
      line('')
      const count = `${proofs} proofs in ${steps} steps, ${duration(ms)}`
      if (proven) line(`${paint.good('Everything was proven')}: ${count}.`)
      else line(`${paint.bad(`Not proven, in step “${step}”`)}: ${reason} (${count})`)
    },
  }
}
