/** What to do about an alert in the words of the window, not of the server's command line, and what the window can do. Pure. */
import type { AlertRow } from '../../../src-shared/contract/alerts.ts'
import { type BackupEntry, backupKinds } from '../../../src-shared/domain/kit-backups.ts'

export type Deed =
  | { readonly does: 'back-up'; readonly kind: BackupEntry['kind'] }
  | { readonly does: 'verify' | 'recover' | 'contact' | 'monitor' }
  | {
      readonly goes:
        | 'site'
        | 'backups'
        | 'restore'
        | 'connection'
        | 'site-operations'
        | 'schedule'
        | 'retention'
        | 'policy'
    }

export interface AlertRemedy {
  /** A sentence; empty where the button says it. */
  readonly words: string
  readonly deed: Deed | null
}

const older = 'Plan a restore of an older backup: it shows what has changed, row by row.'
const install: AlertRemedy = { words: 'Install the schedule again.', deed: { goes: 'schedule' } }

const remedies: Readonly<Record<string, AlertRemedy>> = {
  unknown: { words: 'Until it is known, no alert about it is cleared.', deed: { goes: 'site' } },
  'backup-small': {
    words: 'Verify the backup, and look at the live database. If it is right, lower the limit in the policy.',
    deed: { goes: 'backups' },
  },
  'backup-size': { words: older, deed: { goes: 'restore' } },
  'backup-rows': { words: older, deed: { goes: 'restore' } },
  'backups-in-future': { words: 'Check the clock and the time zone of the server.', deed: { goes: 'backups' } },
  'verification-overdue': {
    words: 'Verify them, or give the nightly verification more minutes in the policy.',
    deed: { does: 'verify' },
  },
  'run-failed': { words: 'See why its last runs failed.', deed: { goes: 'schedule' } },
  'run-missed': { words: 'See whether its timer is on.', deed: { goes: 'schedule' } },
  'schedule-missing': { words: 'Protect the site: one button installs the schedule.', deed: { goes: 'schedule' } },
  'schedule-paused': { words: 'Resume the schedule.', deed: { goes: 'schedule' } },
  'schedule-changed': install,
  'kit-changed': { ...install, words: 'Find out who changed it, then install the schedule again.' },
  'log-errors': {
    words: 'Look at the log. Acknowledge them when they are dealt with: only newer ones alert again.',
    deed: null,
  },
  'disk-low': { words: 'Delete what is not needed, or make the file system larger.', deed: { goes: 'retention' } },
  'disk-runway': { words: 'Keep fewer backups, or make the file system larger.', deed: { goes: 'retention' } },
  'lock-held': { words: 'Look at the operation, and cancel it if it hangs.', deed: { goes: 'site-operations' } },
  'service-down': { words: 'Find out why on the server: systemctl status, journalctl.', deed: { goes: 'site' } },
  'health-failing': {
    words: 'See whether the application runs. If the address of the health check is wrong, change it.',
    deed: { goes: 'connection' },
  },
  'health-unknown': { words: 'Set the address of the health check.', deed: { goes: 'connection' } },
  'clock-unsynchronized': { words: 'Set up time synchronization on the server: timedatectl set-ntp true.', deed: null },
  'clock-jumped': {
    words: 'Check the clock of the server. If it is right, rotate once and accept it.',
    deed: { goes: 'retention' },
  },
  policy: { words: 'Change one of the two in the policy.', deed: { goes: 'policy' } },
  'restore-unfinished': {
    words: 'Recovery completes it or brings the previous state back, whichever is safe.',
    deed: { does: 'recover' },
  },
  'records-lost': {
    words: 'Verify the backups again, and set again the holds that were set.',
    deed: { does: 'verify' },
  },
  'channel-failing': { words: 'Change the channel below, and send a test.', deed: null },
  'backup-damaged': {
    words: 'Do not restore it. The alert ends when the file is gone, or is verified again and found good.',
    deed: null,
  },
  'no-contact': { words: '', deed: { does: 'contact' } },
  'no-monitoring': { words: '', deed: { does: 'monitor' } },
}

const backUp: Readonly<Record<string, string>> = {
  'no-backup': '',
  'backup-old': 'Back up now, and find out why nothing newer was made.',
  'verification-failed': 'Back up now, and do not rely on the failed one.',
}

/** The words of the server where this window knows no better ones. */
export function remedyOf({ rule, subject, fix }: Pick<AlertRow, 'rule' | 'subject' | 'fix'>): AlertRemedy {
  const words = Object.hasOwn(backUp, rule) ? backUp[rule] : undefined
  if (words !== undefined) {
    const kind = backupKinds.find((one) => one === subject) ?? 'database'
    return { words, deed: { does: 'back-up', kind } }
  }
  const known = Object.hasOwn(remedies, rule) ? remedies[rule] : undefined
  if (!known) return { words: fix, deed: null }
  return { ...known, words: known.words === '' ? fix : known.words }
}
