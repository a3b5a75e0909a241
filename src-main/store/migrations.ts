/** Numbered migrations: forward only, one transaction each, and a copy of the file before the first of them. */
import { chmodSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { migrationFailed, type StoreFailure } from './failures.ts'
import type { StoreDatabase } from './open.ts'

export interface Migration {
  /** `NNNN-words`; the first is 0001, without gaps. */
  readonly name: string
  readonly sql: string
}

/** The built-in migrations, in order. The number of them is the version of an up-to-date file. */
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

/** A whole, consistent copy beside the file: the way back if the new version turns out to be wrong. */
function copyBefore(db: StoreDatabase, file: string): string {
  const stamp = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')
  const copy = `${file.replace(/\.db$/, '')}-before-update-v${version(db)}-${stamp}.db`
  db.prepare('VACUUM INTO ?').run(copy)
  chmodSync(copy, 0o600)
  return copy
}

function apply(db: StoreDatabase, number: number, step: Migration, applicationId: number): void {
  // Another console may have done this step while we waited for the lock.
  if (version(db) >= number) return
  db.exec(step.sql)
  const broken = db.pragma('foreign_key_check') as { table: string }[]
  const first = broken[0]
  if (first) throw new Error(`${broken.length} rows would point to nothing, the first in ${first.table}`)
  db.pragma(`application_id = ${applicationId}`)
  db.pragma(`user_version = ${number}`)
}

/** Brings the file up to date. On failure the file is what it was before the step that failed. */
export function migrate(
  db: StoreDatabase,
  file: string,
  steps: readonly Migration[],
  applicationId: number,
): StoreFailure | null {
  if (version(db) >= steps.length) return null
  const copy = version(db) > 0 ? copyBefore(db, file) : null
  // Off outside the transaction (SQLite ignores it inside): a step may have to rebuild a table that others point to.
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
