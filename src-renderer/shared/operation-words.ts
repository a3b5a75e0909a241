/** An operation in words and marks. */
import type { OperationRow } from '../../src-shared/contract/operations.ts'
import type { MarkName } from '../ui/verdict.tsx'

interface OperationMark {
  readonly of: MarkName
  readonly word?: string
}

export const lostMark: OperationMark = { of: 'unknown', word: 'Connection lost' }

export function markOf(row: Pick<OperationRow, 'state' | 'outcome'>): OperationMark {
  switch (row.state) {
    case 'ended':
      return { of: row.outcome ?? 'unknown' }
    case 'queued':
      return { of: 'waiting', word: 'Queued' }
    case 'starting':
      return { of: 'running', word: 'Starting' }
    case 'running':
      return { of: 'running' }
    case 'unknown':
      return lostMark
  }
}

/** As its mark has it: what was cancelled was asked for, and after a rollback the old state runs. */
export function outcomeTone(outcome: OperationRow['outcome']): 'quiet' | 'warn' | 'bad' {
  if (outcome === 'cancelled') return 'quiet'
  return outcome === 'failed' ? 'bad' : 'warn'
}

/** What cancelling would leave behind, before anybody presses it. */
export function cancelWords(command: string): string {
  switch (command) {
    case 'database':
      return 'The copy that is being made is deleted. The database and all existing backups stay as they are.'
    case 'verify':
      return 'Verdicts that were reached stay; the others keep the one they had. No backup is changed.'
    case 'restore':
    case 'undo':
      return 'Before the service is stopped, nothing was changed and the site runs on. After that the old state is brought back and started again.'
    default:
      return 'The server is asked to stop, and answers with what it left.'
  }
}
