/** Walks through the whole job on a demo site, with the console's own services. */
import type { DemoSiteOptions } from '../site.ts'
import type { Report, WalkEnd } from './report.ts'
import { newWalk, type WalkState } from './state.ts'
import { walk } from './step.ts'
import { backUp, verifyIt } from './steps-backup.ts'
import { buildAnew } from './steps-new-server.ts'
import { loseRows, planIt, restoreIt, undoIt } from './steps-restore.ts'
import { addTheSite, inspectTheSite, leaveTheSite, startSite } from './steps-site.ts'
import { backUpAll, breakAll, restoreAll, undoAll } from './steps-whole.ts'

const STEPS = [
  ...[startSite, addTheSite, inspectTheSite, backUp, verifyIt],
  ...[loseRows, planIt, restoreIt, undoIt],
  ...[backUpAll, breakAll, restoreAll, undoAll, buildAnew, leaveTheSite],
]

export interface HeadlessOptions extends DemoSiteOptions {
  readonly report: Report
  /** Interrupts the walk at any point; it counts as not proven. */
  readonly signal?: AbortSignal
  /** Called before each step; tests use it to cause faults. */
  readonly before?: (step: string, state: WalkState) => Promise<void>
}

/** Walks, and always cleans up. Never rejects. */
export async function walkDemo({ report, signal, before, ...options }: HeadlessOptions): Promise<WalkEnd> {
  const state = newWalk(options)
  const cleanUp = async (): Promise<void> => {
    await state.console?.[Symbol.asyncDispose]()
    await state.fresh?.stop()
    await state.demo?.stop()
  }
  const stop = (): void => void cleanUp()
  signal?.addEventListener('abort', stop, { once: true })
  try {
    const check = async (step: string): Promise<void> => {
      if (signal?.aborted) throw new Error('it was interrupted')
      await before?.(step, state)
    }
    return await walk({ steps: STEPS, state, report, before: check })
  } finally {
    signal?.removeEventListener('abort', stop)
    await cleanUp()
  }
}
