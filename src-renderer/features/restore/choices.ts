/** What is chosen for a plan of a folder. It outlives the pages of a restore and a reload of the window, and ends with it. */
import { z } from 'zod'
import { create } from 'zustand'

const choices = z.object({
  /** Only these files, as the plan names them; empty for all. */
  only: z.array(z.string()),
  /** What becomes of the virtual environment; null as planned. */
  venv: z.enum(['kept', 'rebuilt']).nullable(),
})
export type Choices = z.infer<typeof choices>

const KEY = 'restore-choices'
const none: Choices = { only: [], venv: null }

function stored(): Record<string, Choices> {
  try {
    return z.record(z.string(), choices).parse(JSON.parse(sessionStorage.getItem(KEY) ?? '{}'))
  } catch {
    return {}
  }
}

const useAll = create<Record<string, Choices>>(stored)

export function useChoices(planId: string | null): Choices {
  return useAll((all) => (planId === null ? none : (all[planId] ?? none)))
}

export function choose(planId: string, change: Partial<Choices>): void {
  useAll.setState((all) => ({ [planId]: { ...(all[planId] ?? none), ...change } }))
  try {
    sessionStorage.setItem(KEY, JSON.stringify({ [planId]: useAll.getState()[planId] }))
  } catch {
    // No room, or not allowed: it is lost with a reload, and the last step says what will be restored.
  }
}
