import { readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'

const windowMs = 1000
/** Share of CPU time that others may use while we measure. */
const tolerated = 0.15

/**
 * Waits until this machine has been nearly idle for a second, at most `patienceMs`. Returns whether it has; without
 * /proc/stat, returns true at once.
 */
export async function untilQuiet(patienceMs: number): Promise<boolean> {
  const end = Date.now() + patienceMs
  for (;;) {
    const before = processorTimes()
    if (before === null) return true
    await pause(windowMs)
    const after = processorTimes()
    if (after === null) return true
    if ((after.busy - before.busy) / Math.max(1, after.all - before.all) <= tolerated) return true
    if (Date.now() >= end) return false
  }
}

function processorTimes(): { readonly busy: number; readonly all: number } | null {
  try {
    const line = readFileSync('/proc/stat', 'utf8').split('\n')[0] ?? ''
    const times = line.split(/\s+/).slice(1, 9).map(Number)
    const all = times.reduce((sum, time) => sum + time, 0)
    const [idle = 0, waiting = 0] = times.slice(3)
    return { busy: all - idle - waiting, all }
  } catch {
    return null
  }
}
