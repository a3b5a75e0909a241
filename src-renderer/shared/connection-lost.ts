/** Whether what is shown of an operation is current. Pure. */
import type { OperationRow } from '../../src-shared/contract/operations.ts'

/** It runs, or has ended, on the server, and its progress is not received: the page shows its last known state. */
export function connectionLost({ state, link }: Pick<OperationRow, 'state' | 'link'>): boolean {
  return state !== 'ended' && state !== 'queued' && link !== 'listening'
}
