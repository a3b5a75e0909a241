import { Mark, type MarkName } from '../../ui/verdict.tsx'
import type { Run } from './standing.ts'

const marks: Readonly<Record<string, { readonly of: MarkName; readonly word?: string }>> = {
  succeeded: { of: 'succeeded' },
  failed: { of: 'failed' },
  missed: { of: 'error', word: 'Missed' },
  skipped: { of: 'skipped' },
  running: { of: 'running' },
  cancelled: { of: 'cancelled' },
  'rolled back': { of: 'rolled back' },
}

/** How a run ended; an outcome of another version is unknown. */
export function RunMark({ outcome }: Pick<Run, 'outcome'>) {
  const { of, word } = (Object.hasOwn(marks, outcome) ? marks[outcome] : undefined) ?? { of: 'unknown' }
  return <Mark of={of}>{word}</Mark>
}
