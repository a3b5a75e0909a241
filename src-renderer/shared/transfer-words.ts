/** A transfer in words. Pure. */
import type { Transfer } from '../../src-shared/contract/transfers.ts'
import { formatBytes, formatDuration } from '../../src-shared/domain/format.ts'

const phases: Readonly<Record<Transfer['direction'], Readonly<Record<Transfer['phase'], string>>>> = {
  download: {
    connecting: 'Connecting to the server',
    receiving: '',
    reading: '',
    transferring: 'Downloading',
    verifying: 'Verifying what arrived',
  },
  upload: {
    connecting: 'Connecting to the server',
    receiving: 'Reading from the browser',
    reading: 'Computing its SHA-256',
    transferring: 'Uploading',
    verifying: 'The server reads it back',
  },
}

/** What happens now, and how far it is: `Downloading, 12.4 MB of 188 MB, 8.2 MB/s, 21.4 s left`. */
export function runningWords(transfer: Transfer): string {
  const { direction, phase, done, total, speed, reconnecting } = transfer
  if (reconnecting) return `Connection lost; reconnecting. ${formatBytes(done)} of ${formatBytes(total)} are kept.`
  const words = [phases[direction][phase]]
  // The server does not say how far it has read.
  const known = phase !== 'connecting' && total > 0 && !(direction === 'upload' && phase === 'verifying')
  if (known) words.push(`${formatBytes(done)} of ${formatBytes(total)}`)
  if (known && speed !== null) words.push(`${formatBytes(speed)}/s`)
  if (known && speed !== null && speed > 0 && done < total) {
    words.push(leftWords(transfer, speed))
  }
  return words.join(', ')
}

/** The same where there is little room: `12 %, 21.4 s left`. */
export function shortWords(transfer: Transfer): string {
  const { direction, phase, done, total, speed, reconnecting } = transfer
  if (reconnecting) return 'Reconnecting'
  const moves = phase === 'transferring' || phase === 'receiving'
  if (!moves || total === 0) return phases[direction][phase]
  const left = speed !== null && speed > 0 && done < total ? `, ${leftWords(transfer, speed)}` : ''
  return `${Math.floor((done / total) * 100)} %${left}`
}

function leftWords({ done, total }: Transfer, speed: number): string {
  return `${formatDuration(Math.max(1, Math.ceil((total - done) / speed)) * 1000)} left`
}

/** The evidence of one that arrived. */
export function basisWords({ basis, direction }: Pick<Transfer, 'basis' | 'direction'>): string {
  if (direction === 'upload') return 'read back on the server'
  if (basis === 'fingerprint') return 'equal to the fingerprint of the backup'
  if (basis === 'verification') return 'equal to what its last verification read'
  return 'the backup has no fingerprint: only the size was compared'
}
