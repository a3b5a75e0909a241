import { describe, expect, test } from 'vitest'
import { connectionLost } from '../../../src-renderer/shared/connection-lost.ts'
import { standingOf, standingWords } from '../../../src-renderer/shared/operation-standing.ts'

test.each([
  ['running', 'listening', false],
  ['running', 'searching', true],
  // Not followed here: started elsewhere, or left by another run of the console.
  ['running', 'none', true],
  // Given up after a while: then it was shown as running again.
  ['unknown', 'none', true],
  ['starting', 'listening', false],
  ['queued', 'none', false],
  ['ended', 'none', false],
] as const)('an operation that is %s, its link %s: connection lost %s', (state, link, lost) => {
  expect(connectionLost({ state, link })).toBe(lost)
})

describe('the progress of an operation', () => {
  const progress = { step: 'copy', done: 500_000, total: 1_000_000, unit: 'bytes', at: 5 } as const
  const row = {
    state: 'running',
    link: 'listening',
    step: { step: 'copy', title: 'Copy' },
    progress,
    startedAt: 3,
  } as const

  test('is shown with its bar and time while it is received', () => {
    const standing = standingOf(row, false)
    expect(standing).toMatchObject({ state: 'running', progress, since: 3 })
    expect(standingWords(standing)).toMatch(/^Copy · 500 KB of 1\.0 MB$/i)
  })

  test.each([
    ['its connection broke', { ...row, link: 'searching' }, false],
    ['nobody listens', { ...row, link: 'none' }, false],
    ['it was given up', { ...row, state: 'unknown', link: 'none' }, false],
    ['this window cannot reach the console', row, true],
  ] as const)('is not extrapolated when %s', (_, lost, cutOff) => {
    const standing = standingOf(lost, cutOff)
    expect(standing).toEqual({ state: 'lost', step: 'Copy', progress: null, since: null })
    expect(standingWords(standing)).toBe('Last known step: Copy')
    expect(standingWords({ ...standing, step: '' })).toBe('Progress unknown until reconnected')
  })

  test('has no elapsed time while the operation waits for its turn or has ended', () => {
    expect(standingOf({ ...row, state: 'queued', link: 'none' }, true)).toMatchObject({ state: 'queued', since: null })
    expect(standingOf({ ...row, state: 'ended', link: 'none' }, true)).toMatchObject({ state: 'ended', since: null })
  })
})
