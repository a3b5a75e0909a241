/** What a plan says would be lost and come back, in numbers and in a sentence. Pure. */
import { formatCount, formatSpan } from '../../../src-shared/domain/format.ts'
import type { RestorePlan } from '../../../src-shared/domain/kit-protocol.ts'

export type TableDifference = RestorePlan['tables'][number]

export interface Loss {
  /** Null where a table could not be compared by its keys: then nobody knows all of it. */
  readonly lost: number | null
  readonly back: number | null
  readonly changed: readonly TableDifference[]
  readonly same: number
}

function sum(tables: readonly TableDifference[], member: 'onlyLive' | 'onlyBackup'): number | null {
  let total = 0
  for (const table of tables) {
    const value = table[member]
    if (value === null) return null
    total += value
  }
  return total
}

function isChanged({ live, backup, onlyLive, onlyBackup }: TableDifference): boolean {
  return live !== backup || onlyLive !== 0 || onlyBackup !== 0
}

/** Tables with the greatest loss first. */
export function lossOf(plan: Pick<RestorePlan, 'tables'>): Loss {
  const changed = plan.tables.filter(isChanged)
  changed.sort((one, other) => (other.onlyLive ?? Number.MAX_VALUE) - (one.onlyLive ?? Number.MAX_VALUE))
  return {
    lost: sum(plan.tables, 'onlyLive'),
    back: sum(plan.tables, 'onlyBackup'),
    changed,
    same: plan.tables.length - changed.length,
  }
}

const rows = (count: number) => `${formatCount(count)} ${count === 1 ? 'row' : 'rows'}`

export function lossSentence(plan: RestorePlan): string {
  const { lost, back } = lossOf(plan)
  const what =
    lost === null
      ? 'It is not known of every table which rows would be lost'
      : lost === 0
        ? 'No row would be lost'
        : `${rows(lost)} written since then would be lost`
  const returns = back === null || back === 0 ? '' : `, and ${rows(back)} would come back`
  const { lossSeconds } = plan
  const window = lossSeconds === null ? '' : ` The window is ${formatSpan(lossSeconds * 1000)} wide.`
  return `${what}${returns}.${window}`
}
