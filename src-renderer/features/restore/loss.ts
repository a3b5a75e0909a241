/** What a plan says would be lost and come back, in numbers and in a sentence. Pure. */
import { formatCount, formatSpan } from '../../../src-shared/domain/format.ts'
import type { RestorePlan } from '../../../src-shared/domain/kit-protocol.ts'

export type TableDifference = RestorePlan['tables'][number]

export interface Loss {
  readonly lost: number
  readonly back: number
  /** Tables that could not be compared by their keys: what is said of the others is the least of it. */
  readonly unknown: number
  readonly changed: readonly TableDifference[]
  readonly same: number
}

function sum(tables: readonly TableDifference[], member: 'onlyLive' | 'onlyBackup'): number {
  return tables.reduce((total, table) => total + (table[member] ?? 0), 0)
}

function isChanged({ live, backup, onlyLive, onlyBackup }: TableDifference): boolean {
  return live !== backup || onlyLive !== 0 || onlyBackup !== 0
}

/** Tables with the greatest loss first. */
export function lossOf(plan: Pick<RestorePlan, 'tables'>): Loss {
  const changed = plan.tables.filter(isChanged)
  changed.sort((one, other) => (other.onlyLive ?? Number.MAX_VALUE) - (one.onlyLive ?? Number.MAX_VALUE))
  return {
    unknown: plan.tables.filter(({ onlyLive, onlyBackup }) => onlyLive === null || onlyBackup === null).length,
    lost: sum(plan.tables, 'onlyLive'),
    back: sum(plan.tables, 'onlyBackup'),
    changed,
    same: plan.tables.length - changed.length,
  }
}

const rows = (count: number) => `${formatCount(count)} ${count === 1 ? 'row' : 'rows'}`

/** `148 rows written since then would be lost, and 200 rows would come back. …` */
export function lossSentence(plan: Pick<RestorePlan, 'tables' | 'lossSeconds'>): string {
  const { lost, back, unknown } = lossOf(plan)
  const least = unknown > 0 ? 'at least ' : ''
  const gone =
    lost === 0 && unknown === 0 ? 'no row would be lost' : `${least}${rows(lost)} written since then would be lost`
  const returns = back === 0 ? '' : `, and ${least}${rows(back)} would come back`
  const doubt =
    unknown === 0
      ? ''
      : ` Of ${unknown} ${unknown === 1 ? 'table' : 'tables'} the rows could not be compared one by one.`
  const { lossSeconds } = plan
  const window = lossSeconds === null ? '' : ` The loss window is ${formatSpan(lossSeconds * 1000)} wide.`
  const text = `${gone}${returns}.${window}${doubt}`
  return text.charAt(0).toUpperCase() + text.slice(1)
}
