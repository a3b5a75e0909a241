/** What a table does with its rows, apart from showing them: sorting, selecting, moving. Pure. */

export interface SortState {
  readonly column: string
  readonly descending: boolean
}

export type SortKey = string | number | boolean | null

/** Unknown values come last in both directions. Equal rows keep their order. */
export function sortRows<Row>(
  rows: readonly Row[],
  key: ((row: Row) => SortKey) | undefined,
  descending: boolean,
): readonly Row[] {
  if (!key) return rows
  const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' })
  const keyed = rows.map((row) => ({ row, key: key(row) }))
  keyed.sort((one, other) => {
    if (one.key === null || other.key === null) return Number(one.key === null) - Number(other.key === null)
    const order =
      typeof one.key === 'string' && typeof other.key === 'string'
        ? collator.compare(one.key, other.key)
        : Number(one.key) - Number(other.key)
    return descending ? -order : order
  })
  return keyed.map(({ row }) => row)
}

/** A second press turns the direction round. */
export function nextSort(now: SortState | null, column: string, firstDescending: boolean): SortState {
  if (now?.column !== column) return { column, descending: firstDescending }
  return { column, descending: !now.descending }
}

export function toggled<T>(set: ReadonlySet<T>, item: T, on: boolean): ReadonlySet<T> {
  const next = new Set(set)
  if (on) next.add(item)
  else next.delete(item)
  return next
}

/** Where the focus goes by a key; null where the key is not for moving. */
export function movedIndex(key: string, index: number, count: number, page: number): number | null {
  const last = count - 1
  if (count === 0) return null
  switch (key) {
    case 'ArrowDown':
      return Math.min(last, index + 1)
    case 'ArrowUp':
      return Math.max(0, index - 1)
    case 'PageDown':
      return Math.min(last, index + page)
    case 'PageUp':
      return Math.max(0, index - page)
    case 'Home':
      return 0
    case 'End':
      return last
    default:
      return null
  }
}
