/** What each site looked like when it was last inspected: shown at once, with its age, while the site is asked again. */
import { type Inspection, inspection } from '../../src-shared/domain/kit-protocol.ts'
import type { StoreDatabase } from './open.ts'

export interface KeptInspection {
  /** When it was kept, by this computer's clock, in milliseconds since 1970. */
  readonly at: number
  readonly inspection: Inspection
}

export class InspectionRepository {
  readonly #db: StoreDatabase

  constructor(db: StoreDatabase) {
    this.#db = db
  }

  /** Null where there is none, or where it was kept by a console that spoke another protocol. */
  latest(siteId: string): KeptInspection | null {
    const row = this.#db.prepare('SELECT at, inspection FROM inspections WHERE site_id = ?').get(siteId) as
      | { at: number; inspection: string }
      | undefined
    if (!row) return null
    const parsed = inspection.safeParse(JSON.parse(row.inspection))
    return parsed.success ? { at: row.at, inspection: parsed.data } : null
  }

  keep(siteId: string, at: number, latest: Inspection): void {
    this.#db
      .prepare(
        `INSERT INTO inspections (site_id, at, inspection) VALUES (?, ?, ?)
         ON CONFLICT (site_id) DO UPDATE SET at = excluded.at, inspection = excluded.inspection`,
      )
      .run(siteId, at, JSON.stringify(latest))
  }
}
