/** Opens the store's SQLite file. No other file uses better-sqlite3. Expected errors become a `Failure`. */
import { chmodSync, closeSync, mkdirSync, openSync, readSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import Sqlite from 'better-sqlite3'
import { fail, ok, type Result } from '../../src-shared/result.ts'
import { damaged, failureOf, foreign, newer, type StoreFailure } from './failures.ts'
import { type Migration, migrate, migrations } from './migrations.ts'

export type StoreDatabase = Sqlite.Database

/** `CVDB`, big-endian: SQLite's application_id of our files, which distinguishes them from other programs' databases. */
const APPLICATION_ID = 0x43564442
const MAGIC = Buffer.from('SQLite format 3\0', 'latin1')

/** A database in memory, gone when it is closed. */
export const scratchDatabase = (): StoreDatabase => new Sqlite(':memory:')

/** Converts an error of SQLite or the file system; null for anything else, which is a bug. */
export function storeFailure(file: string, error: unknown): StoreFailure | null {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return null
  if (!(error instanceof Sqlite.SqliteError) && !('syscall' in error)) return null
  return failureOf(file, error.code, error.message)
}

/** Creates the folder and the file with private modes before SQLite writes. Leaves an existing folder's mode alone. */
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

/** Only reads, so that a rejected file stays unchanged. */
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
  // FULL: a journal row must be on disk before the server is asked.
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
  // Report a read-only file now, not in the middle of an operation.
  db.exec('BEGIN IMMEDIATE; ROLLBACK')
  const failure = migrate(db, file, steps, APPLICATION_ID)
  if (failure) return fail(failure)
  db.pragma('foreign_keys = ON')
  return ok(db)
}

/**
 * Opens the file, creates it if missing, and brings it up to date. Modes: file 0600; folder 0700 if created here.
 * @param steps the migrations; tests pass others than the built-in ones.
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
