/** Prints the changes that a restore would make. */
import { showPath } from '../../src-shared/domain/backup-path.ts'
import { formatBytes, formatCount, formatSpan, formatTime } from '../../src-shared/domain/format.ts'
import type { RestorePlan } from '../../src-shared/domain/kit-restore.ts'
import { lossOf, lossSentence, momentSpan, schemaWords } from '../../src-shared/domain/loss.ts'
import { clean, table } from './table.ts'

function rows(count: number | null): string {
  return count === null ? '-' : formatCount(count)
}

/**
 * Tables that would change come first; of the others only the number is printed. Names tables that were not compared.
 */
function tableLines(plan: RestorePlan): string[] {
  const { differing, same } = lossOf(plan)
  const rest = same === 0 ? [] : [`${same} ${same === 1 ? 'table has' : 'tables have'} the same rows on both sides.`]
  const notes = plan.tables
    .filter(({ reason }) => reason !== '')
    .map(
      ({ table: name, basis, reason }) =>
        `${basis === 'none' ? 'Not compared' : 'Compared'}: ${clean(name)}: ${clean(reason)}`,
    )
  if (differing.length === 0) return [...rest, ...notes]
  const titles = ['TABLE', 'LIVE', 'BACKUP', 'WOULD BE LOST', 'WOULD COME BACK', 'CHANGED']
  const lines = table(
    [...titles.map((title, index) => ({ title, right: index > 0 })), { title: 'MOMENTS', right: false }],
    differing.map((one) => [
      one.table,
      ...[one.live, one.backup, one.onlyLive, one.onlyBackup, one.changed].map(rows),
      momentSpan(one),
    ]),
  )
  return [...lines, ...rest, ...notes]
}

/** `Everything written after … (2 hours before now) would be gone.` */
export function lossWords(plan: RestorePlan, zone: string): string {
  if (plan.recoveryPoint === null) return 'The time of this backup is unknown; the table shows what would be lost.'
  const span = plan.lossSeconds === null ? '' : `, the last ${formatSpan(plan.lossSeconds * 1000)}`
  return `The database would be as it was at ${formatTime(plan.recoveryPoint, zone)}: everything written since then${span}, would be gone.`
}

function schemaLines({ schema }: RestorePlan): string[] {
  const words = { lacks: 'Not in the backup', differs: 'Different in the backup', extra: 'Only in the backup' }
  return [
    ...schema.settings
      .filter(({ live, backup }) => live !== backup)
      .map(({ name, live, backup }) => `Setting ${clean(name)}: ${clean(live)} live, ${clean(backup)} in the backup.`),
    ...schema.differences.map((one) => `${words[one.state]}: ${clean(schemaWords(one))}`),
  ]
}

export function planLines(plan: RestorePlan, zone: string): string[] {
  const { backup, space, checks } = plan
  const marks = { passed: 'ok  ', warning: 'WARN', failed: 'FAIL' }
  return [
    `backup  ${showPath(backup.path)} (${formatBytes(backup.size)}, ${backup.verdict === 'never' ? 'never verified' : backup.verdict})`,
    `sha256  ${clean(plan.sha256)}`,
    '',
    lossWords(plan, zone),
    clean(lossSentence(plan)),
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
