import type { Page } from 'playwright-core'
import { median } from '../table.ts'

/** Milliseconds from each frame of the page to the next, while something is done. */
export async function framesDuring(page: Page, act: () => Promise<void>): Promise<number[]> {
  await page.evaluate('bench.watchFrames()')
  await act()
  return await page.evaluate<number[]>('bench.intervals()')
}

/** The same while nothing is done: the speed of this browser on this machine. */
export function idleFrames(page: Page): Promise<number[]> {
  return framesDuring(page, () => page.waitForTimeout(1000))
}

/** Duration of a frame, without late ones. */
export function frameMs(intervals: readonly number[]): number {
  return median(intervals)
}

export function framesASecond(intervals: readonly number[]): number {
  return (1000 * intervals.length) / intervals.reduce((sum, interval) => sum + interval, 0)
}

/** Share of frames later than one and a half frame durations. */
export function lateShare(intervals: readonly number[], frame: number): number {
  return intervals.filter((interval) => interval > 1.5 * frame).length / intervals.length
}
