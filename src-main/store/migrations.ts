/** Numbered migrations: forward only, one transaction each, after copying the file. */
import { chmodSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { migrationFailed, type StoreFailure } from './failures.ts'
import type { StoreDatabase } from './open.ts'

export interface Migration {
  /** `NNNN-words`; starts at 0001, without gaps. */
  readonly name: string
  readonly sql: string
}

/** The built-in migrations, in order. Their number is the version of an up-to-date file. */
export function migrations(): Migration[] {
  const folder = join(dirname(fileURLToPath(import.meta.url)), 'migrations')
  const files = readdirSync(folder)
    .filter((file) => /^\d{4}-[a-z-]+\.sql$/.test(file))
    .sort()
  return files.map((file, index) => {
    if (Number(file.slice(0, 4)) !== index + 1) throw new Error(`migration ${file} is not number ${index + 1}`)
    return { name: file.replace(/\.sql$/, ''), sql: readFileSync(join(folder, file), 'utf8') }
  })
}

function version(db: StoreDatabase): number {
  return Number(db.pragma('user_version', { simple: true }))
}

/** Makes a complete, consistent copy beside the file, to return to if the new version is faulty. */
function copyBefore(db: StoreDatabase, file: string): string {
  const stamp = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')
  const copy = `${file.replace(/\.db$/, '')}-before-update-v${version(db)}-${stamp}.db`
  db.prepare('VACUUM INTO ?').run(copy)
  chmodSync(copy, 0o600)
  return copy
}

function apply(db: StoreDatabase, number: number, step: Migration, applicationId: number): void {
  // Another console may have run this migration while we waited for the lock.
  if (version(db) >= number) return
  db.exec(step.sql)
  const broken = db.pragma('foreign_key_check') as { table: string }[]
  const first = broken[0]
  if (first) throw new Error(`${broken.length} rows would reference missing rows, the first in ${first.table}`)
  db.pragma(`application_id = ${applicationId}`)
  db.pragma(`user_version = ${number}`)
}

/** Brings the file up to date. If a migration fails, the file stays as it was before that migration. */
export function migrate(
  db: StoreDatabase,
  file: string,
  steps: readonly Migration[],
  applicationId: number,
): StoreFailure | null {
  if (version(db) >= steps.length) return null
  const copy = version(db) > 0 ? copyBefore(db, file) : null
  // Must be set outside the transaction, where SQLite does not ignore it: a migration may rebuild a referenced table.
  db.pragma('foreign_keys = OFF')
  for (const [index, step] of steps.entries()) {
    try {
      db.transaction(() => apply(db, index + 1, step, applicationId)).immediate()
    } catch (error) {
      return migrationFailed(file, step.name, error instanceof Error ? error.message : String(error), copy)
    }
  }
  return null
}
