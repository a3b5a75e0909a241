/** Prints an inspection for people. */
import { showPath } from '../../src-shared/domain/backup-path.ts'
import { formatBytes, formatCount, formatSpan, formatTime } from '../../src-shared/domain/format.ts'
import type { BackupEntry } from '../../src-shared/domain/kit-backups.ts'
import type { Inspection } from '../../src-shared/domain/kit-site.ts'
import { isFuture, momentOf, newestFirst } from '../../src-shared/domain/newest.ts'
import { clean, facts, table } from './table.ts'

/** `16 minutes old, verified`, or that there is no backup. */
export function recoveryPoint({ backups, time: { now } }: Inspection): string {
  const [newest] = newestFirst(backups, now)
  if (!newest) return 'none'
  const verdict = newest.verdict === 'never' ? 'never verified' : newest.verdict
  return `${formatSpan(now - momentOf(newest))} old, ${verdict}`
}

export function problemLines({ problems }: Inspection): string[] {
  return problems.flatMap(({ severity, text, fix }) => [
    `${severity}: ${clean(text)}`,
    ...(fix === '' ? [] : [`  fix: ${clean(fix)}`]),
  ])
}

function databaseWords({ database }: Inspection): string {
  if (!database.present) return `${showPath(database.path)} is not there`
  const sidecars = database.sidecars.map(({ suffix, size }) => `${suffix} ${formatBytes(size)}`).join(', ')
  return `${showPath(database.path)}, ${formatBytes(database.size)}, journal mode ${database.journalMode}${sidecars === '' ? '' : `, ${sidecars}`}`
}

function healthWords({ health }: Inspection): string {
  if (health.probe === null) return 'no health probe'
  return `${health.healthy ? 'healthy' : 'not healthy'}: ${health.words}`
}

function lockWords({ lock }: Inspection): string {
  if (!lock.held) return 'free'
  return lock.holder ? `held by ${lock.holder.operation} of ${lock.holder.who}` : 'held'
}

export function inspectionFacts(inspection: Inspection): string[] {
  const { host, time, database, services, disk, backups, unfinished, tools, compressor } = inspection
  const able = Object.entries(host.rights)
    .filter(([, has]) => !has)
    .map(([right]) => right)
  return facts([
    ['host', `${host.name} (${host.os}), as ${host.login}`],
    ['time', formatTime(time.now, time.zone)],
    ['rights', able.length === 0 ? 'all required' : `missing: ${able.join(', ')}`],
    ['root', `${showPath(inspection.layout.root)}${inspection.layout.found ? '' : ' (not found)'}`],
    ['database', databaseWords(inspection)],
    [
      'rows',
      database.keyTables.map(({ table, rows }) => `${table} ${rows === null ? '?' : formatCount(rows)}`).join(', '),
    ],
    ['services', services.map(({ name, state }) => `${name} ${state}`).join(', ')],
    ['health', healthWords(inspection)],
    [
      'disk',
      disk
        .map(({ purpose, free, total }) => `${purpose} ${formatBytes(free)} free of ${formatBytes(total)}`)
        .join(', '),
    ],
    ['tools', tools.map(({ name, version }) => `${name} ${version}`.trim()).join(', ')],
    ['compressor', compressor],
    ['lock', lockWords(inspection)],
    ...(unfinished.length > 0 ? ([['unfinished', unfinished.map(({ id }) => id).join(', ')]] as const) : []),
    ['backups', `${formatCount(backups.length)}; newest ${recoveryPoint(inspection)}`],
  ])
}

function verdictWords({ verdict, verifiedAt }: BackupEntry, now: number): string {
  if (verdict === 'never') return 'never verified'
  return verifiedAt === null ? verdict : `${verdict} ${formatSpan(now - verifiedAt)} ago`
}

/** Newest first. Ages and times use the server's clock and time zone. */
export function backupTable(inspection: Inspection): string[] {
  const { now, zone } = inspection.time
  const sorted = inspection.backups.toSorted((one, other) => momentOf(other) - momentOf(one))
  const rows = sorted.map((entry) => [
    showPath(entry.path),
    entry.kind,
    entry.origin,
    entry.takenAt === null ? 'unknown' : formatTime(entry.takenAt, zone),
    entry.takenAt === null ? '' : isFuture(entry, now) ? 'in the future' : formatSpan(now - entry.takenAt),
    entry.folder ? 'folder' : formatBytes(entry.size),
    entry.folder ? '' : verdictWords(entry, now),
    entry.hold ? 'held' : '',
  ])
  const titles = ['BACKUP', 'KIND', 'ORIGIN', 'TAKEN', 'AGE', 'SIZE', 'VERDICT', 'HOLD']
  return table(
    titles.map((title) => ({ title, right: title === 'SIZE' || title === 'AGE' })),
    rows,
  )
}

/** Files among the backups that are no backups, so that `delete` can be given their names. */
export function otherFileLines({ otherFiles }: Inspection): string[] {
  if (otherFiles.length === 0) return []
  const rows = otherFiles.map(({ path, class: word, size }) => [showPath(path), word, formatBytes(size)])
  const titles = ['NOT A BACKUP', 'WHY', 'SIZE']
  return [
    ...table(
      titles.map((title) => ({ title, right: title === 'SIZE' })),
      rows,
    ),
    '',
  ]
}
