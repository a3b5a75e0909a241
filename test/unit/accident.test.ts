import { describe, expect, test } from 'vitest'
import {
  answers,
  candidates,
  dayOfClock,
  findingsOf,
  proposed,
  readMoment,
  relationTo,
} from '../../src-shared/domain/accident.ts'
import type { BackupEntry } from '../../src-shared/domain/kit-backups.ts'

const HOUR = 3_600_000
const now = Date.UTC(2026, 10, 24, 15)

function backup(path: string, takenAt: number, more: Partial<BackupEntry> = {}): BackupEntry {
  return {
    ...{ path, kind: 'database', origin: 'scheduled', size: 1000, modifiedAt: takenAt, takenAt, verdict: 'verified' },
    ...{ verifiedAt: null, reason: '', hold: false, fingerprint: true, companions: [] },
    ...more,
  }
}

describe('the backup that is proposed', () => {
  const accident = now - 2 * HOUR
  const list = [
    backup('after', now - HOUR),
    backup('just before', accident - 60_000),
    backup('long before', now - 24 * HOUR),
  ]

  test('was not made after the accident, however recent and well verified', () => {
    expect(proposed(list, now, accident)?.path).toBe('just before')
    expect(proposed([list[0] as BackupEntry], now, accident)).toBeNull()
  })

  test('is the newest if no time is given', () => {
    expect(proposed(list, now, null)?.path).toBe('after')
  })

  test.each([
    ['failed', { verdict: 'failed' as const }],
    ['empty', { size: 0 }],
    ['not a database', { kind: 'config' as const }],
    ['a safety copy', { origin: 'safety' as const }],
  ])('is not one that is %s', (_, more) => {
    expect(proposed([backup('bad', accident - 1, more), ...list], now, accident)?.path).toBe('just before')
  })

  test('is not dated in the future', () => {
    expect(proposed([backup('future', now + 365 * 24 * HOUR), ...list], now, null)?.path).toBe('after')
    expect(candidates([backup('future', now + HOUR), ...list], now)).toHaveLength(3)
  })
})

describe('a backup and an accident', () => {
  test.each([
    ['a backup of that very moment', backup('a', now), 'after'],
    ['one from a millisecond before', backup('a', now - 1), 'before'],
    [
      'one still being written then, without our record',
      backup('a', now - HOUR, { modifiedAt: now + 5, fingerprint: false }),
      'unsure',
    ],
    ['the same with our record of its time', backup('a', now - HOUR, { modifiedAt: now + 5 }), 'before'],
    [
      'an old one that was copied later',
      backup('a', now - 72 * HOUR, { modifiedAt: now + 5, fingerprint: false }),
      'before',
    ],
    ['one dated only by its file', backup('a', 0, { takenAt: null, modifiedAt: now + 1 }), 'after'],
  ] as const)('%s', (_, entry, relation) => {
    expect(relationTo(entry, now)).toBe(relation)
  })
})

describe('a time as users write it', () => {
  const read = (text: string, zone = 'Europe/Berlin') => readMoment(text, zone, now)

  test.each([
    ['14:07', Date.UTC(2026, 10, 24, 13, 7)],
    ['9:05:30', Date.UTC(2026, 10, 24, 8, 5, 30)],
    // Not yet today, so yesterday.
    ['23:50', Date.UTC(2026, 10, 23, 22, 50)],
    ['2026-11-01 00:00', Date.UTC(2026, 9, 31, 23)],
    ['2026-07-01T12:00', Date.UTC(2026, 6, 1, 10)],
  ])("%s, in the server's zone", (text, moment) => {
    expect(read(text)).toEqual({ moment })
  })

  test('is the first of two if an hour occurs twice, and invalid if it never occurs', () => {
    expect(read('2026-10-25 02:30')).toEqual({ moment: Date.UTC(2026, 9, 25, 0, 30) })
    expect(read('2026-03-29 02:30').problem).toBe('This time does not exist.')
  })

  test.each(['nonsense', '25:00', '14:7', '2026-13-01 10:00', '2026-11-25 10:00'])('is not %s', (text) => {
    expect(read(text)).toEqual({ moment: null, problem: expect.any(String) })
  })

  test('may be left empty', () => {
    expect(read('  ')).toEqual({ moment: null, problem: undefined })
  })

  test('is in UTC if the zone is unknown, like displayed times', () => {
    expect(read('14:07', 'Nowhere/Land')).toEqual({ moment: Date.UTC(2026, 10, 24, 14, 7) })
  })
})

describe('a moment that the server is asked about', () => {
  const read = (text: string) => dayOfClock(text, 'Europe/Berlin', now)

  test.each([
    ['14:07', '2026-11-24 14:07'],
    [' 9:05:30 ', '2026-11-24 09:05:30'],
    ['23:50', '2026-11-23 23:50'],
    ['2026-03-29T02:30', '2026-03-29 02:30'],
    ['2026-10-25 02:30:00+01:00', '2026-10-25 02:30:00+01:00'],
    ['2026-10-25 02:30 +0100', '2026-10-25 02:30+0100'],
    ['2026-10-25 02:30Z', '2026-10-25 02:30Z'],
  ])('%s is sent with its day', (text, sent) => {
    expect(read(text)).toBe(sent)
  })

  test.each(['', 'nonsense', '14', '14:7', '14:07+01:00', '2026-10-25', '$(id)', '--14:07'])('is not %s', (text) => {
    expect(read(text)).toBeNull()
  })
})

describe('what a plan finds', () => {
  const table = (name: string, onlyLive: number | null, onlyBackup: number | null, changed?: number) => {
    const rest = {
      basis: 'key' as const,
      reason: '',
      oldest: null,
      newest: null,
      columnsOnlyLive: [],
      columnsOnlyBackup: [],
    }
    return { table: name, live: 10, backup: 10, onlyLive, onlyBackup, changed: changed ?? null, ...rest }
  }
  const plan = { tables: [table('orders', 3, 200), table('slots', 0, 0, 1081), table('odd', null, null)] }

  test('is counted over all tables, or in the selected one', () => {
    expect(findingsOf(plan, null)).toEqual({ back: 200, changed: 1081, lost: 3, unknown: 1, most: 'slots' })
    expect(findingsOf(plan, 'orders')).toEqual({ back: 200, changed: 0, lost: 3, unknown: 0, most: 'orders' })
  })

  test('covers what is missed, and nothing else', () => {
    const slots = findingsOf(plan, 'slots')
    expect([answers(slots, 'rows'), answers(slots, 'values'), answers(slots, 'unknown')]).toEqual([false, true, true])
    const none = findingsOf({ tables: [table('odd', null, null)] }, null)
    expect([answers(none, 'rows'), answers(none, 'unknown'), none.unknown]).toEqual([false, false, 1])
  })
})
