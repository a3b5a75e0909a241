import { afterEach, expect, it } from 'vitest'
import { Comparison } from '../support/comparison.ts'

let both: Comparison | undefined
afterEach(() => both?.remove())

const numbered = (n: number) => `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${n})`
/** Limit in kibibytes for the memory of each process, and for each file that it writes. */
const within = (memory: number, file: number) => `ulimit -v ${memory}; ulimit -f ${file};`

it('a million rows with a key are compared in 60 MB, without a file', () => {
  both = new Comparison()
  both.pair(
    `CREATE TABLE sales (id INTEGER PRIMARY KEY, device INTEGER, price REAL, note TEXT, created_at TEXT);
     ${numbered(1_000_000)} INSERT INTO sales SELECT i, i % 100, i / 7.0, 'note of sale ' || i, datetime(1700000000 + i, 'unixepoch') FROM n`,
    `UPDATE sales SET price = 0 WHERE id BETWEEN 500001 AND 501081; DELETE FROM sales WHERE id % 100000 = 7;
     INSERT INTO sales (device) SELECT 1 FROM sales LIMIT 41`,
  )
  expect(both.table('sales', within(60_000, 1000))).toMatchObject({
    ...{ live: 1_000_031, backup: 1_000_000, onlyLive: 41, onlyBackup: 10, changed: 1080 },
    ...{ oldest: '2023-11-14 22:13:27', newest: '2023-11-25 08:13:27' },
  })
})

it('moved rows without a key are compared in batches, each within its limit', () => {
  both = new Comparison()
  const rows = `${numbered(300_000)} INSERT INTO bag SELECT i % 1000, 'row ' || (i / 2), '2026-01-01' FROM n`
  both.sql(both.backup, 'CREATE TABLE bag (a, b, created_at)', rows)
  both.sql(both.live, "CREATE TABLE bag (a, b, created_at); INSERT INTO bag VALUES (1, 2, '2026-07-07')", rows)
  both.sql(both.live, 'PRAGMA journal_mode = WAL')
  const found = { onlyLive: 1, onlyBackup: 0, changed: 0, oldest: '2026-07-07', newest: '2026-07-07' }
  expect(both.table('bag', `COMPARE_AT_A_TIME=250000; ${within(60_000, 16_000)}`)).toMatchObject(found)
  // In one batch it does not fit; then nothing is reported about the rows.
  expect(both.table('bag', within(60_000, 16_000))).toMatchObject({
    ...{ onlyLive: null, basis: 'none', reason: expect.stringContaining('sqlite3 was stopped') },
  })
})
