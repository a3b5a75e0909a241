/**
 * better-sqlite3 for the older runtime, which is too old for its native module: SQLite as WebAssembly with the API that
 * the store uses. For the suite only; not shipped.
 */
import { rmSync } from 'node:fs'
import { createRequire } from 'node:module'

type Value = string | number | bigint | Uint8Array | null
type Row = Record<string, Value>
type Bound = Value[] | Row

interface WasmDatabase {
  exec(sql: string): void
  all(sql: string, values?: Bound): Row[]
  run(sql: string, values?: Bound): { changes: number; lastInsertRowid: number | bigint }
  close(): void
}

const { Database: Wasm } = createRequire(import.meta.url)('./sqlite/dist/node-sqlite3-wasm.js') as {
  Database: new (file: string) => WasmDatabase
}

class SqliteError extends Error {
  readonly code = 'SQLITE_ERROR'
}

function translated<T>(act: () => T): T {
  try {
    return act()
  } catch (error) {
    throw new SqliteError(error instanceof Error ? error.message : String(error))
  }
}

/** Parameter names come without their prefix, which is part of the name here. */
function bound(sql: string, values: readonly unknown[]): Bound {
  const [first] = values
  if (values.length !== 1 || typeof first !== 'object' || first === null || first instanceof Uint8Array) {
    return values as Value[]
  }
  const known = new Set(sql.match(/[@:$]\w+/g) ?? [])
  const named = Object.entries(first).flatMap(([name, value]) =>
    ['@', ':', '$'].map((prefix): [string, Value] => [prefix + name, value as Value]),
  )
  return Object.fromEntries(named.filter(([name]) => known.has(name)))
}

class Statement {
  readonly #db: WasmDatabase
  readonly #sql: string
  #plucked = false

  constructor(db: WasmDatabase, sql: string) {
    this.#db = db
    this.#sql = sql
  }

  pluck(): this {
    this.#plucked = true
    return this
  }

  run(...values: unknown[]) {
    return translated(() => this.#db.run(this.#sql, bound(this.#sql, values)))
  }

  all(...values: unknown[]): unknown[] {
    const rows = translated(() => this.#db.all(this.#sql, bound(this.#sql, values)))
    return this.#plucked ? rows.map((row) => Object.values(row)[0]) : rows
  }

  get(...values: unknown[]): unknown {
    return this.all(...values)[0]
  }

  iterate(...values: unknown[]): Iterable<unknown> {
    return this.all(...values)
  }
}

// biome-ignore lint/style/noDefaultExport: as the package has it
export default class Sqlite {
  static readonly SqliteError = SqliteError
  readonly #db: WasmDatabase
  #depth = 0

  constructor(file: string) {
    // Its lock is a folder that survives a killed program. The console itself makes sure that it runs once.
    rmSync(`${file}.lock`, { recursive: true, force: true })
    this.#db = translated(() => new Wasm(file))
  }

  pragma(text: string, { simple = false } = {}): unknown {
    const rows = translated(() => this.#db.all(`PRAGMA ${text}`))
    return simple ? Object.values(rows[0] ?? {})[0] : rows
  }

  prepare(sql: string): Statement {
    return new Statement(this.#db, sql)
  }

  exec(sql: string): this {
    translated(() => this.#db.exec(sql))
    return this
  }

  transaction<A extends unknown[], R>(act: (...given: A) => R) {
    const begin =
      (how: string) =>
      (...given: A): R =>
        this.#within(how, () => act(...given))
    return Object.assign(begin('BEGIN'), { deferred: begin('BEGIN'), immediate: begin('BEGIN IMMEDIATE') })
  }

  #within<R>(how: string, act: () => R): R {
    const outer = this.#depth === 0
    if (outer) this.exec(how)
    this.#depth += 1
    try {
      const result = act()
      if (outer) this.exec('COMMIT')
      return result
    } catch (error) {
      if (outer) this.exec('ROLLBACK')
      throw error
    } finally {
      this.#depth -= 1
    }
  }

  close(): void {
    this.#db.close()
  }
}
