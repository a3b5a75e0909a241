/** What a window says about a transfer that did not succeed: what is kept, and how to go on. */
import type { WireFailure } from '../../src-shared/contract/failure.ts'
import type { Transfer } from '../../src-shared/contract/transfers.ts'
import { formatBytes } from '../../src-shared/domain/format.ts'
import type { Failure } from '../../src-shared/result.ts'
import { forWindow } from './failures.ts'

/** After these a transfer goes on where it stopped. */
const interrupted = new Set(['link-lost', 'unreachable', 'timeout', 'cancelled', 'incomplete'])

const next: Readonly<Record<Transfer['direction'], Readonly<Record<string, string>>>> = {
  download: {
    'name-taken': 'Download it to another folder, or rename the file that is there.',
    'no-space': 'Make room, then try again: it goes on where it stopped.',
    'local-file': 'Check the folder and its permissions, then try again.',
    changed: 'Download it again: the list of backups is up to date by now.',
    'fingerprint-mismatch': 'Verify the backup on the server.',
  },
  upload: {
    'name-taken': 'The server keeps its own file. Rename yours if it is another backup, then upload that.',
    'not-a-backup': 'Give the file the name of a backup, such as cvd_backup_20260131_120000.db.gz.',
    'no-space': 'Make room, then try again.',
    'local-file': 'Check the file and its permissions, then choose it again.',
  },
}

/** What the kit says is part of a sentence. */
function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`
}

/** Whether it is of any use to try the same file again. */
export function isRepeatable({ code }: Pick<Failure, 'code'>): boolean {
  return !['not-a-backup', 'usage', 'not-received', 'empty'].includes(code)
}

export function transferFailure(
  failure: Failure,
  { direction, done }: Pick<Transfer, 'direction' | 'done'>,
): WireFailure {
  const words = forWindow({ ...failure, ...(failure.unchanged ? { unchanged: sentence(failure.unchanged) } : {}) })
  const how = next[direction][failure.code]
  if (how !== undefined) return { ...words, next: how }
  if (!interrupted.has(failure.code)) return words
  const kept =
    direction === 'upload'
      ? 'No backup was added. What has arrived is kept on the server for seven days.'
      : `What has arrived is kept (${formatBytes(done)}).`
  const message = failure.code === 'cancelled' ? `The ${direction} was cancelled.` : words.message
  return { ...words, message, unchanged: kept, next: 'Try again: it goes on where it stopped.' }
}
