import { describe, expect, test } from 'vitest'
import { movedIndex, nextSort, sortRows, toggled } from '../../../src-renderer/ui/table-model.ts'

describe('sorting', () => {
  test('puts unknown values last, in both directions', () => {
    const rows = [{ n: 2 }, { n: null }, { n: 1 }]
    expect(sortRows(rows, ({ n }) => n, false).map(({ n }) => n)).toEqual([1, 2, null])
    expect(sortRows(rows, ({ n }) => n, true).map(({ n }) => n)).toEqual([2, 1, null])
  })

  test('reads numbers in names, and ignores case', () => {
    expect(sortRows(['depot 10', 'Depot 9', 'depot 2'], (name) => name, false)).toEqual([
      'depot 2',
      'Depot 9',
      'depot 10',
    ])
  })

  test('keeps the order of equal rows, and gives the rows as they are without a key', () => {
    const rows = ['b1', 'a1', 'b2']
    expect(sortRows(rows, (row) => row[0] ?? null, false)).toEqual(['a1', 'b1', 'b2'])
    expect(sortRows(rows, undefined, false)).toBe(rows)
  })

  test('reverses on the second press', () => {
    const first = nextSort(null, 'size', true)
    expect(first).toEqual({ column: 'size', descending: true })
    expect(nextSort(first, 'size', true)).toEqual({ column: 'size', descending: false })
    expect(nextSort(first, 'name', false)).toEqual({ column: 'name', descending: false })
  })
})

describe('keys', () => {
  test.each([
    ['ArrowDown', 3, 4],
    ['ArrowDown', 9, 9],
    ['ArrowUp', 0, 0],
    ['PageDown', 3, 8],
    ['PageUp', 3, 0],
    ['Home', 7, 0],
    ['End', 2, 9],
  ])('%s at %i goes to %i', (key, from, to) => {
    expect(movedIndex(key, from, 10, 5)).toBe(to)
  })

  test('other than movement keys do not move, nor any key in an empty table', () => {
    expect(movedIndex('x', 3, 10, 5)).toBeNull()
    expect(movedIndex('End', 0, 0, 5)).toBeNull()
  })
})

test('selecting does not modify the given set', () => {
  const before = new Set(['a'])
  expect([...toggled(before, 'b', true)]).toEqual(['a', 'b'])
  expect([...toggled(before, 'a', false)]).toEqual([])
  expect([...before]).toEqual(['a'])
})
