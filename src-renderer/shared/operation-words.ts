/** An operation in words and marks. */
import type { OperationRow } from '../../src-shared/contract/operations.ts'
import type { MarkName } from '../ui/verdict.tsx'
import type { Standing } from './operation-standing.ts'

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

/** How a restore or an undo ended, or stands, as a title. */
export function restoreTitle(
  row: Pick<OperationRow, 'command' | 'redo' | 'outcome' | 'title'>,
  state: Standing['state'],
): string {
  const noun = row.redo ? 'redo' : row.command === 'undo' ? 'undo' : 'restore'
  switch (state) {
    case 'queued':
      return `${capital(noun)} waiting for its turn`
    case 'lost':
      return `Connection lost during the ${noun}`
    case 'starting':
    case 'running':
      return { restore: 'Restore running', undo: 'Undoing the restore', redo: 'Redoing the restore' }[noun]
  }
  switch (row.outcome) {
    case 'succeeded':
      return { restore: restored(row.title), undo: 'The restore was undone', redo: 'The restore was redone' }[noun]
    case 'rolled back':
      return `The ${noun} was rolled back: the previous state is running`
    case 'cancelled':
      return `The ${noun} was cancelled`
    case 'failed':
      return `The ${noun} failed`
    default:
      return `The outcome of the ${noun} is unknown`
  }
}

/** By the part that its title names; a system restore may be one of some parts only. */
function restored(title: string): string {
  if (title === 'System restore') return 'The system backup was restored'
  if (title === 'Unit file restore') return 'The unit files were restored'
  const [, part = 'Database'] = /^(\w+) restore$/.exec(title) ?? []
  return `The ${part.toLowerCase()} was restored`
}

function capital(word: string): string {
  return `${word.charAt(0).toUpperCase()}${word.slice(1)}`
}

/** As its mark has it: cancelling was intended, and after a rollback the previous state is running. */
export function outcomeTone(outcome: OperationRow['outcome']): 'quiet' | 'warn' | 'bad' {
  if (outcome === 'cancelled') return 'quiet'
  return outcome === 'failed' ? 'bad' : 'warn'
}

/** What cancelling would leave behind, before anybody presses it. */
export function cancelWords(command: string): string {
  switch (command) {
    case 'database':
      return 'The unfinished copy is deleted. The database and all existing backups stay as they are.'
    case 'application':
    case 'config':
    case 'systemd':
    case 'system':
      return 'The unfinished copy is deleted. The site and all existing backups stay as they are.'
    case 'verify':
      return 'Verdicts reached so far are kept. No backup is changed.'
    case 'restore':
    case 'undo':
      return 'If the service has not been stopped yet, nothing has changed and the site keeps running. Otherwise the previous state is put back and started again.'
    case 'delete':
    case 'rotate':
      return 'Files that are already deleted stay deleted; the others are kept.'
    default:
      return 'The server stops it at the next safe point and reports what it left.'
  }
}
