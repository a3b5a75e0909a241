/** Prints the changes that a restore would make. */
import { showPath } from '../../src-shared/domain/backup-path.ts'
import { formatBytes, formatCount, formatSpan, formatTime } from '../../src-shared/domain/format.ts'
import type { RestorePlan } from '../../src-shared/domain/kit-restore.ts'
import { lossOf, lossSentence, momentSpan, schemaWords } from '../../src-shared/domain/loss.ts'
import { capital, partTitle, restoredWords } from '../../src-shared/domain/part-words.ts'
import { clean, table } from './table.ts'

type PartPlan = RestorePlan['parts'][number]

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

/** Which backup a moment means, and what else there is. */
export function atLines({ at, backup }: RestorePlan, zone: string): string[] {
  if (at === null) return []
  return [
    `The newest backup from ${formatTime(at.moment, zone)} or before: ${showPath(backup.path)}.`,
    ...(at.next === null
      ? []
      : [`The next later one: ${showPath(at.next.path)}, from ${formatTime(at.next.takenAt, zone)}.`]),
    ...at.failed.map((path) => `Skipped, as its verification failed: ${showPath(path)}.`),
  ]
}

/** What differs between the live files and the backup. */
function treeLines(tree: NonNullable<RestorePlan['tree']>): string[] {
  const { known, members, bytes, onlyLive, onlyBackup, changed, differences, kept, venv } = tree
  const marks: Readonly<Record<string, string>> = { live: 'gone', backup: 'back', changed: 'changed' }
  return [
    `The backup holds ${formatCount(members)} files, folders and links, ${formatBytes(bytes)}.`,
    known
      ? `${formatCount(changed)} would change, ${formatCount(onlyBackup)} come back, ${formatCount(onlyLive)} go.`
      : 'The live files could not be compared.',
    ...differences.map((one) => {
      const [which = '', ...path] = one.split(': ')
      return `  ${(marks[which] ?? '').padEnd(7)}  ${showPath(path.join(': '))}`
    }),
    ...(venv === null ? [] : [`Virtual environment: ${venv.state}; ${clean(venv.reason)}.`]),
    ...(kept.length === 0 ? [] : [`Kept from the live folder: ${kept.map(showPath).join(', ')}.`]),
  ]
}

/** `Everything written after … (2 hours before now) would be gone.` */
export function lossWords(plan: RestorePlan, zone: string): string {
  if (plan.recoveryPoint === null) return 'The time of this backup is unknown; the table shows what would be lost.'
  const span = plan.lossSeconds === null ? '' : `, the last ${formatSpan(plan.lossSeconds * 1000)}`
  const words = restoredWords(plan)
  const lost =
    plan.part === 'database'
      ? 'everything written since then'
      : plan.part === 'system'
        ? 'every change since then'
        : 'every change to its files since then'
  const be = words.many ? 'they were' : 'it was'
  return `${capital(words.text)} would be as ${be} at ${formatTime(plan.recoveryPoint, zone)}: ${lost}${span}, would be gone.`
}

/** The files of root's that would change: each with what differs in it. */
function fileLines(files: PartPlan['files']): string[] {
  const states = { same: 'same', changed: 'changed', new: 'new', removed: 'gone' }
  return files.flatMap(({ path, state, difference }) => [
    `  ${states[state].padEnd(7)}  ${showPath(path)}`,
    ...difference
      .replace(/\n$/, '')
      .split('\n')
      .flatMap((line) => (line === '' ? [] : [`    ${clean(line)}`])),
    ...(state === 'changed' && difference === '' ? ['    The live file could not be compared.'] : []),
  ])
}

/** What changes in each part of a plan for several. */
function partLines(plan: RestorePlan): string[] {
  return plan.parts.flatMap(({ part, tree, files }) => [
    '',
    `--- ${partTitle(part)} ---`,
    ...(part === 'database'
      ? [clean(lossSentence({ ...plan, lossSeconds: null })), '', ...tableLines(plan), ...schemaLines(plan)]
      : []),
    ...(tree === null ? [] : treeLines(tree)),
    ...fileLines(files),
  ])
}

/** What a system backup says of itself. */
function manifestLines({ manifest }: RestorePlan): string[] {
  if (manifest === null) return []
  return [
    '',
    'MANIFEST.txt in the backup:',
    ...manifest
      .trimEnd()
      .split(/\r?\n/)
      .map((line) => `  ${clean(line)}`),
  ]
}

/** What a plan for one folder, for the database, or for several parts says of the changes. */
function changeLines(plan: RestorePlan): string[] {
  if (plan.part === 'system') return [...partLines(plan), ...manifestLines(plan)]
  if (plan.part === 'systemd') return ['', ...plan.parts.flatMap(({ files }) => fileLines(files))]
  if (plan.tree !== null) return ['', ...treeLines(plan.tree)]
  return [clean(lossSentence(plan)), '', ...tableLines(plan), ...schemaLines(plan)]
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
    ...atLines(plan, zone),
    lossWords(plan, zone),
    ...changeLines(plan),
    '',
    ...checks.flatMap(({ part, state, title, evidence, fix }) => [
      `${marks[state]}  ${plan.part !== 'system' || part === '' ? '' : `${partTitle(part)}: `}${clean(title)}${evidence === '' ? '' : `: ${clean(evidence)}`}`,
      ...(state === 'passed' || fix === '' ? [] : [`      fix: ${clean(fix)}`]),
    ]),
    `Space: ${formatBytes(space.needed)} needed, ${formatBytes(space.free)} free in ${showPath(space.path)}.`,
    '',
  ]
}
