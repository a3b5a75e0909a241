import { expect, test } from 'vitest'
import { scheduleText } from '../../src-shared/domain/schedule.ts'
import { comingWords, ordinal, readPlan, scheduleWords, writePlan } from '../../src-shared/domain/schedule-words.ts'

test.each([
  ['off', 'Never'],
  ['every 1h', 'Every hour'],
  ['every 12h', 'Every 12 hours'],
  ['daily 02:00', 'Daily at 02:00'],
  ['sunday 01:00', 'Sundays at 01:00'],
  ['monthly 03 23:59', 'Monthly on the 3rd at 23:59'],
])('%s is written as it was read, and said as: %s', (schedule, words) => {
  const plan = readPlan(schedule)
  expect(plan && writePlan(plan)).toBe(schedule)
  expect(scheduleText.safeParse(schedule).success).toBe(true)
  expect(scheduleWords(schedule)).toBe(words)
})

test.each(['', 'hourly', 'every h', 'caturday 01:00', 'every 2h; reboot'])('%j is shown as it stands', (schedule) => {
  expect(readPlan(schedule)).toBeNull()
  expect(scheduleWords(schedule)).toBe(schedule)
})

test('ordinals end as they are said', () => {
  expect([1, 2, 3, 4, 11, 12, 13, 21, 22, 23, 28].map(ordinal)).toEqual(
    '1st 2nd 3rd 4th 11th 12th 13th 21st 22nd 23rd 28th'.split(' '),
  )
})

test('coming runs are said by the clocks of the server, not of this computer', () => {
  const now = Date.parse('2026-11-27T22:30:00Z')
  const hours = [0, 2, 4].map((hour) => Date.parse('2026-11-27T23:00:00Z') + hour * 3_600_000)
  expect(comingWords(hours, now, 'Europe/Berlin')).toBe('tomorrow 00:00, 02:00, 04:00')
  const daily = [1, 2, 3, 4].map((day) => Date.parse('2026-11-27T01:00:00Z') + day * 86_400_000)
  expect(comingWords(daily, now, 'UTC')).toBe('01:00: tomorrow, Sun 29, Mon 30 Nov, Tue 1 Dec')
  expect(comingWords([], now, 'UTC')).toBe('')
})
