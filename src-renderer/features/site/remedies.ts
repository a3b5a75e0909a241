/** What the window can do about a problem that the kit found. Pure. */
import type { InspectionFacts } from '../../../src-shared/contract/sites.ts'

export interface Remedy {
  /** What to do, where the button does not say it; in the words of the window, not of the server's command line. */
  readonly words: string
  readonly action: 'back-up' | 'delete-empty' | 'delete-unfinished' | 'restore' | 'connection' | 'check' | null
}

const remedies: Readonly<Record<string, Remedy>> = {
  'no-backups': { words: '', action: 'back-up' },
  'backup-old': { words: 'Find out why no newer one was made.', action: 'back-up' },
  'failed-backups': { words: 'Make a new backup, and do not rely on what failed.', action: 'back-up' },
  'empty-backups': {
    words: 'Nothing can be restored from an empty file. Find out what wrote it, then delete it.',
    action: 'delete-empty',
  },
  'unfinished-files': {
    words: 'If nothing is being copied now, find out what was cut off, then delete what it left.',
    action: 'delete-unfinished',
  },
  incomplete: {
    words: 'Find out what does not respond: a disk, the database or the application. Then check again.',
    action: 'check',
  },
  'empty-database': { words: '', action: 'restore' },
  'not-a-database': { words: '', action: 'restore' },
  'health-unknown': { words: 'Set the address of the health check.', action: 'connection' },
  unhealthy: {
    words: 'See whether the application runs. If the address of the health check is wrong, change it.',
    action: 'connection',
  },
  'no-root': { words: 'Set the folder of the installation.', action: 'connection' },
  unfinished: { words: 'Bring it to an end with the button above.', action: null },
}

export function remedyOf({ code, fix }: Pick<InspectionFacts['problems'][number], 'code' | 'fix'>): Remedy {
  const known = remedies[code]
  if (!known) return { words: fix, action: null }
  // Dated in the future: the clock comes first.
  return code === 'no-backups' && /clock/.test(fix) ? { words: fix, action: 'back-up' } : known
}
