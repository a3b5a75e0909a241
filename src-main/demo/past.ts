/**
 * Three weeks in the life of the demo site: a backup a day, the runs of a schedule with what went wrong in them, the schedule
 * itself, and an error in a log that nobody has looked at yet. The runs are written into the records; everything else is real.
 */
import { appendFileSync, existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { encodePath } from '../../src-shared/domain/backup-path.ts'
import type { ScheduleKind } from '../../src-shared/domain/schedule.ts'
import type { Console } from '../app/console.ts'
import { monitor } from '../operations/alerts.ts'
import { makeBackup } from '../operations/make-backup.ts'
import { changeSchedule } from '../operations/schedule.ts'
import type { Site } from '../store/sites.ts'
import { ended, type Progress, packedDatabase, putBackup } from './history.ts'
import { mustRun } from './processes.ts'
import type { DemoSite } from './site.ts'

const DAYS = 21
const HOUR = 3_600_000

export interface PastRun {
  readonly kind: ScheduleKind
  readonly dueAt: number
  readonly outcome: 'succeeded' | 'failed' | 'skipped' | 'missed'
  readonly code: string
  readonly message: string
  /** How long it took. */
  readonly ms: number
}

const said: Readonly<Record<ScheduleKind, readonly [message: string, ms: number]>> = {
  database: ['The database was backed up and verified.', 2600],
  application: ['The application was backed up and verified.', 4100],
  config: ['The configuration was backed up and verified.', 700],
  system: ['The whole system was backed up and verified.', 9300],
  verify: ['5 backups are verified.', 5200],
  rotate: ['Nothing was to be deleted.', 600],
  monitor: ['0 alerts are open.', 900],
}

/** When each kind was due on a day, by the clock on the wall of the server, which is this machine. */
function dueOn(day: Date): [ScheduleKind, number][] {
  const at = (hour: number, minute = 0) =>
    new Date(day.getFullYear(), day.getMonth(), day.getDate(), hour, minute).getTime()
  const every = (kind: ScheduleKind, hours: number): [ScheduleKind, number][] =>
    Array.from({ length: 24 / hours }, (_, index) => [kind, at(index * hours)])
  return [
    ...every('database', 2),
    ...every('monitor', 1),
    ['application', at(2)],
    ['config', at(2)],
    ...(day.getDay() === 0 ? [['system', at(1)] satisfies [ScheduleKind, number]] : []),
    ['verify', at(6)],
    ['rotate', at(6, 30)],
  ]
}

/** What was not as usual, by days ago: the server was off for a morning, a restore was running, a backup was damaged. */
function oddRun(
  kind: ScheduleKind,
  daysAgo: number,
  hour: number,
): Pick<PastRun, 'outcome' | 'code' | 'message'> | null {
  if (daysAgo === 11 && hour >= 3 && hour < 9) return { outcome: 'missed', code: '', message: 'The server was off.' }
  if (daysAgo === 1 && kind === 'database' && hour === 4) {
    return { outcome: 'skipped', code: 'busy', message: 'A restore was running.' }
  }
  if (daysAgo === 2 && kind === 'verify') {
    return { outcome: 'failed', code: 'checks-failed', message: '1 of 5 backups failed verification.' }
  }
  return null
}

/** Every run of the last three weeks, oldest first. Pure. */
export function pastRuns(now: number): PastRun[] {
  const today = new Date(now)
  return Array.from({ length: DAYS + 1 }, (_, index) => DAYS - index).flatMap((daysAgo) => {
    const day = new Date(today.getFullYear(), today.getMonth(), today.getDate() - daysAgo)
    const due = dueOn(day).filter(([, at]) => at < now - HOUR && at > now - DAYS * 24 * HOUR)
    return due
      .sort(([, one], [, other]) => one - other)
      .map(([kind, dueAt]): PastRun => {
        const [message, ms] = said[kind]
        const usual = { outcome: 'succeeded', code: 'ok', message } as const
        return { kind, dueAt, ms, ...(oddRun(kind, daysAgo, new Date(dueAt).getHours()) ?? usual) }
      })
  })
}

/** Into the records of the kit: they are all that is left of a run. */
async function recordRuns(site: DemoSite, runs: readonly PastRun[]): Promise<void> {
  const word = (text: string) => `'${encodePath(text)}'`
  const rows = runs.map(({ kind, dueAt, outcome, code, message, ms }) => {
    const began = outcome === 'missed' ? 'NULL' : String(dueAt + 4000)
    const over = outcome === 'missed' ? 'NULL' : String(dueAt + 4000 + ms)
    return `(${[`'${kind}'`, dueAt, began, over, word(outcome), word(code), word(message), "''", "''"].join(', ')})`
  })
  await mustRun('sqlite3', ['-bail', '-cmd', '.timeout 10000', join(site.state, 'state.db')], {
    env: site.env,
    stdin: `INSERT OR IGNORE INTO run VALUES ${rows.join(',\n')};\n`,
  })
}

const two = (value: number) => String(value).padStart(2, '0')

/** As the runbook's scripts write it, an hour ago. */
function logError(site: DemoSite): void {
  const at = new Date(Date.now() - HOUR)
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`
  const time = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`
  const line = `[${day} ${time}] ERROR: cvd_sync.sh: the branch office did not answer within 30 seconds\n`
  appendFileSync(join(site.root, 'logs', 'backup.log'), line)
}

/** Gives the site its past, once. Only root can install a schedule: without, the site waits for one. */
export async function liveThrough(
  console: Console,
  site: DemoSite,
  known: Site,
  progress: Progress = () => {},
): Promise<void> {
  const mark = join(site.folder, 'past')
  if (existsSync(mark)) return
  mkdirSync(mark)
  const { context, runner } = console
  progress('going back three weeks, with a backup a day and the runs of a schedule')
  const packed = await packedDatabase(site)
  for (let day = DAYS; day > 7; day -= 1) putBackup(site, 'cvd_auto', Date.now() - (day * 24 + 2) * HOUR, packed)
  // Its database is smaller than any real one.
  await site.kitCommand('policy', 'alert_min_size=100000')
  if (process.getuid?.() === 0)
    await ended(console, await changeSchedule(context, runner, known, { change: 'install' }))
  await site.kitCommand('scheduled', 'rotate')
  await recordRuns(site, pastRuns(Date.now()))
  progress('backing up the program and its settings')
  for (const kind of ['application', 'config'] as const)
    await ended(console, await makeBackup(context, runner, known, kind))
  progress('looking for what is wrong')
  logError(site)
  await ended(console, await monitor(context, runner, known))
}
