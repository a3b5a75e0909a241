/** Unusual databases, made with the sqlite3 command. */

/** The key tables, as small as possible. */
const base = `
  CREATE TABLE users (id INTEGER PRIMARY KEY, username TEXT, created_at TEXT);
  CREATE TABLE devices (id INTEGER PRIMARY KEY, asset TEXT);
  CREATE TABLE service_orders (id INTEGER PRIMARY KEY, status TEXT);
  INSERT INTO users VALUES (1, 'ann', '2026-01-01 08:00:00'), (2, 'bob', '2026-01-02 08:00:00');
  INSERT INTO devices VALUES (1, 'A1');
  INSERT INTO service_orders VALUES (1, 'new'), (2, 'done'), (3, 'new');`

/** Rewrites a definition to one that cannot be created directly. */
const redefine = (name: string, from: string, to: string) =>
  `PRAGMA writable_schema = ON;
   UPDATE sqlite_master SET sql = replace(sql, '${from}', '${to}') WHERE name = '${name}' OR tbl_name = '${name}';`

type Verdict = 'verified' | 'inconclusive'

export interface OddDatabase {
  readonly kind: string
  /** Input of the sqlite3 command; may contain bytes that are not UTF-8. */
  readonly sql: string | Buffer
  /** Rows by table name as reported, besides the key tables. */
  readonly tables?: Readonly<Record<string, number>>
  /** Part of the message about what cannot be checked; undefined if everything can be. */
  readonly unable?: string
  /** The verdict on a backup of it without a fingerprint. */
  readonly byContent: Verdict
}

const sound = 'verified'
const bytes = (...parts: (string | number[])[]) =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))))

export const oddDatabases: readonly OddDatabase[] = [
  ...['UTF-16le', 'UTF-16be'].map((encoding) => ({
    kind: encoding,
    sql: `PRAGMA encoding = '${encoding}'; ${base} CREATE TABLE "größe 😀 日本" (a); INSERT INTO "größe 😀 日本" VALUES (1);`,
    tables: { 'größe 😀 日本': 1 },
    byContent: sound as Verdict,
  })),
  ...[512, 65536].map((size) => ({
    kind: `pages of ${size} bytes`,
    sql: `PRAGMA page_size = ${size}; ${base}`,
    byContent: sound as Verdict,
  })),
  { kind: 'reserved bytes', sql: `.filectrl reserve_bytes 32\n${base}`, byContent: sound },
  {
    kind: 'auto_vacuum',
    sql: `PRAGMA auto_vacuum = FULL; ${base} DELETE FROM service_orders WHERE id = 3;`,
    byContent: sound,
  },
  {
    kind: 'WITHOUT ROWID, STRICT, generated columns',
    sql: `${base}
      CREATE TABLE keyed (a TEXT, b INTEGER, PRIMARY KEY (b, a)) WITHOUT ROWID; INSERT INTO keyed VALUES ('x', 1), ('y', 1);
      CREATE TABLE "strict" (a INTEGER PRIMARY KEY, b TEXT) STRICT; INSERT INTO "strict" VALUES (1, 'x');
      CREATE TABLE made (a INTEGER, b AS (a * 2), c AS (a + 1) STORED, created_at AS ('2026-0' || a)); INSERT INTO made VALUES (4);`,
    tables: { keyed: 2, strict: 1, made: 1 },
    byContent: sound,
  },
  {
    kind: 'a column called rowid',
    sql: `${base}
      CREATE TABLE one (rowid TEXT, a); INSERT INTO one VALUES ('zzz', 1), ('yyy', 2);
      CREATE TABLE every (rowid TEXT, oid TEXT, _rowid_ TEXT); INSERT INTO every VALUES ('a', 'b', 'c');`,
    tables: { one: 2, every: 1 },
    byContent: sound,
  },
  {
    kind: 'full text and trees of rectangles',
    sql: `${base}
      CREATE VIRTUAL TABLE words USING fts5(a); INSERT INTO words VALUES ('hello');
      CREATE VIRTUAL TABLE old_words USING fts4(a); INSERT INTO old_words VALUES ('hello');
      CREATE VIRTUAL TABLE places USING rtree(id, x0, x1); INSERT INTO places VALUES (1, 2, 3);`,
    tables: { words_content: 1, old_words_content: 1, places_rowid: 1 },
    byContent: sound,
  },
  {
    kind: 'a virtual table without its module',
    sql: `${base} PRAGMA writable_schema = ON;
      INSERT INTO sqlite_master VALUES ('table', 'remote', 'remote', 0, 'CREATE VIRTUAL TABLE remote USING nobody_has_this(a)');`,
    byContent: sound,
  },
  {
    kind: 'names with quotes, newlines, tabs, or nothing',
    sql: `${base}
      CREATE TABLE "it's ""it"" [a] \`b\`" (a); INSERT INTO "it's ""it"" [a] \`b\`" VALUES (1);
      CREATE TABLE 'q''s' (a); CREATE TABLE [in brackets] (a); CREATE TABLE \`back\`\`tick\` (a);
      CREATE TABLE "two\nlines" (a); INSERT INTO "two\nlines" VALUES (1), (2);
      CREATE TABLE "a\ttab" (a); CREATE TABLE "" (a); INSERT INTO "" VALUES (1); CREATE TABLE "100%25" (a);
      CREATE TABLE "[$(touch x)]" (a); CREATE TABLE "a=b" (a);`,
    tables: {
      'it\'s "it" [a] `b`': 1,
      "q's": 0,
      'in brackets': 0,
      'back`tick': 0,
      'two\nlines': 2,
      'a\ttab': 0,
      '': 1,
      '100%25': 0,
      '[$(touch x)]': 0,
      'a=b': 0,
    },
    byContent: sound,
  },
  {
    kind: 'a name that is no UTF-8',
    sql: bytes(base, 'CREATE TABLE "bad', [0xff, 0xfe], '" (a); INSERT INTO "bad', [0xff, 0xfe], '" VALUES (1);'),
    tables: { 'bad\ufffd\ufffd': 1 },
    byContent: sound,
  },
  {
    kind: 'a name with CR LF, which sqlite3 reads as LF',
    sql: `${base} CREATE TABLE "two\nlines" (a); INSERT INTO "two\nlines" VALUES (1); CREATE TABLE "two--lines" (a);
      PRAGMA writable_schema = ON; UPDATE sqlite_master SET name = replace(name, '--', char(13, 10)),
        tbl_name = replace(tbl_name, '--', char(13, 10)), sql = replace(sql, '--', char(13, 10)) WHERE name = 'two--lines';`,
    tables: { 'two\nlines': 1 },
    unable: "the rows of 'two%0D%0Alines' (its name cannot be given to sqlite3)",
    byContent: 'inconclusive',
  },
  {
    kind: 'a NUL in a name',
    sql: `${base} CREATE TABLE cut (a); PRAGMA writable_schema = ON;
      UPDATE sqlite_master SET name = 'cut' || char(0) || 'off' WHERE name = 'cut';`,
    unable: 'NUL character',
    byContent: 'inconclusive',
  },
  {
    kind: 'a collation of the application',
    sql: `${base}
      CREATE TABLE german (id INTEGER PRIMARY KEY, name TEXT COLLATE NOCASE UNIQUE, created_at TEXT);
      INSERT INTO german VALUES (1, 'a', '2026'), (2, 'b', '2027');
      ${redefine('german', 'NOCASE', 'phone_book')}`,
    tables: { german: 2 },
    unable: 'the table german (no such collation sequence: phone_book)',
    byContent: 'inconclusive',
  },
  {
    kind: 'a table that only a collation of the application can read',
    sql: `${base}
      CREATE TABLE german (name TEXT COLLATE NOCASE PRIMARY KEY) WITHOUT ROWID; INSERT INTO german VALUES ('a');
      ${redefine('german', 'NOCASE', 'phone_book')}`,
    unable: 'the rows of german (no such collation sequence: phone_book)',
    byContent: 'inconclusive',
  },
  {
    kind: 'functions of the application in an index, a CHECK and a generated column',
    sql: `${base}
      CREATE TABLE folded (a TEXT, b AS (upper(a)), CHECK (lower(a) <> 'x')); INSERT INTO folded (a) VALUES ('q');
      CREATE INDEX by_fold ON folded (upper(a));
      ${redefine('folded', 'upper(', 'fold_name(')} ${redefine('folded', 'lower(', 'check_name(')}`,
    tables: { folded: 1 },
    unable: 'the indexes of folded (',
    byContent: 'inconclusive',
  },
  {
    kind: 'a definition that only a newer SQLite knows',
    sql: `${base} CREATE TABLE new (a INTEGER PRIMARY KEY); ${redefine('new', 'KEY)', 'KEY) SOME_NEW_OPTION')}`,
    unable: 'malformed database schema (new)',
    byContent: 'inconclusive',
  },
  {
    kind: 'no key tables',
    sql: 'CREATE TABLE products (a); INSERT INTO products VALUES (1);',
    tables: { products: 1 },
    byContent: 'inconclusive',
  },
]

/** Five thousand tables, with keys and timestamps. */
export const manyTables =
  base +
  Array.from(
    { length: 5000 },
    (_, i) => `CREATE TABLE "table number ${i}" (id TEXT PRIMARY KEY, updated_at TEXT);`,
  ).join('\n')

/** An endless query. */
export const endlessUsers = `
  DROP TABLE IF EXISTS users;
  CREATE VIEW users AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n;`
