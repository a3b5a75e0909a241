/**
 * THE source for what runs and how far it is. The sidebar, headlines, lists and the pages of operations all ask here, so
 * that none of them counts on while another says that the connection is lost.
 */
import type { OperationRow } from '../../src-shared/contract/operations.ts'
import { useLink } from '../api/hooks.ts'
import { type Standing, type StandingRow, standingOf } from './operation-standing.ts'

/** As `standingOf`, for this window. */
export function useStanding(row: StandingRow): Standing {
  return standingOf(row, useCutOff())
}

function useCutOff(): boolean {
  const { state } = useLink()
  return state === 'lost' || state === 'closed'
}

interface OpenOperation {
  readonly row: OperationRow
  readonly standing: Standing
}

/** Of the rows of `operations.watch` those that have not ended, each with its standing. */
export function useOpenOperations(rows: readonly OperationRow[]): readonly OpenOperation[] {
  const cutOff = useCutOff()
  return rows.filter(({ state }) => state !== 'ended').map((row) => ({ row, standing: standingOf(row, cutOff) }))
}
