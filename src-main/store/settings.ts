/** The settings of this console. */
import type { StoreDatabase } from './open.ts'

export class SettingRepository {
  readonly #db: StoreDatabase

  constructor(db: StoreDatabase) {
    this.#db = db
  }

  /** Undefined if not set. Validate the value: another version may have written it. */
  read(name: string): unknown {
    const row = this.#db.prepare('SELECT value FROM settings WHERE name = ?').get(name) as { value: string } | undefined
    return row === undefined ? undefined : JSON.parse(row.value)
  }

  write(name: string, value: unknown): void {
    this.#db
      .prepare(
        'INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
      )
      .run(name, JSON.stringify(value))
  }
}
