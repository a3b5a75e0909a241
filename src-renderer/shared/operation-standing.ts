/** What is known of how far an operation is. Windows ask through `use-standing.ts`. Pure. */
import type { OperationRow } from '../../src-shared/contract/operations.ts'
import { type ProgressValue, progressWords } from '../ui/progress-words.ts'
import { connectionLost } from './connection-lost.ts'

export interface Standing {
  /** `lost`: it still runs, or has ended, on the server; step and time are the last ones known. */
  readonly state: 'queued' | 'starting' | 'running' | 'lost' | 'ended'
  /** The step in words; empty where none is known. Of a lost one the last known step. */
  readonly step: string
  /** Null where it is not known how far it is. A lost one has none: a bar would claim to know. */
  readonly progress: ProgressValue | null
  /** Elapsed time is counted from here; null where it would claim to know that the operation still runs. */
  readonly since: number | null
}

export type StandingRow = Pick<OperationRow, 'state' | 'link' | 'step' | 'progress' | 'startedAt'>

/** @param cutOff whether this window itself cannot reach the console. */
export function standingOf(row: StandingRow, cutOff: boolean): Standing {
  const step = row.step?.title ?? ''
  if (row.state === 'ended' || row.state === 'queued') return { state: row.state, step, progress: null, since: null }
  if (cutOff || connectionLost(row)) return { state: 'lost', step, progress: null, since: null }
  // `unknown` has no link, so it is lost.
  const state = row.state === 'starting' ? 'starting' : 'running'
  return { state, step, progress: row.progress, since: row.startedAt }
}

/** `Copy the database · 12.4 MB of 188 MB`, or what is known instead. */
export function standingWords({ state, step, progress }: Standing): string {
  if (state === 'queued') return 'Waiting for its turn'
  if (state === 'lost') return step === '' ? 'Progress unknown until reconnected' : `Last known step: ${step}`
  if (step === '') return state === 'ended' ? '' : 'Waiting for the server'
  return progress ? `${step} · ${progressWords(progress)}` : step
}
