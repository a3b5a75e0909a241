import { expect, test } from 'vitest'
import { outOfSight } from '../../../src-renderer/shared/out-of-sight.ts'

test.each([
  ['running', 'listening', false],
  ['running', 'searching', true],
  // Nobody here listens: started elsewhere, or left by another run of the console.
  ['running', 'none', true],
  // Given up after a while: it was called running again.
  ['unknown', 'none', true],
  ['starting', 'listening', false],
  ['queued', 'none', false],
  ['ended', 'none', false],
] as const)('an operation that is %s, its link %s: out of sight %s', (state, link, unseen) => {
  expect(outOfSight({ row: { state }, link: { state: link } })).toBe(unseen)
})
