/** Computes which lines of the kit the tests ran, by source file, from the traces of `test/support/kit/trace.ts`. */
import { globSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { kitParts } from '../../../src-main/kit/assemble.ts'
import { functions, scan, statements } from '../bash/scan.ts'

interface Recorded {
  /** Minimum percentage of statements. */
  readonly percent: number
  /** Functions that no test of the suite can enter, each with the reason. */
  readonly unreachable: Readonly<Record<string, string>>
}

interface FileCoverage {
  readonly name: string
  readonly hit: number
  readonly total: number
  /** First lines of the statements that never ran. */
  readonly missed: readonly number[]
  readonly neverEntered: readonly string[]
}

export interface Coverage {
  readonly files: readonly FileCoverage[]
  readonly percent: number
}

const recordFile = 'test/kit/coverage.json'
const recorded = (): Recorded =>
  JSON.parse(readFileSync(resolve(import.meta.dirname, '../../..', recordFile), 'utf8')) as Recorded

/** Tracing begins at the end of the prologue, so its own lines are unknown. */
const untraced = 'prologue.sh'

export function coverageOf(folder: string): Coverage {
  const traces = globSync('*.lines', { cwd: folder }).map((file) => readFileSync(join(folder, file), 'utf8'))
  return coverageFrom(traces.flatMap((text) => text.split('\n')))
}

/** Computes coverage from `LINE FUNCTION` entries with line numbers of the assembled kit. */
export function coverageFrom(entries: readonly string[], parts = kitParts()): Coverage {
  const hits = new Map<number, Set<string>>()
  const places = functions(parts.map(({ text }) => text).join('\n'))
  for (const entry of entries) {
    const [line = '', name = '', evaluated] = entry.split(' ')
    // Text of a test can have any line number: only lines inside the kit's own function count.
    const isThere = places.some((one) => one.name === name && one.from <= Number(line) && Number(line) <= one.to)
    if (evaluated !== undefined && !isThere) continue
    hits.set(Number(line), (hits.get(Number(line)) ?? new Set()).add(name))
  }
  let first = 0 // lines of the assembled kit before this part
  const files = parts.map(({ name, text }): FileCoverage => {
    const offset = first
    first += text.split('\n').length
    const ran = ({ from, to }: { from: number; to: number }, where?: string) => {
      for (let line = from; line <= to; line++) {
        const names = hits.get(offset + line)
        if (names !== undefined && (where === undefined || names.has(where))) return true
      }
      return false
    }
    const all = name === untraced ? [] : statements(scan(text))
    const missed = all.filter((statement) => !ran(statement))
    return {
      name,
      total: all.length,
      hit: all.length - missed.length,
      missed: missed.map(({ from }) => from),
      neverEntered: functions(text)
        .filter((one) => !ran(one, one.name))
        .map((one) => one.name),
    }
  })
  const sum = (member: 'hit' | 'total') => files.reduce((total, file) => total + file[member], 0)
  return { files, percent: Math.floor((sum('hit') / sum('total')) * 1000) / 10 }
}

/** Why the suite fails although its tests passed. */
export function coverageProblems({ files, percent }: Coverage, record = recorded()): readonly string[] {
  const never = files.flatMap((file) => file.neverEntered)
  const problems = never
    .filter((name) => record.unreachable[name] === undefined)
    .map((name) => `no test of the kit enters ${name}: write one, or say in ${recordFile} why none can`)
  for (const name of Object.keys(record.unreachable)) {
    if (!never.includes(name)) problems.push(`${name} is entered, or gone: take it out of ${recordFile}`)
  }
  if (percent < record.percent)
    problems.push(`${percent} % of the kit ran; ${recordFile} says that it was ${record.percent} %`)
  return problems
}

export function coverageWords({ files, percent }: Coverage): string {
  const rows = files
    .filter(({ total }) => total > 0)
    .map(({ name, hit, total, missed, neverEntered }) => {
      const share = `${String(hit).padStart(4)} of ${String(total).padStart(4)}`
      const never = neverEntered.length > 0 ? `  never entered: ${neverEntered.join(', ')}` : ''
      const lines =
        missed.length > 0 ? `  not run: ${missed.slice(0, 12).join(', ')}${missed.length > 12 ? ', …' : ''}` : ''
      return `  ${name.padEnd(16)} ${share}${never}${lines}`
    })
  return `\nStatements of the kit that ran:\n${rows.join('\n')}\n  ${percent} % of all`
}
