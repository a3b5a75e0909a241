/** Updates sent from timers: an error there must not end the console, and no update may be lost. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { throttle } from '../../src-main/app/throttle.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

test('events in quick succession are sent together', () => {
  const flushed: string[][] = []
  const changes = throttle<string>(100, { write: () => {} }, (items) => flushed.push([...items]))
  for (const item of ['one', 'two', 'one']) changes.add(item)
  vi.runAllTimers()
  expect(flushed).toEqual([['one', 'two']])
})

test('a store that cannot be read for a moment: logged, and the update is sent later', () => {
  const flushed: string[][] = []
  const log: string[] = []
  let broken = true
  const changes = throttle<string>(100, { write: (_level, event) => log.push(event) }, (items) => {
    if (broken) throw new Error('disk I/O error')
    flushed.push([...items])
  })
  changes.add('one')
  expect(() => vi.advanceTimersByTime(1000)).not.toThrow()
  expect(log).toEqual(['updating windows failed'])
  broken = false
  changes.add('two')
  vi.runAllTimers()
  expect(flushed).toEqual([['one', 'two']])
  changes.add('three')
  changes.stop()
  vi.runAllTimers()
  expect(flushed).toHaveLength(1)
})

test('nothing is sent after the end, not even later events', () => {
  const flushed: number[] = []
  const changes = throttle<number>(100, { write: () => {} }, (items) => flushed.push(...items))
  changes.add(1)
  changes.stop()
  changes.add(2)
  vi.advanceTimersByTime(1000)
  expect(flushed).toEqual([])
})
