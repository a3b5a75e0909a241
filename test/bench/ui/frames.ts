import type { Page } from 'playwright-core'
import { median } from '../table.ts'

/** Milliseconds from each frame of the page to the next, while something is done. */
export async function framesDuring(page: Page, act: () => Promise<void>): Promise<number[]> {
  await page.evaluate('bench.watchFrames()')
  await act()
  return await page.evaluate<number[]>('bench.intervals()')
}

/** The same while nothing is done: as fast as this browser is on this machine, now. */
export function idleFrames(page: Page): Promise<number[]> {
  return framesDuring(page, () => page.waitForTimeout(1000))
}

/** How long a frame takes, late ones apart. */
export function frameMs(intervals: readonly number[]): number {
  return median(intervals)
}

export function framesASecond(intervals: readonly number[]): number {
  return (1000 * intervals.length) / intervals.reduce((sum, interval) => sum + interval, 0)
}

/** Share of the frames that came later than one and a half of what a frame takes. */
export function lateShare(intervals: readonly number[], frame: number): number {
  return intervals.filter((interval) => interval > 1.5 * frame).length / intervals.length
}
