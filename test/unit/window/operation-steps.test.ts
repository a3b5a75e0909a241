import { describe, expect, test } from 'vitest'
import {
  downtimeOf,
  downWords,
  evidenceWord,
  logOf,
  shortHash,
  stepsOf,
} from '../../../src-renderer/shared/operation-steps.ts'
import { type KitEvent, stepEvent } from '../../../src-shared/domain/kit-protocol.ts'

function step(at: number, name: string, state: string, evidence = {}): KitEvent {
  return stepEvent.parse({ kind: 'step', at, step: name, title: `Do ${name}`, state, evidence })
}

describe('steps', () => {
  test('have a start, an end and all their evidence', () => {
    const events = [
      step(10, 'copy', 'started', { a: 1 }),
      step(30, 'copy', 'done', { b: 2 }),
      step(31, 'name', 'started'),
    ]
    expect(stepsOf(events)).toMatchObject([
      { step: 'copy', state: 'done', startedAt: 10, endedAt: 30, evidence: { a: 1, b: 2 } },
      { step: 'name', state: 'started', startedAt: 31, endedAt: null },
    ])
  })

  test('that begin again are listed again', () => {
    const events = [step(1, 'start', 'started'), step(2, 'start', 'failed'), step(3, 'start', 'started')]
    expect(stepsOf(events).map(({ state }) => state)).toEqual(['failed', 'started'])
  })

  test('of which only the end was received are listed', () => {
    expect(stepsOf([step(5, 'copy', 'skipped')])).toMatchObject([{ state: 'skipped', startedAt: 5, endedAt: 5 }])
  })
})

describe('downtime', () => {
  test('of an ended operation is none only if nothing was stopped', () => {
    expect(downWords('succeeded', 1500, null)).toBe('1.5 s')
    expect(downWords('rolled back', null, { from: 100, to: 2100 })).toBe('2.0 s')
    expect(downWords('cancelled', null, null)).toBe('None: the service was not stopped')
    // It may still be down.
    expect(downWords('failed', null, { from: 100, to: null })).toMatch(/^Unknown: the service was stopped/)
    expect(downWords('unknown', null, null)).toBe('Unknown')
  })

  test('is none if nothing was stopped', () => {
    expect(downtimeOf([step(1, 'check', 'started'), step(2, 'check', 'failed')])).toBeNull()
  })

  test('lasts from asking the service to stop until it is healthy', () => {
    const events = [step(100, 'stop', 'started'), step(200, 'stop', 'done'), step(300, 'start', 'started')]
    expect(downtimeOf(events)).toEqual({ from: 100, to: null })
    expect(downtimeOf([...events, step(900, 'start', 'done'), step(950, 'prove', 'done')])).toEqual({
      from: 100,
      to: 900,
    })
  })

  test('continues after a failed start, until the old state is back', () => {
    const failed = [step(100, 'stop', 'started'), step(300, 'start', 'failed'), step(310, 'roll-back', 'started')]
    expect(downtimeOf(failed)).toEqual({ from: 100, to: null })
    expect(downtimeOf([...failed, step(800, 'roll-back', 'done')])).toEqual({ from: 100, to: 800 })
  })

  test('begins again if the started state is rolled back', () => {
    const events = [step(100, 'stop', 'started'), step(300, 'start', 'done'), step(400, 'roll-back', 'started')]
    expect(downtimeOf(events)).toEqual({ from: 100, to: null })
  })
})

test('the log lists steps and lines in order, failures as errors', () => {
  const line: KitEvent = { kind: 'log', at: 2, level: 'warning', text: 'slow' }
  expect(logOf([step(1, 'copy', 'started'), line, step(3, 'copy', 'failed')])).toEqual([
    { at: 1, level: 'info', text: 'Do copy: …' },
    { at: 2, level: 'warning', text: 'slow' },
    { at: 3, level: 'error', text: 'Do copy: failed' },
  ])
})

test('evidence is named in words, and long hashes are shortened', () => {
  expect(evidenceWord('journal_mode')).toBe('journal mode')
  expect(evidenceWord('writersBlockedMs')).toBe('writers blocked')
  expect(shortHash('a'.repeat(64))).toBe(`${'a'.repeat(12)}…`)
  expect(shortHash('not a hash')).toBe('not a hash')
})
