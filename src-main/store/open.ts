/** Opens the store's SQLite file. The only file that knows better-sqlite3; everything it refuses is a `Failure`. */
import { chmodSync, closeSync, mkdirSync, openSync, readSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import Sqlite from 'better-sqlite3'
import { fail, ok, type Result } from '../../src-shared/result.ts'
import { damaged, failureOf, foreign, newer, type StoreFailure } from './failures.ts'
import { type Migration, migrate, migrations } from './migrations.ts'

export type StoreDatabase = Sqlite.Database

/** `CVDB`, big-endian: written into our files, so that no other program's database is taken for one. */
const APPLICATION_ID = 0x43564442
const MAGIC = Buffer.from('SQLite format 3\0', 'latin1')

/** An error of SQLite or the file system as a failure; null for anything else, which is a fault of ours. */
export function storeFailure(file: string, error: unknown): StoreFailure | null {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return null
  if (!(error instanceof Sqlite.SqliteError) && !('syscall' in error)) return null
  return failureOf(file, error.code, error.message)
}

/** Makes the folder and the file private before SQLite writes a byte. The mode of a folder that was there is not ours to change. */
function prepare(file: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  closeSync(openSync(file, 'a', 0o600))
  chmodSync(file, 0o600)
}

function headerProblem(file: string): StoreFailure | null {
  const size = statSync(file).size
  if (size === 0) return null
  const head = Buffer.alloc(MAGIC.length)
  const handle = openSync(file, 'r')
  try {
    readSync(handle, head, 0, head.length, 0)
  } finally {
    closeSync(handle)
  }
  return head.equals(MAGIC) ? null : damaged(file, 'it is not a database')
}

/** Reads only: a file that is refused stays byte for byte what it was. */
function identityProblem(db: StoreDatabase, file: string, known: number): StoreFailure | null {
  const version = Number(db.pragma('user_version', { simple: true }))
  const application = Number(db.pragma('application_id', { simple: true }))
  const tables = db.prepare('SELECT count(*) AS n FROM sqlite_schema').get() as { n: number }
  if (application !== APPLICATION_ID && (tables.n > 0 || version > 0 || application !== 0)) return foreign(file)
  return version > known ? newer(file, version, known) : null
}

function contentProblem(db: StoreDatabase, file: string): StoreFailure | null {
  const answer = String(db.pragma('quick_check(1)', { simple: true }))
  return answer === 'ok' ? null : damaged(file, answer.replaceAll(/\s+/g, ' '))
}

function configure(db: StoreDatabase): void {
  // FULL: a journal row must be on disk before the server hears of what it announces.
  db.pragma('journal_mode = WAL')
  db.pragma('synchronous = FULL')
  db.pragma('foreign_keys = ON')
  db.pragma('trusted_schema = OFF')
  db.pragma('cell_size_check = ON')
}

function ready(db: StoreDatabase, file: string, steps: readonly Migration[]): Result<StoreDatabase, StoreFailure> {
  db.pragma('busy_timeout = 5000')
  const refused = identityProblem(db, file, steps.length) ?? contentProblem(db, file)
  if (refused) return fail(refused)
  configure(db)
  // A file that cannot be written must be said now, not in the middle of an operation.
  db.exec('BEGIN IMMEDIATE; ROLLBACK')
  const failure = migrate(db, file, steps, APPLICATION_ID)
  if (failure) return fail(failure)
  db.pragma('foreign_keys = ON')
  return ok(db)
}

/**
 * Opens the file, makes it where there is none, and brings it up to date. Modes: folder 0700 when it is ours to make,
 * file 0600.
 * @param steps the migrations; another list than the built-in one is for their tests.
 */
export function openStoreDatabase(
  file: string,
  steps: readonly Migration[] = migrations(),
): Result<StoreDatabase, StoreFailure> {
  let db: StoreDatabase | null = null
  try {
    prepare(file)
    const problem = headerProblem(file)
    if (problem) return fail(problem)
    db = new Sqlite(file)
    const result = ready(db, file, steps)
    if (!result.ok) db.close()
    return result
  } catch (error) {
    db?.close()
    const failure = storeFailure(file, error)
    if (failure) return fail(failure)
    throw error
  }
}
