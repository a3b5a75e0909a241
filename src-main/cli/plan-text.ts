/** What a restore would change, for people. */
import { showPath } from '../../src-shared/domain/backup-path.ts'
import { formatBytes, formatCount, formatSpan, formatTime } from '../../src-shared/domain/format.ts'
import type { RestorePlan } from '../../src-shared/domain/kit-protocol.ts'
import { clean, table } from './table.ts'

function rows(count: number | null): string {
  return count === null ? '-' : formatCount(count)
}

/** Tables that would change come first; of the others only their number is told. */
function tableLines(plan: RestorePlan): string[] {
  const changed = plan.tables.filter(
    ({ live, backup, onlyLive, onlyBackup }) => live !== backup || (onlyLive ?? 0) > 0 || (onlyBackup ?? 0) > 0,
  )
  const same = plan.tables.length - changed.length
  const rest =
    same === 0 ? [] : [`${same} ${same === 1 ? 'table has' : 'tables have'} the same rows by key on both sides.`]
  if (changed.length === 0) return rest
  const titles = ['TABLE', 'LIVE', 'BACKUP', 'WOULD BE LOST', 'WOULD COME BACK']
  const lines = table(
    titles.map((title, index) => ({ title, right: index > 0 })),
    changed.map((one) => [one.table, rows(one.live), rows(one.backup), rows(one.onlyLive), rows(one.onlyBackup)]),
  )
  return [...lines, ...rest]
}

/** `Everything written after … (2 hours before now) would be gone.` */
export function lossWords(plan: RestorePlan, zone: string): string {
  if (plan.recoveryPoint === null)
    return 'It is not known when this backup was taken: what would be lost is in the table.'
  const span = plan.lossSeconds === null ? '' : `, the last ${formatSpan(plan.lossSeconds * 1000)}`
  return `The database would be as it was at ${formatTime(plan.recoveryPoint, zone)}: everything written since then${span}, would be gone.`
}

function schemaLines({ schema }: RestorePlan): string[] {
  const lines: string[] = []
  if (schema.liveUserVersion !== null && schema.liveUserVersion !== schema.backupUserVersion) {
    lines.push(`The schema's version is ${schema.liveUserVersion} live and ${schema.backupUserVersion} in the backup.`)
  }
  if (schema.onlyLive.length > 0) lines.push(`Tables that the backup has not: ${clean(schema.onlyLive.join(', '))}.`)
  if (schema.onlyBackup.length > 0)
    lines.push(`Tables that only the backup has: ${clean(schema.onlyBackup.join(', '))}.`)
  return lines
}

export function planLines(plan: RestorePlan, zone: string): string[] {
  const { backup, space, checks } = plan
  const marks = { passed: 'ok  ', warning: 'WARN', failed: 'FAIL' }
  return [
    `backup  ${showPath(backup.path)} (${formatBytes(backup.size)}, ${backup.verdict === 'never' ? 'never verified' : backup.verdict})`,
    `sha256  ${clean(plan.sha256)}`,
    '',
    lossWords(plan, zone),
    '',
    ...tableLines(plan),
    ...schemaLines(plan),
    '',
    ...checks.flatMap(({ state, title, evidence, fix }) => [
      `${marks[state]}  ${clean(title)}${evidence === '' ? '' : `: ${clean(evidence)}`}`,
      ...(state === 'passed' || fix === '' ? [] : [`      fix: ${clean(fix)}`]),
    ]),
    `Space: ${formatBytes(space.needed)} needed, ${formatBytes(space.free)} free in ${showPath(space.path)}.`,
    '',
  ]
}
