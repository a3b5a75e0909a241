import { expect, test } from 'vitest'
import { type Foldable, oneLine, twoLines } from '../../../src-renderer/ui/table-fold.ts'

const columns: readonly Foldable[] = [
  { id: 'no', width: '3.5rem', folded: 'hidden' },
  { id: 'when', width: '8rem' },
  { id: 'why', width: 'minmax(9rem, 2fr)', folded: { from: 1, to: 2 } },
  { id: 'what', width: 'minmax(10.5rem, 1.1fr)' },
]

test('a table of one line needs all of its tracks and the gaps between them', () => {
  expect(oneLine(columns, false)).toMatchObject({ least: 3.5 + 8 + 9 + 10.5 + 3, places: new Map() })
  expect(oneLine(columns, true)).toMatchObject({ least: 2 + 3.5 + 8 + 9 + 10.5 + 4 })
})

test('a folded one needs those of its first line; the others stand below, or in what a row opens', () => {
  const folded = twoLines(columns, true)
  expect(folded?.tracks).toBe('2rem 8rem minmax(10.5rem, 1.1fr)')
  expect(folded?.least).toBe(2 + 8 + 10.5 + 2)
  expect(folded?.columns.map(({ id }) => id)).toEqual(['when', 'why', 'what'])
  // Behind the column that selects a row.
  expect([...(folded?.places ?? [])]).toEqual([
    ['when', { gridRow: 1, gridColumn: '2' }],
    ['why', { gridRow: 2, gridColumn: '2 / 4' }],
    ['what', { gridRow: 1, gridColumn: '3' }],
  ])
})

test('a table without such columns does not fold', () => {
  expect(twoLines([{ id: 'when', width: '8rem' }], false)).toBeNull()
})
