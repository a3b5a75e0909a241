/** The last inspection of each site, shown with its age until the next one arrives. */
import { type Inspection, inspection } from '../../src-shared/domain/kit-site.ts'
import type { StoreDatabase } from './open.ts'

export interface KeptInspection {
  /** When it was stored, by this computer's clock, in milliseconds since 1970. */
  readonly at: number
  readonly inspection: Inspection
}

/** The server's clock minus ours; 0 if unknown. */
export function clockOffset(kept: KeptInspection | null): number {
  return kept ? kept.inspection.time.now - kept.at : 0
}

export class InspectionRepository {
  readonly #db: StoreDatabase
  /** Cache of parsed inspections, which can hold ten thousand backups. */
  readonly #parsed = new Map<string, KeptInspection>()

  constructor(db: StoreDatabase) {
    this.#db = db
  }

  /** Null if there is none, or if it was stored by a console with another protocol version. */
  latest(siteId: string): KeptInspection | null {
    const at = this.#db.prepare('SELECT at FROM inspections WHERE site_id = ?').pluck().get(siteId)
    const known = this.#parsed.get(siteId)
    if (known && known.at === at) return known
    this.#parsed.delete(siteId)
    return at === undefined ? null : this.#read(siteId)
  }

  keep(siteId: string, at: number, latest: Inspection): void {
    this.#db
      .prepare(
        `INSERT INTO inspections (site_id, at, inspection) VALUES (?, ?, ?)
         ON CONFLICT (site_id) DO UPDATE SET at = excluded.at, inspection = excluded.inspection`,
      )
      .run(siteId, at, JSON.stringify(latest))
    this.#parsed.set(siteId, { at, inspection: latest })
  }

  #read(siteId: string): KeptInspection | null {
    const row = this.#db.prepare('SELECT at, inspection FROM inspections WHERE site_id = ?').get(siteId) as {
      at: number
      inspection: string
    }
    const parsed = inspection.safeParse(JSON.parse(row.inspection))
    if (!parsed.success) return null
    const kept = { at: row.at, inspection: parsed.data }
    this.#parsed.set(siteId, kept)
    return kept
  }
}
