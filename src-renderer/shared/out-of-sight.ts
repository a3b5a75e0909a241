/** Whether what is shown of an operation is about now. Pure. */
import type { OperationRow, OperationView } from '../../src-shared/contract/operations.ts'

/** It goes on, or has ended, at its server, and nothing is heard of it: whatever is shown was true once. */
export function outOfSight({
  row,
  link,
}: {
  readonly row: Pick<OperationRow, 'state'>
  readonly link: Pick<OperationView['link'], 'state'>
}): boolean {
  return row.state !== 'ended' && row.state !== 'queued' && link.state !== 'listening'
}
