/** What survives a reload is validated when read: others may have written to the storage. */
import { expect, test } from 'vitest'
import { type Memory, readMemory, writeMemory } from '../../../src-renderer/features/restore/restore-memory.ts'

const NOW = 1_800_000_000_000
const accident = {
  when: '14:07',
  missed: 'rows',
  table: 'orders',
  compared: [
    {
      path: '/b/x.db',
      planId: 'p',
      findings: { back: 1, changed: 0, lost: 2, unknown: 0, most: 'orders' },
      problem: '',
      found: true,
    },
  ],
  searching: null,
  since: 5,
  failure: '',
  saidAt: NOW,
} as const
const memory: Memory = { accidents: { site: accident }, down: new Set(['plan']) }
const nothing: Memory = { accidents: {}, down: new Set() }

function storage(text: string | null = null) {
  let kept = text
  return {
    getItem: () => kept,
    setItem: (_: string, value: string) => {
      kept = value
    },
  }
}

test('the entered accident survives a reload', () => {
  const place = storage()
  writeMemory(place, memory)
  expect(readMemory(place, NOW + 3_600_000)).toEqual(memory)
})

test('after half a day, 14:07 would mean another day and is forgotten', () => {
  const place = storage()
  writeMemory(place, memory)
  expect(readMemory(place, NOW + 13 * 3_600_000).accidents).toEqual({})
})

test.each([
  ['nothing', null],
  ['no JSON', 'x{'],
  ['something else', '{"accidents":{"site":{"when":7}},"down":[]}'],
])('%s in the storage is ignored', (_, text) => {
  expect(readMemory(storage(text), NOW)).toEqual(nothing)
})

test('a window without storage remembers until it is reloaded', () => {
  const refusing = {
    getItem: () => null,
    setItem: () => {
      throw new Error('full')
    },
  }
  expect(() => writeMemory(refusing, memory)).not.toThrow()
  expect(readMemory(undefined, NOW)).toEqual(nothing)
})
