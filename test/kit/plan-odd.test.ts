import { readFileSync, writeFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Comparison } from '../support/comparison.ts'

let both: Comparison
beforeEach(() => {
  both = new Comparison()
})
afterEach(() => both.remove())

const numbers = ({ onlyLive, onlyBackup, changed }: ReturnType<Comparison['table']>) => [onlyLive, onlyBackup, changed]

describe('an odd database', () => {
  const encodings = ['UTF-8', 'UTF-16le', 'UTF-16be']
  it.each(encodings.flatMap((live) => encodings.map((backup) => [live, backup] as const)))(
    'encoded in %s is compared with a backup encoded in %s',
    (live, backup) => {
      const schema = `
      CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, photo BLOB, updated_at TEXT);
      CREATE TABLE "wörter" (wort TEXT PRIMARY KEY, n REAL);
      CREATE TABLE bare (x, y);
      INSERT INTO users VALUES (1, 'Zoë', x'00ff', '2026-01-01'), (2, 'Łukasz', NULL, '2026-01-01'), (3, '😀', x'', '2026-01-01');
      INSERT INTO "wörter" VALUES ('äpfel', 0.1), ('birnen', 1e300), ('Ω', 3);
      INSERT INTO bare VALUES ('a|b', 'c'), ('a', 'b|c'), ('a', 'b|c'), (NULL, 1), (NULL, 1.0)`
      both.sql(both.backup, `PRAGMA encoding = '${backup}'`, schema)
      both.sql(both.live, `PRAGMA encoding = '${live}'`, schema)
      const same = both.found()
      expect(same.tables.map((one) => [one.table, ...numbers(one)])).toEqual([
        ['bare', 0, 0, 0],
        ['users', 0, 0, 0],
        ['wörter', 0, 0, 0],
      ])
      expect(same.schema.settings).toContainEqual({ name: 'encoding', live, backup })
      both.sql(
        both.live,
        `UPDATE users SET name = 'Zoé', updated_at = '2026-02-02 14:07:00' WHERE id = 1; DELETE FROM users WHERE id = 3;
       UPDATE "wörter" SET wort = 'Äpfel' WHERE n < 1; INSERT INTO "wörter" VALUES ('neu', 1);
       DELETE FROM bare WHERE rowid = 2; UPDATE bare SET y = 2 WHERE typeof(y) = 'real'`,
      )
      const { tables } = both.found()
      expect(tables.map((one) => [one.table, ...numbers(one)])).toEqual([
        ['bare', 1, 2, 0],
        ['users', 0, 1, 1],
        ['wörter', 2, 1, 0],
      ])
      expect(tables[1]).toMatchObject({ oldest: '2026-01-01', newest: '2026-02-02 14:07:00' })
    },
  )

  it('with odd names is compared under those names', () => {
    const names = [
      '',
      "o'clock",
      'say "when"',
      'two\nlines',
      '\n.quit\n;',
      "'); DROP TABLE x; --",
      '$(id)',
      'a|b,c%d\\e',
      'x'.repeat(250),
      '[b]',
    ]
    const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`
    const create = names.map(
      (name) => `CREATE TABLE ${quoted(name)} (id INTEGER PRIMARY KEY, ${quoted(`${name}.`)} TEXT)`,
    )
    const fill = names.map((name, i) => `INSERT INTO ${quoted(name)} VALUES (${i}, 'a'), (100, 'b')`)
    const change = names.map((name) => `UPDATE ${quoted(name)} SET ${quoted(`${name}.`)} = 'c' WHERE id = 100`)
    both.pair([...create, ...fill].join(';'), change.join(';'))
    const found = new Map(both.found().tables.map((one) => [one.table, numbers(one)]))
    expect(found).toEqual(new Map(names.map((name) => [name, [0, 0, 1]])))
  })

  it('with a NUL in a table name reports that this table was not compared', () => {
    both.pair(
      'CREATE TABLE users (id INTEGER PRIMARY KEY); INSERT INTO users VALUES (1); CREATE TABLE evil (x); INSERT INTO evil VALUES (1)',
    )
    both.sql(
      both.live,
      `PRAGMA writable_schema = ON;
       UPDATE sqlite_master SET name = 'evil' || char(0) || '"; ATTACH ''x'' AS y; --' WHERE name = 'evil'`,
    )
    const { tables } = both.found()
    expect(tables.find(({ basis }) => basis === 'none')).toMatchObject({
      table: 'evil',
      onlyLive: null,
      onlyBackup: null,
      reason: 'its name cannot be read',
    })
    expect(tables.filter(({ basis }) => basis !== 'none')).toMatchObject([
      { table: 'users', onlyLive: 0, onlyBackup: 0, changed: 0 },
    ])
  })

  it('with 2,000 tables, one of them with 1,500 columns, is compared', () => {
    const many = Array.from(
      { length: 2000 },
      (_, i) => `CREATE TABLE t${i} (id INTEGER PRIMARY KEY, v); INSERT INTO t${i} VALUES (1, 1)`,
    )
    const columns = Array.from({ length: 1500 }, (_, i) => `column_${i}`)
    many.push(`CREATE TABLE wide (${columns.join(', ')}); CREATE TABLE keyed (id INTEGER PRIMARY KEY, ${columns.join(', ')});
      INSERT INTO wide (column_7) VALUES (1), (2); INSERT INTO keyed (id, column_7) VALUES (1, 1), (2, 2)`)
    both.pair(
      `BEGIN; ${many.join(';')}; COMMIT`,
      `UPDATE t1999 SET v = 2; UPDATE wide SET column_1499 = 1 WHERE column_7 = 2; UPDATE keyed SET column_1499 = 1 WHERE id = 2`,
    )
    const { tables } = both.found()
    expect(tables).toHaveLength(2002)
    const differing = tables.filter((one) => numbers(one).some((count) => count !== 0))
    expect(differing.map((one) => [one.table, ...numbers(one)])).toEqual([
      ['keyed', 0, 0, 1],
      ['t1999', 0, 0, 1],
      ['wide', 1, 1, 0],
    ])
  })

  it('with generated columns, STRICT tables and unknown functions is compared by stored values', () => {
    both.prepare = (database) => void database.function('secret', { deterministic: true }, (text) => `${text}!`)
    both.pair(
      `CREATE TABLE g (id INTEGER PRIMARY KEY, a TEXT, b AS (a || 1) VIRTUAL, c AS (a || 2) STORED, d AS (secret(a)) VIRTUAL);
       CREATE TABLE s (id INTEGER PRIMARY KEY, v ANY, w TEXT) STRICT;
       CREATE TABLE e (id INTEGER PRIMARY KEY, a TEXT CHECK (secret(a) <> ''), f TEXT UNIQUE);
       CREATE INDEX by_secret ON e (secret(a));
       INSERT INTO g (id, a) VALUES (1, 'x'), (2, 'y'); INSERT INTO s VALUES (1, 1, 'a'), (2, '1', 'b');
       INSERT INTO e VALUES (1, 'x', 'f'), (2, 'y', NULL)`,
      `UPDATE g SET a = 'z' WHERE id = 2; UPDATE s SET v = '1' WHERE id = 1; UPDATE e SET a = 'z' WHERE id = 1; DELETE FROM e WHERE id = 2`,
    )
    const { tables } = both.found()
    expect(tables.map((one) => [one.table, one.basis, ...numbers(one)])).toEqual([
      ['e', 'key', 0, 1, 1],
      ['g', 'key', 0, 0, 1],
      ['s', 'key', 0, 0, 1],
    ])
  })

  it('whose key has an unknown collation is compared by content, and this is reported', () => {
    both.pair(
      `CREATE TABLE de (name TEXT PRIMARY KEY COLLATE NOCASE, v COLLATE NOCASE); CREATE TABLE w (name TEXT COLLATE NOCASE PRIMARY KEY, v) WITHOUT ROWID;
       INSERT INTO de VALUES ('ä', 1), ('b', 2), ('c', 3); INSERT INTO w SELECT * FROM de`,
      `UPDATE de SET v = 9 WHERE name = 'b'; DELETE FROM w WHERE name = 'c'`,
    )
    const rename = `PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = replace(sql, 'NOCASE', 'GERMAN')`
    both.sql(both.live, rename)
    both.sql(both.backup, rename)
    expect(both.table('de')).toMatchObject({ onlyLive: 1, onlyBackup: 1, changed: 0, basis: 'content' })
    expect(both.table('de').reason).toContain('does not know the collation GERMAN')
    // Such a table is stored in the collation's order, so it cannot be read without it.
    expect(both.table('w')).toMatchObject({ onlyLive: null, onlyBackup: null, changed: null, basis: 'none' })
    expect(both.table('w').reason).toContain('no such collation sequence: GERMAN')
  })

  it('with virtual tables is compared by their shadow tables, with or without their module', () => {
    both.pair(
      `CREATE TABLE articles (id INTEGER PRIMARY KEY, body); INSERT INTO articles VALUES (1, 'one two'), (2, 'three');
       CREATE VIRTUAL TABLE search USING fts5(body); INSERT INTO search SELECT body FROM articles;
       CREATE TABLE lost_content (id INTEGER PRIMARY KEY, c); INSERT INTO lost_content VALUES (1, 2)`,
      `UPDATE lost_content SET c = 3; INSERT INTO search VALUES ('four')`,
    )
    const virtual = `PRAGMA writable_schema = ON; INSERT INTO sqlite_master VALUES ('table', 'lost', 'lost', 0, 'CREATE VIRTUAL TABLE lost USING nobody(x)')`
    both.sql(both.live, virtual)
    both.sql(both.backup, virtual)
    const { tables } = both.found()
    const of = (name: string) => tables.find(({ table }) => table === name)
    expect([of('search'), of('lost')]).toEqual([undefined, undefined])
    expect(of('search_content')).toMatchObject({ onlyLive: 1, onlyBackup: 0, changed: 0 })
    expect(of('lost_content')).toMatchObject({ onlyLive: 0, onlyBackup: 0, changed: 1 })
    expect(of('articles')).toMatchObject({ onlyLive: 0, onlyBackup: 0, changed: 0 })
  })

  it('with one damaged table is compared in the others', () => {
    both.pair(
      `CREATE TABLE a (id INTEGER PRIMARY KEY, v); INSERT INTO a VALUES (1, 1); CREATE TABLE bad (id INTEGER PRIMARY KEY, v);
       INSERT INTO bad VALUES (1, 1); CREATE TABLE c (id INTEGER PRIMARY KEY, v); INSERT INTO c VALUES (1, 1)`,
      'UPDATE c SET v = 2',
    )
    const bytes = readFileSync(both.live)
    bytes.fill(0x55, 2 * 4096, 3 * 4096) // the third page, which is the second table's
    writeFileSync(both.live, bytes)
    const { tables, comparison } = both.found()
    expect(comparison.known).toBe(true)
    expect(tables.map((one) => [one.table, one.basis, ...numbers(one)])).toEqual([
      ['a', 'key', 0, 0, 0],
      ['bad', 'none', null, null, null],
      ['c', 'key', 0, 0, 1],
    ])
    expect(tables[1]?.reason).toContain('malformed')
  })

  it('that is missing or not a database is reported as such, and nothing counts as equal', () => {
    both.sql(both.backup, 'CREATE TABLE users (id INTEGER PRIMARY KEY); INSERT INTO users VALUES (1), (2)')
    const nothing = both.found()
    expect(nothing.comparison).toEqual({ known: false, reason: 'there is no live database' })
    expect(nothing.tables).toMatchObject([
      { table: 'users', live: null, backup: 2, onlyLive: null, onlyBackup: null, basis: 'none' },
    ])
    both.sql(
      both.live,
      "CREATE TABLE t (a); PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = 'CREATE nonsense'",
    )
    const malformed = both.found()
    expect(malformed.comparison.known).toBe(false)
    expect(malformed.comparison.reason).toMatch(/the live database cannot be read: malformed database schema/)
  })
})
