/**
 * The one table of the kit's commands. Its help, its dispatch, the titles of operations, what may be undone and who may ask
 * are derived from it. To add a command: a row here, its file in `src-main/kit/bash`, its line in `docs/kit.md`. Pure.
 */
import { z } from 'zod'
import type { Role } from '../contract/define.ts'
import { alertEntry, alertReport, monitorReport } from './alerts.ts'
import { channelReport, channelTest } from './channels.ts'
import { fileDifferences } from './file-differences.ts'
import { archiveReport, backupReport, shownBackup, verification } from './kit-backups.ts'
import { count, text } from './kit-fields.ts'
import { backupMoment, restorePlan, restoreReport } from './kit-restore.ts'
import { inspection, operationEntry, policyAnswer } from './kit-site.ts'
import { policyConflict } from './policy.ts'
import { rotationReport } from './retention.ts'
import { scheduleReport } from './schedule.ts'
import { systemContents } from './system-contents.ts'
import { downloadReport, uploadReport } from './transfer.ts'

export interface KitCommand {
  /** An operation runs detached and has a row in the history; an answer ends with the connection. */
  readonly kind: 'operation' | 'answer'
  /** THE title of an operation of this command: in windows, notifications, the audit and the command line. */
  readonly title: string
  /** Who may ask for it. */
  readonly role: Role
  /** Whether it changes the site: what is live, not only what is recorded about it. */
  readonly changesSite: boolean
  /** Data of a successful result. */
  readonly report: z.ZodType
  /** Data of a result that did not succeed. */
  readonly failure: z.ZodType
  readonly synopsis: string
  /** A line of `cvd-backup help`. */
  readonly summary: string
  /** The rest of `cvd-backup help COMMAND`. */
  readonly help: string
}

const nothing = z.null()

/** In the order in which `cvd-backup help` lists them. */
export const kitCommands = {
  inspect: {
    ...{ kind: 'answer', title: 'Inspection', role: 'viewer', changesSite: false },
    ...{ report: inspection, failure: nothing },
    synopsis: 'inspect',
    summary: 'show everything about this site',
    help: `Shows everything about this site: system, tools, disk, database, services, health, backups, problems.
Changes nothing, waits for nothing.`,
  },
  database: {
    ...{ kind: 'operation', title: 'Database backup', role: 'admin', changesSite: false },
    ...{ report: backupReport, failure: nothing },
    synopsis: 'database [--scheduled]',
    summary: 'back up the database',
    help: `Makes a backup of the live database: cvd_backup_TIME.db.gz (cvd_auto_TIME.db.gz with --scheduled) in ROOT/backups.
It is a consistent copy, verified, with a fingerprint. The application keeps writing while it is made.`,
  },
  application: {
    ...{ kind: 'operation', title: 'Application backup', role: 'admin', changesSite: false },
    ...{ report: archiveReport, failure: nothing },
    synopsis: 'application [--scheduled]',
    summary: 'back up the application',
    help: `Makes a backup of ROOT/app: cvd_app_TIME.tar.gz in ROOT/backups/app, and git_version_TIME.txt with the commit.
Leaves out venv, .git and caches. Records the hash of each file; reads again what changes meanwhile.`,
  },
  config: {
    ...{ kind: 'operation', title: 'Configuration backup', role: 'admin', changesSite: false },
    ...{ report: archiveReport, failure: nothing },
    synopsis: 'config [--scheduled]',
    summary: 'back up the configuration',
    help: `Makes a backup of ROOT/config: cvd_config_TIME.tar.gz in ROOT/backups/app.
Only those who can read every file in it can read the backup.`,
  },
  systemd: {
    ...{ kind: 'operation', title: 'Unit file backup', role: 'admin', changesSite: false },
    ...{ report: archiveReport, failure: nothing },
    synopsis: 'systemd [--scheduled]',
    summary: 'back up the unit files of the service',
    help: `Makes a backup of the unit files of the services in the policy, with their drop-ins: cvd_systemd_TIME.tar.gz in
ROOT/backups/app.`,
  },
  system: {
    ...{ kind: 'operation', title: 'System backup', role: 'admin', changesSite: false },
    ...{ report: archiveReport, failure: nothing },
    synopsis: 'system [--scheduled]',
    summary: 'back up everything in one file',
    help: `Makes a system backup: cvd_system_TIME.tar.gz in ROOT/backups/system, with the database, the application, the
configuration, the nginx site, the unit files, and manifests. Set include_venv=yes to include the virtual environment.`,
  },
  verify: {
    ...{ kind: 'operation', title: 'Verification', role: 'admin', changesSite: false },
    ...{ report: z.looseObject({ backups: z.array(verification), left: count.default(0) }), failure: nothing },
    synopsis: 'verify FILE... | --last N | --all | --budget MINUTES',
    summary: 'verify backups',
    help: `Reads backups from the first byte to the last and compares them with their fingerprints.
Verdicts: verified, failed, inconclusive. A backup that was never verified is "never".
--budget MINUTES: the newest five of each kind that the schedule makes; then, for so many minutes, those whose verdict is the oldest.`,
  },
  show: {
    ...{ kind: 'answer', title: 'Records of a backup', role: 'viewer', changesSite: false },
    ...{ report: shownBackup, failure: nothing },
    synopsis: 'show FILE',
    summary: 'show everything about one backup',
    help: 'Shows what was recorded when a backup was made, and every verdict since.',
  },
  contents: {
    ...{ kind: 'answer', title: 'Contents of a system backup', role: 'admin', changesSite: false },
    ...{ report: systemContents, failure: nothing },
    synopsis: 'contents FILE',
    summary: 'show what is in a system backup',
    help: `Reads a system backup and shows its parts and its manifest. Works for backups that were made elsewhere, too.
Reads the whole file, up to three times.`,
  },
  moment: {
    ...{ kind: 'answer', title: 'Backup of a moment', role: 'admin', changesSite: false },
    ...{ report: backupMoment, failure: nothing },
    synopsis: 'moment database|application|config|systemd|system TIME',
    summary: 'show which backup a moment means',
    help: `Shows the newest usable backup of a kind that is not later than TIME, the next later one, and failed ones between:
what a restore with --at would take. TIME is 2026-03-29 02:30 in the time of this server, or with an offset.`,
  },
  plan: {
    ...{ kind: 'answer', title: 'Restore plan', role: 'admin', changesSite: false },
    ...{ report: restorePlan, failure: restorePlan.nullable() },
    synopsis:
      'plan restore database|application|config|systemd|system FILE|--at TIME [--parts LIST] [--owner USER:GROUP] [--site-is-down] [--keep-venv|--rebuild-venv] [--only PATH]...',
    summary: 'show what a restore would change',
    help: `Shows what a restore of FILE would change, table by table or file by file, and whether it is possible.
Changes nothing.`,
  },
  restore: {
    ...{ kind: 'operation', title: 'Database restore', role: 'admin', changesSite: true },
    ...{ report: restoreReport, failure: restoreReport.nullable() },
    synopsis:
      'restore database|application|config|systemd|system FILE|--at TIME --confirm HOST --reason TEXT [--parts LIST] [--new-server [--owner USER:GROUP]] [--accept-schema] [--accept-files] [--keep-venv|--rebuild-venv] [--only PATH]... [--site-is-down] [--expect-sha256 HEX] [--expect-machine ID]',
    summary: 'restore a backup, as a transaction',
    help: `Restores a backup: extracts and verifies it first, then stops the service, keeps what is live as a safety copy,
and starts the service again. Ends with what was restored in place and healthy, or rolled back.
--parts: of a system backup, only these: database,application,config,systemd,nginx. Without it, all that it holds.
--accept-schema: restore although the backup lacks parts of the live schema.
--new-server: on a server without the site, create the user, the group and the folders that it needs. They are those that the
backup names, or --owner.
--accept-files: restore unit files and the nginx site although they are not known to be what root had.
--at TIME: the newest backup that is not later, as 2026-03-29 02:30 in the time of this server, or with an offset.
--keep-venv: keep the live virtual environment although requirements.txt or the interpreter differs.
--rebuild-venv: build a new one in any case. It is built before anything stops.
--only PATH: of the configuration, restore only this file, such as .env; can be given several times.
Refused while the health check fails, unless you give --site-is-down; the health probe must then be set and correct.`,
  },
  differences: {
    ...{ kind: 'answer', title: 'Differences of a file', role: 'admin', changesSite: false },
    ...{ report: fileDifferences, failure: nothing },
    synopsis: 'differences application|config FILE PATH [--show-secrets]',
    summary: 'show what differs within a file',
    help: `Shows how one file of the application or the configuration differs between what is live and a backup.
Changes nothing. Secrets are hidden: every value of a file such as .env, and what looks like one in others; it is said whether they
are the same. With --show-secrets they are shown, and the audit says so.`,
  },
  undo: {
    ...{ kind: 'operation', title: 'Undo restore', role: 'admin', changesSite: true },
    ...{ report: restoreReport, failure: restoreReport.nullable() },
    synopsis: 'undo OPERATION --confirm HOST --reason TEXT [--site-is-down]',
    summary: 'undo a restore',
    help: 'Restores the safety copy that a restore kept.',
  },
  recover: {
    ...{ kind: 'operation', title: 'Recovery of an interrupted restore', role: 'admin', changesSite: true },
    ...{ report: restoreReport.nullable(), failure: restoreReport.nullable() },
    synopsis: 'recover',
    summary: 'finish an interrupted restore',
    help: 'Completes or rolls back an interrupted restore (power failure, killed process). Runs automatically at boot.',
  },
  packages: {
    ...{ kind: 'operation', title: 'Package installation', role: 'admin', changesSite: true },
    ...{ report: z.looseObject({ installed: z.array(text) }), failure: nothing },
    synopsis: 'packages --confirm HOST',
    summary: 'install what a restored site needs',
    help: `Installs the programs that a site needs and that are missing on this server, with the distribution's own command
(apt-get, dnf, yum or zypper): sqlite3, nginx, python3 with venv, curl. Installs nothing else, and upgrades nothing.`,
  },
  delete: {
    ...{ kind: 'operation', title: 'File deletion', role: 'admin', changesSite: false },
    ...{ report: z.looseObject({ deleted: z.array(text) }), failure: nothing },
    synopsis: 'delete FILE... --confirm HOST [--reason TEXT]',
    summary: 'delete files that are not backups',
    help: `Deletes files that are not backups (unfinished, empty or unknown ones) by their exact names in ROOT/backups.
Keeps backups, files on hold, links, folders, and whatever is open, complete, or changed in the last ten minutes.`,
  },
  rotate: {
    ...{ kind: 'operation', title: 'Rotation', role: 'admin', changesSite: false },
    ...{ report: rotationReport, failure: rotationReport.nullable() },
    synopsis: 'rotate [--dry-run] [--accept-clock]',
    summary: 'delete the backups that the policy does not keep',
    help: `Deletes old backups by the retention_ settings of the policy, and keeps what must not be deleted: the newest verified
backup of a kind, what is on hold, open or not known, and everything while the newest backup is overdue or has failed.
--dry-run: deletes nothing, and shows for each backup whether it would be kept, and why.
--accept-clock: the clock of the server is right, although it has jumped.`,
  },
  download: {
    ...{ kind: 'answer', title: 'Download', role: 'admin', changesSite: false },
    ...{ report: downloadReport, failure: nothing },
    synopsis: 'download FILE [--from OFFSET]',
    summary: 'print the bytes of a backup',
    help: `Prints the bytes of a backup on stdout, from the beginning or from a byte offset:
cvd-backup download FILE >COPY. Fails if the file changes while it is read.`,
  },
  upload: {
    ...{ kind: 'answer', title: 'Upload', role: 'admin', changesSite: false },
    ...{ report: uploadReport, failure: nothing },
    synopsis: 'upload NAME --size BYTES --sha256 HEX [--modified MS] [--resume]',
    summary: 'add a backup from elsewhere',
    help: `Adds a backup whose bytes come on stdin: cvd-backup upload NAME --size BYTES --sha256 HEX <FILE.
It is read back and compared before it gets its name, and never replaces a file. What has arrived when the connection
breaks is kept as an unfinished file for seven days: the same command with --resume goes on from there.`,
  },
  operations: {
    ...{ kind: 'answer', title: 'List of operations', role: 'viewer', changesSite: false },
    ...{ report: z.looseObject({ operations: z.array(operationEntry) }), failure: nothing },
    synopsis: 'operations [--limit N]',
    summary: 'list operations and how they ended',
    help: 'Lists the operations of this site, newest first.',
  },
  follow: {
    ...{ kind: 'answer', title: 'Events of an operation', role: 'viewer', changesSite: false },
    ...{ report: z.unknown(), failure: z.unknown() },
    synopsis: 'follow OPERATION [--from OFFSET]',
    summary: 'follow an operation',
    help: 'Shows the events of an operation, from the start or from a byte offset, until it ends.',
  },
  cancel: {
    ...{ kind: 'answer', title: 'Cancellation', role: 'admin', changesSite: false },
    ...{ report: z.looseObject({ operation: operationEntry }), failure: nothing },
    synopsis: 'cancel OPERATION',
    summary: 'cancel an operation',
    help: 'Cancels an operation, and shows the state it left.',
  },
  policy: {
    ...{ kind: 'answer', title: 'Policy', role: 'admin', changesSite: false },
    ...{ report: policyAnswer, failure: policyConflict.nullable() },
    synopsis: 'policy [--try] [--expect VERSION] [KEY=VALUE ...]',
    summary: 'show or change settings',
    help: `Shows the settings of this site, or changes them. A change of health or health_status runs the health check and
shows the answer; with --try it changes nothing.
--expect VERSION: change it only if it is still the one that had this version.`,
  },
  schedule: {
    ...{ kind: 'answer', title: 'Schedule', role: 'viewer', changesSite: false },
    ...{ report: scheduleReport, failure: nothing },
    synopsis: 'schedule',
    summary: 'show what runs by itself, and when',
    help: `Shows how often each kind of backup runs, its next runs, how the last ones ended, which were missed, and the jobs of others
that back this site up. Changes nothing. Set how often with policy: cvd-backup policy 'schedule_database=every 4h'.`,
  },
  timers: {
    ...{ kind: 'operation', title: 'Change of the schedule', role: 'admin', changesSite: false },
    ...{ report: z.unknown(), failure: nothing },
    synopsis: 'timers install [--replace --confirm HOST] | remove | pause [--until TIME] | resume',
    summary: 'install, remove, pause or resume the schedule',
    help: `Installs the schedule of the policy: timers of systemd, or a line for cron, that run a copy of this program which only root
can write. Installing again changes it.
--replace: switch off the jobs of others that back this site up. remove puts them back as they were.
--until TIME: pause until then, as 2026-03-29 02:30 in the time of this server, or with an offset.`,
  },
  scheduled: {
    ...{ kind: 'answer', title: 'Scheduled run', role: 'admin', changesSite: false },
    ...{ report: z.unknown(), failure: z.unknown() },
    synopsis: 'scheduled database|application|config|system|verify|rotate|monitor [--timer] | due',
    summary: 'run what the schedule runs (for timers)',
    help: `Runs one kind of the schedule now, and records it. It waits for another operation for as long as the policy says
(schedule_wait); then it is skipped. With --timer, it does so only if it is due; due: all kinds that are due.`,
  },
  channels: {
    ...{ kind: 'answer', title: 'Channels', role: 'viewer', changesSite: false },
    ...{ report: channelReport, failure: nothing },
    synopsis: 'channels',
    summary: 'show how alerts leave this server',
    help: `Shows the channels that alerts are sent by: their settings without their secrets, when they last worked, and why the last
message did not leave. Changes nothing.`,
  },
  channel: {
    ...{ kind: 'answer', title: 'Change of a channel', role: 'admin', changesSite: false },
    ...{ report: z.union([channelReport, channelTest]), failure: channelTest.nullable() },
    synopsis: 'channel set NAME mail|smtp|webhook KEY=VALUE... | remove NAME | test NAME',
    summary: 'set, remove or try a channel for alerts',
    help: `Sets how alerts leave this server, takes a channel away, or sends a test message by it.
mail: to, from. smtp: host, port, tls=starttls|tls|none, user, password, from, to. webhook: url,
preset=json|slack|teams|ntfy|healthchecks, header and secret (its value), watch=KIND with healthchecks. Each: level=all|errors.
What is not given stays as it is; KEY= takes it away. Give secrets (url, password, secret) as KEY=-: they are then read from
stdin, one a line, and are in no list of processes.`,
  },
  monitor: {
    ...{ kind: 'operation', title: 'Check for alerts', role: 'admin', changesSite: false },
    ...{ report: monitorReport, failure: nothing },
    synopsis: 'monitor',
    summary: 'look for what is wrong, and tell',
    help: `Looks at the backups, verdicts, runs of the schedule, logs, disks, services, health and clock of this site. Opens an alert for what
is wrong, clears those whose cause is gone, and tells the channels what is new. Waits for no operation, and changes nothing else.`,
  },
  alerts: {
    ...{ kind: 'answer', title: 'Alerts', role: 'viewer', changesSite: false },
    ...{ report: alertReport, failure: nothing },
    synopsis: 'alerts',
    summary: 'show what is wrong, and since when',
    help: 'Shows the alerts that the last monitoring found, who has acknowledged them, and those that were cleared. Changes nothing.',
  },
  acknowledge: {
    ...{ kind: 'answer', title: 'Acknowledgement of an alert', role: 'admin', changesSite: false },
    ...{ report: alertEntry, failure: nothing },
    synopsis: 'acknowledge ALERT [--until TIME] | ALERT --withdraw',
    summary: 'say that somebody takes care of an alert',
    help: `Acknowledges an alert, with a reason: cvd-backup --reason TEXT acknowledge ALERT. It stays open until its cause is gone, but nothing
is told of it unless it becomes worse. Errors in a log are dealt with for good: only newer ones alert again.
--until TIME: comes back then if it is still open, as 2026-03-29 02:30 in the time of this server, or with an offset.
--withdraw: nobody takes care of it any more.`,
  },
  hold: {
    ...{ kind: 'answer', title: 'Hold', role: 'admin', changesSite: false },
    ...{ report: z.looseObject({ path: text }), failure: nothing },
    synopsis: 'hold FILE',
    summary: 'keep a backup from rotation',
    help: 'Marks a backup so that rotation never deletes it.',
  },
  release: {
    ...{ kind: 'answer', title: 'Release', role: 'admin', changesSite: false },
    ...{ report: z.looseObject({ path: text }), failure: nothing },
    synopsis: 'release FILE',
    summary: 'remove the hold of a backup',
    help: 'Removes the mark that hold made.',
  },
} as const satisfies Readonly<Record<string, KitCommand>>

export type KitCommandName = keyof typeof kitCommands
/** The row of a command; undefined for one that only another version of the kit knows. */
export function kitCommand(name: string): KitCommand | undefined {
  return Object.hasOwn(kitCommands, name) ? kitCommands[name as KitCommandName] : undefined
}
