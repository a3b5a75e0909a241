/**
 * The one catalogue of alerts, by rule: what was found, and what to do. It is put into the kit, which makes the sentences. `{subject}`
 * and `{detail}` are texts of the alert. Of its two numbers, the first is `{span}` as a span of time, `{number}` as it is, `{times}` as
 * "3 times", `{size}` in bytes; the second `{limit}`, `{bound}`, `{least}`. Pure.
 */
export interface AlertWords {
  readonly evidence: string
  readonly fix: string
}

const backUp = 'back up now, and find out why nothing newer was made: cvd-backup schedule'

export const alertWords: Readonly<Record<string, AlertWords>> = {
  unknown: {
    evidence: 'The state of the {subject} is not known: {detail}.',
    fix: 'inspect the site; until it is known, no alert about it is cleared',
  },
  'no-backup': { evidence: 'There is no usable {subject} backup.', fix: backUp },
  'backup-old': {
    evidence: 'The newest usable {subject} backup is {span} old; it should be at most {limit} old.',
    fix: backUp,
  },
  'backup-small': {
    evidence: 'The newest database backup has {size}; it should have at least {least}: {detail}',
    fix: 'verify it, and look at the live database; if it is right, set alert_min_size in the policy',
  },
  'backup-size': {
    evidence: 'The newest database backup has {size}; those before it had about {least}: {detail}',
    fix: 'plan a restore of an older one: it shows what has changed, row by row',
  },
  'backup-rows': {
    evidence: 'The newest counted database backup has {number} rows ({subject}); those before it had about {bound}.',
    fix: 'plan a restore of an older one: it shows what has changed, row by row',
  },
  'backups-in-future': {
    evidence: 'Backups that are dated in the future: {number}. One of them is {detail}',
    fix: 'check the clock and the time zone of this server',
  },
  'verification-failed': {
    evidence: 'The newest {subject} backup that was verified has failed: {detail}',
    fix: 'back up now, verify it, and do not rely on the failed one',
  },
  'backup-damaged': {
    evidence: 'This {detail} backup has failed verification: {subject}',
    fix: 'do not restore it; this ends when the file is gone, or is verified again and found good',
  },
  'verification-overdue': {
    evidence:
      'Backups that were not verified for more than {bound} days: {number}. The first in the list of names is {detail}',
    fix: 'verify them: cvd-backup verify FILE; or raise verify_budget in the policy',
  },
  'run-failed': {
    evidence: 'The scheduled run of {subject} failed {times} since it last succeeded: {detail}',
    fix: 'look at its operation: cvd-backup schedule, cvd-backup operations',
  },
  'run-missed': {
    evidence: 'The scheduled run of {subject} did not begin {times} since it last succeeded. {detail}',
    fix: 'look at the schedule: cvd-backup schedule; if its timer is off: cvd-backup timers install',
  },
  'schedule-missing': {
    evidence: 'No schedule is installed: nothing backs this site up by itself, except for jobs of others.',
    fix: 'install it: cvd-backup timers install',
  },
  'schedule-paused': {
    evidence: 'The schedule has been paused for {span}: no backup is made by itself.',
    fix: 'cvd-backup timers resume',
  },
  'schedule-changed': {
    evidence: 'The timers are not those of the policy: somebody changed them, or one is off.',
    fix: 'cvd-backup timers install',
  },
  'kit-changed': {
    evidence: 'The installed kit is not the one that was installed: nothing runs with it.',
    fix: 'find out who changed it; then: cvd-backup timers install',
  },
  'log-errors': {
    evidence: 'Errors in {subject} that nobody has acknowledged: {bound}. The newest: {detail}',
    fix: 'look at the log; when it is dealt with, acknowledge: these errors do not alert again',
  },
  'disk-low': {
    evidence: 'Only {size} are free where the {subject} is; there should be {least}.',
    fix: 'delete what is not needed, or make the file system larger',
  },
  'disk-runway': {
    evidence:
      'At the pace of the last days, the disk of the {subject} is full in {number} days; alerts begin at {bound}.',
    fix: 'keep fewer backups, or make the file system larger',
  },
  'lock-held': {
    evidence: 'An operation has had the lock of the site for {span}, more than {limit}: {detail}',
    fix: 'look at it: cvd-backup operations; cancel it if it hangs',
  },
  'service-down': {
    evidence: 'The service {subject} is {detail}.',
    fix: 'find out why: systemctl status, journalctl -u',
  },
  'health-failing': {
    evidence: '{detail}.',
    fix: 'check that the application is running; if the address is wrong, set it: cvd-backup policy health=…',
  },
  'health-unknown': {
    evidence: 'No health check is known for the site; without one, nothing can be restored.',
    fix: 'set it: cvd-backup policy health=http://127.0.0.1:5000/api/health',
  },
  'clock-unsynchronized': {
    evidence: 'The clock of this server is not synchronized.',
    fix: 'set up time synchronization: timedatectl set-ntp true',
  },
  'clock-jumped': {
    evidence: 'The clock of this server has jumped since the last rotation (by {span}): nothing is deleted.',
    fix: 'check the clock; if it is right: cvd-backup rotate --accept-clock',
  },
  'restore-unfinished': {
    evidence: 'A restore was interrupted and is not finished: {detail}',
    fix: 'cvd-backup recover',
  },
  'records-lost': {
    evidence:
      'Records of this site were lost {span} ago: fingerprints, verdicts, holds and acknowledgements may be missing.',
    fix: 'verify the backups again, and set again the holds that were set',
  },
  policy: { evidence: 'The policy contradicts itself: {detail}', fix: 'change it: cvd-backup policy' },
  'channel-failing': {
    evidence: 'Messages do not leave by the channel {subject} ({times}): {detail}',
    fix: 'try it: cvd-backup channel test NAME',
  },
}
