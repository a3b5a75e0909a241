import { expect, test } from 'vitest'
import {
  formatBound,
  formatBytes,
  formatClock,
  formatCount,
  formatDuration,
  formatSpan,
  formatTime,
} from '../../src-shared/domain/format.ts'

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1700, '1.7 KB'],
  [1_700_000, '1.7 MB'],
  [777_000_000, '777 MB'],
  [5e15, '5000 TB'],
])('%i bytes: %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text)
})

test.each([
  [-5, '0 ms'],
  [999, '999 ms'],
  [2500, '2.5 s'],
  [59_940, '59.9 s'],
  [59_960, '1 min 00 s'],
  [65_000, '1 min 05 s'],
  [7_800_000, '2 h 10 min'],
])('%i ms: %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text)
})

test.each([
  [0, '0 seconds'],
  [1000, '1 second'],
  [119_000, '119 seconds'],
  [120_000, '2 minutes'],
  [3 * 3_600_000, '3 hours'],
  [47 * 3_600_000, '47 hours'],
  [16 * 86_400_000, '16 days'],
])('a span of %i ms: %s', (ms, text) => {
  expect(formatSpan(ms)).toBe(text)
})

test.each([
  [0, '2 minutes'],
  [119_000, '2 minutes'],
  [120_000, '3 minutes'],
  [3 * 3_600_000 + 3_000_000, '4 hours'],
  [47 * 3_600_000, '48 hours'],
  [2 * 86_400_000, '3 days'],
])('an upper bound for a span of %i ms: %s', (ms, text) => {
  expect(formatBound(ms)).toBe(text)
})

test('times are shown in the zone of the server, or in UTC if that is unknown', () => {
  expect(formatTime(1_780_000_000_000, 'Europe/Berlin')).toBe('2026-05-28 22:26:40 Europe/Berlin')
  expect(formatTime(1_780_000_000_000, 'Nowhere/At All')).toBe('2026-05-28 20:26:40 UTC')
})

test.each([
  ['Europe/Berlin', '2025-10-26T00:30:00Z', '2025-10-26 02:30:00 +02:00'],
  ['Europe/Berlin', '2025-10-26T01:30:00Z', '2025-10-26 02:30:00 +01:00'],
  ['Europe/Berlin', '2025-10-25T23:59:59Z', '2025-10-26 01:59:59'],
  ['Europe/Berlin', '2025-10-26T02:00:00Z', '2025-10-26 03:00:00'],
  ['Europe/Berlin', '2025-03-30T01:00:00Z', '2025-03-30 03:00:00'],
  ['America/New_York', '2025-11-02T05:30:00Z', '2025-11-02 01:30:00 -04:00'],
  ['America/New_York', '2025-11-02T06:30:00Z', '2025-11-02 01:30:00 -05:00'],
  ['Australia/Lord_Howe', '2025-04-05T14:45:00Z', '2025-04-06 01:45:00 +11:00'],
  ['Australia/Lord_Howe', '2025-04-05T15:15:00Z', '2025-04-06 01:45:00 +10:30'],
  ['UTC', '2025-10-26T01:30:00Z', '2025-10-26 01:30:00'],
])('a time that the clocks of %s show twice has its offset: %s', (zone, at, text) => {
  expect(formatClock(Date.parse(at), zone)).toBe(text)
  expect(formatTime(Date.parse(at) + 999, zone)).toBe(`${text} ${zone}`)
})

test('thousands are separated', () => {
  expect(formatCount(1_234_567)).toBe('1,234,567')
})
