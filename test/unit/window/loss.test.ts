import { describe, expect, test } from 'vitest'
import { lossOf, lossSentence, type TableDifference } from '../../../src-renderer/features/restore/loss.ts'

function table(
  name: string,
  onlyLive: number | null,
  onlyBackup: number | null,
  live = 10,
  backup = 10,
): TableDifference {
  return { table: name, live, backup, onlyLive, onlyBackup }
}

describe('what would be lost', () => {
  test('is the sum, the worst table first, tables without a difference left out', () => {
    const loss = lossOf({ tables: [table('same', 0, 0), table('few', 2, 0), table('many', 40, 200)] })
    expect(loss).toMatchObject({ lost: 42, back: 200, unknown: 0, same: 1 })
    expect(loss.changed.map((one) => one.table)).toEqual(['many', 'few'])
  })

  test('is never said to be nothing where a table could not be compared', () => {
    const tables = [table('odd', null, null)]
    expect(lossOf({ tables })).toMatchObject({ lost: 0, unknown: 1, same: 0 })
    expect(lossSentence({ tables, lossSeconds: null })).toBe(
      'At least 0 rows written since then would be lost. Of 1 table the rows could not be compared one by one.',
    )
  })

  test('is told in a sentence', () => {
    expect(lossSentence({ tables: [table('a', 1, 0)], lossSeconds: 7200 })).toBe(
      '1 row written since then would be lost. The loss window is 2 hours wide.',
    )
    expect(lossSentence({ tables: [table('a', 0, 3)], lossSeconds: null })).toBe(
      'No row would be lost, and 3 rows would come back.',
    )
  })
})
