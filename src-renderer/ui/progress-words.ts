/** How far something is, in words. Pure. */
import { formatBytes, formatCount, formatDuration } from '../../src-shared/domain/format.ts'

export interface ProgressValue {
  readonly done: number
  readonly total: number
  readonly unit: 'bytes' | 'files' | 'packages' | 'seconds'
}

/** `12.4 MB of 188 MB`. A total of 0 is not known. */
export function progressWords({ done, total, unit }: ProgressValue): string {
  const of = (value: number) => {
    if (unit === 'bytes') return formatBytes(value)
    return unit === 'seconds' ? formatDuration(value * 1000) : `${formatCount(value)} ${unit}`
  }
  return total > 0 ? `${of(Math.min(done, total))} of ${of(total)}` : of(done)
}
