/** What a plan says would be lost, come back and change, in numbers and in words. Pure. */
import { formatCount, formatSpan } from './format.ts'
import type { RestorePlan } from './kit-restore.ts'

export type TableDifference = RestorePlan['tables'][number]
export type SchemaDifference = RestorePlan['schema']['differences'][number]

export interface Loss {
  readonly lost: number
  readonly back: number
  /** Rows that would revert to their old values. */
  readonly changed: number
  /** Tables that could not be compared, so the other numbers are minimums. */
  readonly unknown: readonly TableDifference[]
  readonly differing: readonly TableDifference[]
  readonly same: number
}

function sum(tables: readonly TableDifference[], member: 'onlyLive' | 'onlyBackup' | 'changed'): number {
  return tables.reduce((total, table) => total + (table[member] ?? 0), 0)
}

function isSame({
  basis,
  onlyLive,
  onlyBackup,
  changed,
  columnsOnlyLive,
  columnsOnlyBackup,
}: TableDifference): boolean {
  if (basis === 'none' || columnsOnlyLive.length > 0 || columnsOnlyBackup.length > 0) return false
  return onlyLive === 0 && onlyBackup === 0 && changed === 0
}

/** Tables with the greatest loss first. */
export function lossOf({ tables }: Pick<RestorePlan, 'tables'>): Loss {
  const differing = tables.filter((table) => !isSame(table))
  const weight = ({ onlyLive, changed }: TableDifference) => (onlyLive ?? Number.MAX_VALUE) + (changed ?? 0)
  differing.sort((one, other) => weight(other) - weight(one))
  return {
    unknown: tables.filter(({ basis }) => basis === 'none'),
    lost: sum(tables, 'onlyLive'),
    back: sum(tables, 'onlyBackup'),
    changed: sum(tables, 'changed'),
    differing,
    same: tables.length - differing.length,
  }
}

const rows = (count: number) => `${formatCount(count)} ${count === 1 ? 'row' : 'rows'}`

/** `You would lose 41 rows, 10 rows would come back, and 1,081 changed rows would revert to their old values.` */
export function lossSentence(plan: Pick<RestorePlan, 'tables' | 'lossSeconds' | 'comparison'>): string {
  const { lost, back, changed, unknown } = lossOf(plan)
  const { lossSeconds } = plan
  const window = lossSeconds === null ? '' : ` The backup is ${formatSpan(lossSeconds * 1000)} old.`
  if (!plan.comparison.known) return `What you would lose is unknown: ${plan.comparison.reason}.${window}`
  const least = unknown.length > 0 ? 'at least ' : ''
  const parts: string[] = []
  if (lost > 0 || unknown.length > 0) parts.push(`You would lose ${least}${rows(lost)}`)
  else parts.push('You would lose no rows')
  if (back > 0) parts.push(`${least}${rows(back)} would come back`)
  if (changed > 0) {
    const whose = changed === 1 ? 'its old values' : 'their old values'
    parts.push(`${least}${formatCount(changed)} changed ${changed === 1 ? 'row' : 'rows'} would revert to ${whose}`)
  }
  const doubt =
    unknown.length === 0 ? '' : ` ${unknown.length} ${unknown.length === 1 ? 'table' : 'tables'} could not be compared.`
  return `${listed(parts)}.${window}${doubt}`
}

function listed(parts: readonly string[]): string {
  if (parts.length < 3) return parts.join(' and ')
  return `${parts.slice(0, -1).join(', ')}, and ${parts.at(-1)}`
}

/**
 * `2026-02-02 14:07:11 – 14:09:00`, to the minute if it spans days: the times in the differing rows. Empty if they have
 * none.
 */
export function momentSpan({ oldest, newest }: Pick<TableDifference, 'oldest' | 'newest'>): string {
  if (oldest === null || newest === null) return ''
  if (oldest === newest) return newest
  const sameDay = oldest.length > 10 && newest.length > 10 && oldest.slice(0, 10) === newest.slice(0, 10)
  return sameDay ? `${oldest} – ${newest.slice(11)}` : `${oldest.slice(0, 16)} – ${newest.slice(0, 16)}`
}

/** `column routes.driver_id (INTEGER)` */
export function schemaWords({ kind, name, table, detail }: SchemaDifference): string {
  const more = detail === '' ? '' : ` (${detail})`
  switch (kind) {
    case 'column':
      return `column ${table}.${name}${more}`
    case 'constraint':
      return `${name} of ${table}`
    case 'index':
    case 'trigger':
      return `${kind} ${name} on ${table}`
    case 'definition':
      return `definition of table ${table}`
    case 'more':
      return `${name} more differences`
    default:
      return `${kind} ${name}`
  }
}
