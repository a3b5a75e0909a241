import { benchApplication, benchSystem } from './application.ts'
import { benchBackup, benchBackupUnderWrites } from './backup.ts'
import { benchDownload } from './download.ts'
import { benchInspect } from './inspect.ts'
import { benchLook } from './look.ts'
import { benchRestore } from './restore.ts'
import type { PlaceSetting, Setting } from './setting.ts'
import type { Row } from './table.ts'
import { benchUi } from './ui/bench.ts'

interface Bench<Given> {
  readonly what: string
  readonly run: (setting: Given) => Promise<Row[]>
}

export type Benches<Given> = Readonly<Record<string, Bench<Given>>>

/** These need no server; they run before one uses its share of the machine. */
export const inBrowser: Benches<Setting> = {
  ui: { what: 'the window: its start, a click, a list of 10,000 backups', run: benchUi },
}

// The small database comes first: a database cannot be shrunk.
export const onPlace: Benches<PlaceSetting> = {
  look: { what: 'processor time and processes of one look at a site', run: benchLook },
  inspect: { what: 'a site with 10,000 backups', run: benchInspect },
  restore: { what: 'downtime of a restore at two sizes', run: benchRestore },
  application: { what: 'downtime of a restore of the application', run: benchApplication },
  system: { what: 'downtime of a disaster recovery, all parts', run: benchSystem },
  download: { what: 'a download of a backup, beside scp', run: benchDownload },
  backup: { what: 'a backup while nothing is written, with each compressor', run: benchBackup },
  'backup-under-writes': { what: 'a backup while the application writes every 5 ms', run: benchBackupUnderWrites },
}
