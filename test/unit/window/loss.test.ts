import { describe, expect, test } from 'vitest'
import { lossOf, lossSentence, momentSpan, schemaWords, type TableDifference } from '../../../src-shared/domain/loss.ts'

function table(name: string, onlyLive: number | null, onlyBackup: number | null, changed = 0): TableDifference {
  return {
    table: name,
    live: 10,
    backup: 10,
    onlyLive,
    onlyBackup,
    changed: onlyLive === null ? null : changed,
    basis: onlyLive === null ? 'none' : 'key',
    reason: onlyLive === null ? 'no such collation sequence: DE' : '',
    oldest: null,
    newest: null,
    columnsOnlyLive: [],
    columnsOnlyBackup: [],
  }
}

const known = { known: true, reason: '' }
const sentence = (tables: TableDifference[], lossSeconds: number | null = null) =>
  lossSentence({ tables, lossSeconds, comparison: known })

describe('the loss', () => {
  test('is the sum of all tables, the worst first, without equal ones', () => {
    const loss = lossOf({ tables: [table('same', 0, 0), table('few', 2, 0, 1), table('many', 40, 200)] })
    expect(loss).toMatchObject({ lost: 42, back: 200, changed: 1, unknown: [], same: 1 })
    expect(loss.differing.map((one) => one.table)).toEqual(['many', 'few'])
  })

  test('changed rows are a difference, even if none is lost and none comes back', () => {
    const tables = [table('planogram_slots', 0, 0, 1081)]
    expect(lossOf({ tables })).toMatchObject({ lost: 0, back: 0, changed: 1081, same: 0 })
    expect(sentence(tables)).toBe('You would lose no rows and 1,081 changed rows would revert to their old values.')
  })

  test('is never called nothing if a table could not be compared', () => {
    const tables = [table('odd', null, null)]
    expect(lossOf({ tables })).toMatchObject({ lost: 0, unknown: tables, same: 0 })
    expect(sentence(tables)).toBe('You would lose at least 0 rows. 1 table could not be compared.')
  })

  test('is unknown if nothing was compared', () => {
    const comparison = { known: false, reason: 'the live database cannot be read: file is not a database' }
    expect(lossSentence({ tables: [], lossSeconds: null, comparison })).toBe(
      'What you would lose is unknown: the live database cannot be read: file is not a database.',
    )
  })

  test('is summarised in a sentence', () => {
    expect(sentence([table('a', 1, 0)], 7200)).toBe('You would lose 1 row. The backup is 2 hours old.')
    expect(sentence([table('a', 0, 3)])).toBe('You would lose no rows and 3 rows would come back.')
    expect(sentence([table('a', 41, 3, 1)])).toBe(
      'You would lose 41 rows, 3 rows would come back, and 1 changed row would revert to its old values.',
    )
  })

  test('a column that only one side has counts as a difference of its table', () => {
    const tables = [{ ...table('routes', 0, 0), columnsOnlyLive: ['driver_id'] }]
    expect(lossOf({ tables })).toMatchObject({ same: 0 })
  })
})

test('times are shown once, and so is the day', () => {
  expect(momentSpan({ oldest: null, newest: null })).toBe('')
  expect(momentSpan({ oldest: '2026-02-02', newest: '2026-02-02' })).toBe('2026-02-02')
  expect(momentSpan({ oldest: '2026-02-02 14:07:11', newest: '2026-02-02 14:09:00' })).toBe(
    '2026-02-02 14:07:11 – 14:09:00',
  )
  expect(momentSpan({ oldest: '2026-02-01 14:07:11', newest: '2026-02-02' })).toBe('2026-02-01 14:07 – 2026-02-02')
})

test('a schema difference is described by its kind', () => {
  const base = { name: 'driver_id', table: 'routes', state: 'lacks', detail: 'INTEGER' } as const
  expect(schemaWords({ ...base, kind: 'column' })).toBe('column routes.driver_id (INTEGER)')
  expect(schemaWords({ ...base, kind: 'trigger', name: 't', detail: '' })).toBe('trigger t on routes')
})
