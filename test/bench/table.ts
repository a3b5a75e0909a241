export interface Row {
  readonly bench: string
  /** What was done, with its size. */
  readonly what: string
  readonly baseline: string
  /** Milliseconds; null if it did not end in time, undefined if there is no time. */
  readonly baselineMs?: number | null
  readonly oursMs?: number | null
  /** Our result relative to the baseline, in the words of the goal. */
  readonly ratio: string
  readonly goal: string
  readonly met: boolean
}

/** Seconds with two digits, or milliseconds for short times; null: did not end, undefined: nothing. */
export function seconds(ms: number | null | undefined): string {
  if (ms === undefined) return ''
  if (ms === null) return 'did not end'
  return ms < 100 ? `${ms.toFixed(ms < 20 ? 1 : 0)} ms` : `${(ms / 1000).toFixed(2)} s`
}

export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2
}

/** Aligned columns: text to the left, numbers to the right. */
export function tableText(rows: readonly Row[]): string {
  const head = ['bench', 'what', 'beside', 'it', 'ours', 'ratio', 'goal', '']
  const lines = rows.map((row) => [
    row.bench,
    row.what,
    row.baseline,
    seconds(row.baselineMs),
    seconds(row.oursMs),
    row.ratio,
    row.goal,
    row.met ? 'met' : 'NOT MET',
  ])
  const all = [head, ...lines]
  const width = head.map((_, column) => Math.max(...all.map((line) => line[column]?.length ?? 0)))
  const right = new Set([3, 4, 5])
  const cell = (text: string, column: number): string =>
    right.has(column) ? text.padStart(width[column] ?? 0) : text.padEnd(width[column] ?? 0)
  return all.map((line) => line.map(cell).join('  ').trimEnd()).join('\n')
}
