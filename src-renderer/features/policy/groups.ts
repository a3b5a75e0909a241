/** The settings of a policy in the groups that people look for them in; and where each value comes from. Pure. */
import type { InspectionFacts } from '../../../src-shared/contract/sites.ts'
import { showPath } from '../../../src-shared/domain/backup-path.ts'
import { settings } from '../../shared/policy-settings.ts'

export interface Group {
  readonly title: string
  readonly note?: string
  /** The page where they are changed, if it is not this one. */
  readonly page?: 'schedule' | 'retention'
  readonly keys: readonly string[]
}

const all = Object.keys(settings)
const startingWith = (...starts: string[]) => all.filter((key) => starts.some((start) => key.startsWith(start)))

export const groups: readonly Group[] = [
  {
    title: 'Warnings',
    note: 'what is told, and when',
    keys: ['backup_max_age', 'application_max_age', 'system_max_age', ...startingWith('alert_'), 'quiet_hours'],
  },
  { title: 'Verifying backups', note: 'so that they can be relied on', keys: startingWith('verify_') },
  {
    title: 'Schedule',
    page: 'schedule',
    keys: [...startingWith('schedule_').filter((key) => key !== 'schedule_paused')],
  },
  { title: 'Retention', page: 'retention', keys: startingWith('retention_') },
  {
    title: 'Making backups',
    keys: ['key_tables', 'include_venv', 'compressor', 'busy_timeout', 'writer_block_limit'],
  },
  { title: 'Health', note: 'how a restore finds out that the site works', keys: startingWith('health') },
  {
    title: 'The site on its server',
    keys: ['root', 'database', 'owner', 'service', 'service_manager', 'service_program', 'units', 'nginx_site'],
  },
]

export interface Source {
  readonly from: 'set' | 'default' | 'found'
  /** What applies, where an empty value leaves it to the server. */
  readonly effective: string
}

type Values = Readonly<Record<string, string>>

/** Null: not known, as the kit of this server does not say its defaults. */
export function sourceOf(
  key: string,
  value: string,
  defaults: Values | undefined,
  inspection: InspectionFacts | null,
): Source | null {
  const found = value === '' ? foundOf(key, inspection) : ''
  if (found !== '') return { from: 'found', effective: found }
  if (!defaults || !Object.hasOwn(defaults, key)) return null
  return { from: defaults[key] === value ? 'default' : 'set', effective: '' }
}

function foundOf(key: string, inspection: InspectionFacts | null): string {
  if (!inspection) return ''
  switch (key) {
    case 'owner':
      return inspection.layout.owner
    case 'database':
      return showPath(inspection.database.path)
    case 'health':
      return inspection.health.probe ?? ''
    case 'compressor':
      return inspection.compressor
    default:
      return ''
  }
}
