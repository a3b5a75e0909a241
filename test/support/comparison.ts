/** Compares two databases with the kit's own functions and, independently, row by row in JavaScript. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import Sqlite, { type Database } from 'better-sqlite3'
import { writeKit } from '../../src-main/kit/assemble.ts'
import { restorePlan } from '../../src-shared/domain/kit-restore.ts'
import { collectTrace, traced } from './kit/trace.ts'

const compared = restorePlan.pick({ tables: true, comparison: true, schema: true })

type Text = string | Buffer
export interface Numbers {
  readonly onlyLive: number
  readonly onlyBackup: number
  readonly changed: number
}

export class Comparison {
  readonly folder = mkdtempSync(join(tmpdir(), 'cvd-compare-'))
  readonly live = join(this.folder, 'live.db')
  readonly backup = join(this.folder, 'work', 'database')
  readonly #kit = join(this.folder, 'kit')
  readonly #trace = join(this.folder, 'trace')
  /** Prepares every connection that the test opens: functions, collations. */
  prepare: (database: Database) => void = () => undefined

  constructor() {
    mkdirSync(dirname(this.backup))
    writeKit(this.#kit)
    writeFileSync(this.#kit, traced(readFileSync(this.#kit, 'utf8'), this.#trace))
  }

  /** Runs SQL on one side. */
  sql(file: string, ...texts: string[]): void {
    const database = new Sqlite(file)
    database.unsafeMode()
    this.prepare(database)
    for (const text of texts) database.exec(text)
    database.close()
  }

  /** Runs statements one by one; skips those that SQLite refuses. */
  attempt(file: string, statements: readonly string[]): void {
    const database = new Sqlite(file)
    database.exec('BEGIN')
    for (const statement of statements) {
      try {
        database.exec(statement)
      } catch (error) {
        if (!(error instanceof Sqlite.SqliteError) || !/mismatch|constraint/.test(error.message)) throw error
      }
    }
    database.exec('COMMIT')
    database.close()
  }

  /** Creates two equal databases, then applies `change` to the live one, which is in WAL mode as on most sites. */
  pair(schema: string, change = ''): void {
    this.sql(this.backup, schema)
    this.sql(this.live, schema, 'PRAGMA journal_mode = WAL', change)
  }

  /** What the kit finds. `more` is bash text with settings or replaced functions. */
  found(more = '') {
    const text = `source <(sed '$d' "$KIT"); DATABASE_FILE=$1; cd "$2"; ${more}
      compare_to compared database; compare_load compared
      json_object known:="$([[ $COMPARE_KNOWN == yes ]] && echo true || echo false)" reason="$COMPARE_UNREAD"
      printf '%s\n' "$REPLY" "$COMPARE_TABLES" "$COMPARE_SCHEMA_JSON" "$COMPARE_SETTINGS"`
    const out = this.#bash(text, [this.live, dirname(this.backup)])
    const [comparison, tables, differences, settings] = out.split('\n').map((line) => JSON.parse(line || 'null'))
    const schema = { liveUserVersion: 0, backupUserVersion: 0, onlyLive: [], onlyBackup: [], differences, settings }
    return compared.parse({ comparison, tables, schema })
  }

  /** The same for one table. */
  table(name: string, more = '') {
    const table = this.found(more).tables.find((one) => one.table === name)
    if (!table) throw new Error(`no table ${name}`)
    return table
  }

  stderr(): string {
    return readFileSync(join(dirname(this.backup), 'compare.stderr'), 'utf8')
  }

  #bash(text: string, args: readonly Text[]): string {
    return execFileSync('/bin/bash', ['--noprofile', '--norc', '-c', text, 'compare', ...(args as string[])], {
      env: { PATH: process.env.PATH, KIT: this.#kit, HOME: this.folder },
      encoding: 'utf8',
      maxBuffer: 1e9,
    })
  }

  /** All rows of a table, each value as its type and bytes. */
  rows(file: string, name: string, columns: readonly string[]): string[][] {
    const database = new Sqlite(file, { readonly: true })
    this.prepare(database)
    const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`
    const values = columns.map((column) => `typeof(${quoted(column)}), quote(${quoted(column)})`)
    const rows = database
      .prepare(`SELECT ${values.join(', ')} FROM ${quoted(name)}`)
      .raw()
      .all() as string[][]
    database.close()
    return rows.map((row) => columns.map((_, index) => `${row[2 * index]} ${row[2 * index + 1]}`))
  }

  /**
   * The expected differences, computed with maps of whole rows in memory. Without a key, or with a NULL key, rows are a
   * multiset.
   */
  expected(name: string, columns: readonly string[], key: readonly string[]): Numbers {
    return difference(this.rows(this.live, name, columns), this.rows(this.backup, name, columns), columns, key)
  }

  remove(): void {
    if (dirname(this.folder) !== tmpdir()) throw new Error('not ours')
    collectTrace(this.#trace)
    rmSync(this.folder, { recursive: true, force: true })
  }
}

function difference(live: string[][], backup: string[][], columns: readonly string[], key: readonly string[]): Numbers {
  const places = key.map((column) => columns.indexOf(column))
  const keyed = (row: string[]) => places.length > 0 && places.every((place) => row[place] !== 'null NULL')
  // As a key, 1 equals 1.0.
  const keyOf = (row: string[]) =>
    places
      .map((place) => row[place]?.replace(/^(integer|real) (.*)$/, (_, _type, text) => `number ${Number(text)}`))
      .join('|')
  const backupByKey = new Map(backup.filter(keyed).map((row) => [keyOf(row), row.join('|')]))
  const numbers = { onlyLive: 0, onlyBackup: 0, changed: 0 }
  for (const row of live.filter(keyed)) {
    const other = backupByKey.get(keyOf(row))
    backupByKey.delete(keyOf(row))
    if (other === undefined) numbers.onlyLive++
    else if (other !== row.join('|')) numbers.changed++
  }
  numbers.onlyBackup = backupByKey.size
  const bag = new Map<string, number>()
  for (const row of live.filter((one) => !keyed(one))) bag.set(row.join('|'), (bag.get(row.join('|')) ?? 0) + 1)
  for (const row of backup.filter((one) => !keyed(one))) bag.set(row.join('|'), (bag.get(row.join('|')) ?? 0) - 1)
  for (const count of bag.values()) {
    if (count > 0) numbers.onlyLive += count
    else numbers.onlyBackup -= count
  }
  return numbers
}
