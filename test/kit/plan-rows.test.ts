// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is bash
import Sqlite from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest'
import { Comparison } from '../support/comparison.ts'

let both: Comparison
beforeEach(() => {
  both = new Comparison()
})
afterEach(() => both.remove())

const numbered = (n: number) => `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${n})`

describe('rows of a table', () => {
  it('that were changed are differences, with the times of the changes', () => {
    both.pair(
      `CREATE TABLE planogram_slots (id INTEGER PRIMARY KEY, price REAL, created_at TEXT, updated_at TEXT);
       ${numbered(3000)} INSERT INTO planogram_slots SELECT i, 1.5, '2026-01-01 08:00:00', '2026-01-01 08:00:00' FROM n`,
      `UPDATE planogram_slots SET price = 0, updated_at = '2026-02-02 14:07:' || (10 + id % 50) WHERE id <= 1081`,
    )
    expect(both.table('planogram_slots')).toMatchObject({
      ...{ live: 3000, backup: 3000, onlyLive: 0, onlyBackup: 0, changed: 1081 },
      ...{ basis: 'key', oldest: '2026-02-02 14:07:10', newest: '2026-02-02 14:07:59' },
    })
  })

  it('that were replaced by others under the same rowids are lost and come back', () => {
    both.pair(
      `CREATE TABLE units (code TEXT PRIMARY KEY, name TEXT);
       ${numbered(100)} INSERT INTO units SELECT 'old' || i, 'x' FROM n`,
      `UPDATE units SET code = 'new' || rowid`,
    )
    expect(both.table('units')).toMatchObject({ onlyLive: 100, onlyBackup: 100, changed: 0, basis: 'key' })
  })

  it('that were replaced by identical rows are no difference', () => {
    both.pair(
      `CREATE TABLE units (code TEXT PRIMARY KEY, name TEXT); CREATE TABLE bare (code TEXT, name TEXT);
       ${numbered(100)} INSERT INTO units SELECT 'c' || i, 'x' FROM n; INSERT INTO bare SELECT * FROM units`,
      `REPLACE INTO units SELECT * FROM units ORDER BY code;
       CREATE TEMP TABLE t AS SELECT * FROM bare; DELETE FROM bare; INSERT INTO bare SELECT * FROM t ORDER BY code DESC`,
    )
    for (const name of ['units', 'bare']) {
      expect(both.table(name)).toMatchObject({ live: 100, backup: 100, onlyLive: 0, onlyBackup: 0, changed: 0 })
    }
  })

  it('are distinguished even if columns are named rowid, oid and _rowid_', () => {
    both.pair(
      `CREATE TABLE odd (rowid INTEGER, oid TEXT, _rowid_ BLOB);
       ${numbered(3000)} INSERT INTO odd SELECT i % 3, 'x' || i, NULL FROM n`,
      `DELETE FROM odd WHERE oid IN ('x3', 'x4'); UPDATE odd SET rowid = 7 WHERE oid = 'x9'`,
    )
    expect(both.table('odd')).toMatchObject({ live: 2998, backup: 3000, onlyLive: 1, onlyBackup: 3, changed: 0 })
  })

  it('are compared by every kind of declared key', () => {
    both.pair(
      `CREATE TABLE sessions (token TEXT PRIMARY KEY, user INTEGER) WITHOUT ROWID;
       CREATE TABLE pairs (a TEXT, b INTEGER, v, PRIMARY KEY (b, a));
       CREATE TABLE assets (asset TEXT NOT NULL, v); CREATE UNIQUE INDEX asset_once ON assets (asset);
       CREATE TABLE names (name TEXT PRIMARY KEY COLLATE NOCASE, v);
       INSERT INTO sessions VALUES ('t1', 1), ('t2', 2); INSERT INTO pairs VALUES ('x', 1, 1), ('x', 2, 2), ('y', 1, 3);
       INSERT INTO assets VALUES ('A1', 1), ('A2', 2); INSERT INTO names VALUES ('Ann', 1), ('Bob', 2);`,
      `UPDATE sessions SET user = 9 WHERE token = 't2'; INSERT INTO sessions VALUES ('t3', 3);
       UPDATE pairs SET v = 8 WHERE a = 'y'; DELETE FROM pairs WHERE b = 2;
       REPLACE INTO assets VALUES ('A1', 5); UPDATE names SET name = 'ann' WHERE v = 1;`,
    )
    const { tables } = both.found()
    const numbers = (name: string) => tables.find(({ table }) => table === name)
    expect(numbers('sessions')).toMatchObject({ onlyLive: 1, onlyBackup: 0, changed: 1, basis: 'key' })
    expect(numbers('pairs')).toMatchObject({ onlyLive: 0, onlyBackup: 1, changed: 1, basis: 'key' })
    expect(numbers('assets')).toMatchObject({ onlyLive: 0, onlyBackup: 0, changed: 1, basis: 'key' })
    expect(numbers('names')).toMatchObject({ onlyLive: 0, onlyBackup: 0, changed: 1, basis: 'key' })
  })

  it('whose key is NULL are compared by their content', () => {
    both.pair(
      `CREATE TABLE config (key TEXT PRIMARY KEY, value);
       INSERT INTO config VALUES ('a', 1), (NULL, 1), (NULL, 1), (NULL, 2)`,
      `DELETE FROM config WHERE rowid = 2; INSERT INTO config VALUES (NULL, 3); UPDATE config SET value = 2 WHERE key = 'a'`,
    )
    expect(both.table('config')).toMatchObject({ onlyLive: 1, onlyBackup: 1, changed: 1 })
  })

  it('are equal only if type and bytes are; NULL equals NULL', () => {
    const values = [
      '1',
      '1.0',
      "'1'",
      "x'31'",
      'NULL',
      "''",
      "x''",
      "'a'",
      "'A'",
      "'a '",
      'char(97, 0, 98)',
      'char(97, 0, 99)',
    ]
    both.pair('CREATE TABLE v (id INTEGER PRIMARY KEY, x BLOB COLLATE NOCASE); CREATE TABLE bag (x)')
    const insert = (list: readonly string[]) =>
      list.map((value, i) => `INSERT INTO v VALUES (${i}, ${value})`).join(';')
    both.sql(both.backup, insert(values))
    both.sql(both.live, insert([...values.slice(1), values[0] ?? '']))
    expect(both.table('v')).toMatchObject({ onlyLive: 0, onlyBackup: 0, changed: values.length })
    both.sql(both.live, 'DELETE FROM v', insert(values), 'INSERT INTO bag SELECT x FROM v ORDER BY id DESC')
    both.sql(both.backup, 'INSERT INTO bag SELECT x FROM v', "DELETE FROM bag WHERE typeof(x) = 'real'")
    expect(both.table('v')).toMatchObject({ changed: 0 })
    expect(both.table('bag')).toMatchObject({ onlyLive: 1, onlyBackup: 0 })
  })

  it('with columns that only one side has are compared by the others', () => {
    both.pair('CREATE TABLE routes (id INTEGER PRIMARY KEY, name, old); INSERT INTO routes VALUES (1, 2, 3), (2, 2, 3)')
    both.sql(
      both.live,
      'ALTER TABLE routes RENAME COLUMN old TO older; ALTER TABLE routes ADD COLUMN driver_id; UPDATE routes SET name = 9, driver_id = 4 WHERE id = 1',
    )
    expect(both.table('routes')).toMatchObject({
      ...{ changed: 1, columnsOnlyLive: ['older', 'driver_id'], columnsOnlyBackup: ['old'] },
    })
  })

  it('of tables without a common column are not compared, and this is reported', () => {
    both.sql(both.backup, 'CREATE TABLE t (a); INSERT INTO t VALUES (1)')
    both.sql(both.live, 'CREATE TABLE t (b); INSERT INTO t VALUES (1)')
    expect(both.table('t')).toMatchObject({ onlyLive: null, onlyBackup: null, changed: null, basis: 'none' })
    expect(both.table('t').reason).toBe('the two sides have no column in common')
  })

  it('of a table that one side lacks would all be lost, or all come back', () => {
    both.sql(both.backup, "CREATE TABLE old (a, created_at); INSERT INTO old VALUES (1, 1767225600), (2, '2026-03-01')")
    both.sql(both.live, 'CREATE TABLE new (a); INSERT INTO new VALUES (1)')
    const { tables } = both.found()
    expect(tables).toMatchObject([
      { table: 'new', live: 1, backup: null, onlyLive: 1, onlyBackup: 0, changed: 0 },
      {
        table: 'old',
        live: null,
        backup: 2,
        onlyLive: 0,
        onlyBackup: 2,
        oldest: '2026-01-01 00:00:00',
        newest: '2026-03-01',
      },
    ])
  })

  it('are only counted when reading them would block the application', () => {
    both.pair(`CREATE TABLE t (id INTEGER PRIMARY KEY, v); ${numbered(300_001)} INSERT INTO t SELECT i, i FROM n`)
    both.sql(both.live, 'PRAGMA journal_mode = DELETE', 'DELETE FROM t WHERE id < 3')
    expect(both.table('t')).toMatchObject({ live: 299_999, backup: 300_001, onlyLive: null, basis: 'none' })
    expect(both.table('t').reason).toContain('too many rows')
    both.sql(both.backup, 'DELETE FROM t WHERE id > 300000')
    expect(both.table('t')).toMatchObject({ onlyLive: 1, onlyBackup: 2, changed: 0 })
  })
})

test('all counts are of one moment, and writers do not wait meanwhile', () => {
  both.pair('CREATE TABLE a (x); INSERT INTO a VALUES (1); CREATE TABLE z (x); INSERT INTO z VALUES (1)')
  // As an application does: while it has the database open, there is a -wal.
  const application = new Sqlite(both.live)
  application.exec('INSERT INTO a VALUES (2)')
  const { tables } = both.found(`cat() {
    [[ $* == *compare.prepare* ]] || { command cat "$@"; return; }
    command cat compare.prepare
    sed '/FROM temp.r WHERE n = 1;$/q' compare.script
    for ((i = 0; i < 1000; i++)); do ! grep -q "READ .*:$(stat -c %i "$DATABASE_FILE-shm") 12[4-7]" /proc/locks || break; sleep 0.01; done
    command sqlite3 "$DATABASE_FILE" 'INSERT INTO z VALUES (2)' >&2
    sed '1,/FROM temp.r WHERE n = 1;$/d' compare.script
  }`)
  expect(application.prepare('SELECT count(*) AS n FROM z').get()).toEqual({ n: 2 })
  application.close()
  expect(tables).toMatchObject([
    { table: 'a', live: 2, backup: 1, onlyLive: 1 },
    { table: 'z', live: 1, backup: 1, onlyLive: 0 },
  ])
})

test('a comparison that takes too long is stopped, and reported as not done', () => {
  const endless = `${numbered(200_000)} INSERT INTO slow SELECT hex(randomblob(8)), i FROM n`
  both.pair('CREATE TABLE fast (a); INSERT INTO fast VALUES (1); CREATE TABLE slow (a, b)', endless)
  both.sql(both.backup, endless)
  const limited = `timeout() { if [[ -e compare.prepare ]]; then command timeout "\${@:1:5}" 0.2 "\${@:7}"; else command timeout "$@"; fi; }`
  const { tables } = both.found(limited)
  const slow = tables.find(({ table }) => table === 'slow')
  expect(slow).toMatchObject({ onlyLive: null, onlyBackup: null, basis: 'none' })
  expect(slow?.reason).toContain('within 15 minutes')
})

test('a table that takes too long does not keep those after it from being compared', () => {
  const rows = 'INSERT INTO moved SELECT randomblob(1000000) FROM n'
  const schema =
    'CREATE TABLE aisles (a INTEGER PRIMARY KEY); INSERT INTO aisles VALUES (1); CREATE TABLE moved (a); CREATE TABLE zones (a)'
  both.pair(schema, `${numbered(200)} ${rows}; INSERT INTO zones VALUES (1); DELETE FROM aisles`)
  both.sql(both.backup, `${numbered(200)} ${rows}`)
  // The first run over all tables gets an eighth of the time that it takes here and now; the next as long as it takes.
  both.found()
  const began = performance.now()
  both.found()
  const seconds = ((performance.now() - began) / 8000).toFixed(3)
  const short = `timeout() { if ((COMPARE_KEPT > 0)) && [[ ! -e shortened ]]; then : >shortened; set -- "\${@:1:5}" ${seconds} "\${@:7}"; fi; command timeout "$@"; }`
  const { tables } = both.found(`COMPARE_TIME_LIMIT=600; ${short}`)
  const one = (name: string) => tables.find(({ table }) => table === name)
  expect(one('aisles')).toMatchObject({ onlyLive: 0, onlyBackup: 1, basis: 'key' })
  expect(one('moved')).toMatchObject({
    basis: 'none',
    onlyLive: null,
    reason: expect.stringContaining('it takes too long'),
  })
  expect(one('zones')).toMatchObject({ onlyLive: 1, onlyBackup: 0, basis: 'content' })
})
