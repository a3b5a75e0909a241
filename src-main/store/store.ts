/** The console's store: a cache of the servers' state, and a journal of the requests sent to them. */
import { ok, type Result } from '../../src-shared/result.ts'
import { AuditRepository } from './audit.ts'
import type { StoreFailure } from './failures.ts'
import { InspectionRepository } from './inspections.ts'
import { openStoreDatabase } from './open.ts'
import { OperationEventRepository } from './operation-events.ts'
import { OperationRepository } from './operations.ts'
import { SettingRepository } from './settings.ts'
import { SiteRepository } from './sites.ts'

export interface Store {
  readonly sites: SiteRepository
  readonly inspections: InspectionRepository
  readonly operations: OperationRepository
  readonly events: OperationEventRepository
  readonly audit: AuditRepository
  readonly settings: SettingRepository
  close(): void
}

/** Opens the store in a file and creates it if missing. Fails if the file cannot be used. */
export function openStore(file: string): Result<Store, StoreFailure> {
  const opened = openStoreDatabase(file)
  if (!opened.ok) return opened
  const db = opened.value
  return ok({
    sites: new SiteRepository(db),
    inspections: new InspectionRepository(db),
    operations: new OperationRepository(db),
    events: new OperationEventRepository(db),
    audit: new AuditRepository(db),
    settings: new SettingRepository(db),
    close: () => {
      db.close()
    },
  })
}
