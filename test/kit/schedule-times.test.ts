// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is bash
/** When something is due, in any zone, in both changes of summer time: by trying every quarter of an hour, and by systemd. */
import { execFileSync, spawnSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { scheduleText } from '../../src-shared/domain/schedule.ts'
import { ScratchSite } from '../support/scratch-site.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const QUARTER = 900_000
const zones = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'America/Santiago',
  'Australia/Lord_Howe',
  'Africa/Cairo',
  'Asia/Kathmandu',
] as const
/** Before each of these zones changes its clocks in 2026, or thereabouts. */
const starts = [
  '2026-03-05',
  '2026-03-26',
  '2026-04-02',
  '2026-04-22',
  '2026-09-03',
  '2026-10-01',
  '2026-10-22',
  '2026-10-29',
]
/** With a change in most of these zones within ten days. */
const changing = ['2026-03-25T12:00:00Z', '2026-04-22T12:00:00Z', '2026-10-24T12:00:00Z'] as const
const schedules = [
  'every 1h',
  'every 2h',
  'every 3h',
  'every 12h',
  'daily 00:00',
  'daily 00:30',
  'daily 01:45',
  'daily 02:00',
  'daily 02:15',
  'daily 03:00',
  'daily 23:30',
  'sunday 02:30',
  'sunday 01:00',
  'monday 05:00',
  'tuesday 12:45',
  'wednesday 00:00',
  'thursday 02:30',
  'friday 00:15',
  'saturday 23:00',
  'monthly 01 02:30',
  'monthly 08 02:00',
]
const hasSystemd = spawnSync('systemd-analyze', ['calendar', '--base-time=@1770000000', 'daily']).status === 0

let site: ScratchSite
beforeAll(() => {
  site = new ScratchSite()
})
afterAll(() => site.remove())

interface Wish {
  readonly schedule: string
  readonly low: number
  readonly high: number
}

/** A name for each question, of letters only. */
const nameOf = (index: number) => `q${[...String(index)].map((digit) => 'abcdefghij'[Number(digit)]).join('')}`

/** The kit's answer to many questions in one zone, asked at once. */
function due(zone: string, wishes: readonly Wish[]): number[][] {
  const text = `export TZ=$1; shift
    while (($# > 0)); do schedule_wish "$@"; shift 4; done >"$HOME/wishes"; schedule_times <"$HOME/wishes"`
  const args = wishes.flatMap(({ schedule, low, high }, index) => [nameOf(index), schedule, String(low), String(high)])
  const lines = site
    .library(text, [zone, ...args])
    .trimEnd()
    .split('\n')
  expect(lines.pop()).toBe('whole')
  const found = new Map(wishes.map((_, index) => [nameOf(index), [] as number[]]))
  for (const line of lines) found.get(line.split('\t')[0] ?? '')?.push(Number(line.split('\t')[1]))
  return [...found.values()]
}

function wallClock(zone: string): (at: number) => string {
  const format = new Intl.DateTimeFormat('en-GB', {
    ...{ timeZone: zone, hourCycle: 'h23', weekday: 'long' },
    ...{ year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit' },
  })
  return (at) => {
    const part = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]))
    return `${part.year}-${part.month}-${part.day} ${part.hour}:${part.minute} ${part.weekday?.toLowerCase()}`
  }
}

function matches(schedule: string, wall: string): boolean {
  const [date = '', time = '', weekday = ''] = wall.split(' ')
  const [form = '', ...rest] = schedule.split(' ')
  if (form === 'every')
    return time.endsWith(':00') && Number(time.slice(0, 2)) % Number.parseInt(rest[0] ?? '', 10) === 0
  if (form === 'daily') return time === rest[0]
  if (form === 'monthly') return date.endsWith(`-${rest[0]}`) && time === rest[1]
  return weekday === form && time === rest[0]
}

interface Shown {
  readonly at: number
  readonly wall: string
  /** The first time that the clocks show this. */
  readonly first: boolean
}

/** What the clocks show in each quarter of an hour, and what they leave out: at the moment that is as much later. */
function shownIn(zone: string, low: number, high: number): { shown: Shown[]; leftOut: Shown[] } {
  const wall = wallClock(zone)
  const utc = wallClock('UTC')
  const asUtc = (text: string) => Date.parse(`${text.slice(0, 16).replace(' ', 'T')}Z`)
  const seen = new Set<string>()
  const shown: Shown[] = []
  const leftOut: Shown[] = []
  for (let at = low - 2 * DAY; at <= high; at += QUARTER) {
    const now = wall(at)
    const before = shown.at(-1)
    for (let gap = before ? asUtc(before.wall) + QUARTER : asUtc(now); before && gap < asUtc(now); gap += QUARTER)
      leftOut.push({ at: before.at + gap - asUtc(before.wall), wall: utc(gap), first: true })
    shown.push({ at, wall: now, first: !seen.has(now) })
    seen.add(now)
  }
  return { shown, leftOut }
}

/** By trying: a wall clock time counts when it is shown first; one that is left out counts as much later as the clocks were moved. */
function tried(clocks: ReturnType<typeof shownIn>, { schedule, low, high }: Wish): number[] {
  const all = [...clocks.shown.filter(({ first }) => first), ...(schedule.startsWith('every') ? [] : clocks.leftOut)]
  const found = all.filter(({ at, wall }) => at > low && at <= high && matches(schedule, wall)).map(({ at }) => at)
  return [...new Set(found)].sort((one, other) => one - other)
}

const wishes = starts.flatMap((start) =>
  schedules.map((schedule) => ({
    schedule,
    low: Date.parse(`${start}T00:00:00Z`),
    high: Date.parse(`${start}T00:00:00Z`) + 7 * DAY,
  })),
)

describe.each(zones)('in %s', (zone) => {
  it('everything is due when it should be', () => {
    const answers = due(zone, wishes)
    const clocks = new Map(wishes.map(({ low, high }) => [low, { low, high }]))
    const shown = new Map([...clocks.values()].map(({ low, high }) => [low, shownIn(zone, low, high)]))
    const expected = wishes.map((wish) => tried(shown.get(wish.low) ?? { shown: [], leftOut: [] }, wish))
    expect(expected.flat().length).toBeGreaterThan(1000)
    expect(answers.map((answer, index) => [wishes[index], answer])).toEqual(
      expected.map((one, index) => [wishes[index], one]),
    )
  })

  it.skipIf(!hasSystemd)('the timers of systemd go off then, except when the clocks leave it out', () => {
    const calendars = site
      .library('for one in "$@"; do unit_calendar "$one"; printf "%s\\n" "${REPLY#OnCalendar=}"; done', schedules)
      .split('\n')
    const all = schedules.flatMap((schedule) =>
      changing.map((start) => ({ schedule, low: Date.parse(start), high: Date.parse(start) + 10 * DAY })),
    )
    const answers = due(zone, all)
    for (const [index, wish] of all.entries()) {
      const off = elapses(zone, calendars[schedules.indexOf(wish.schedule)] ?? '', wish)
      const wanted = answers[index] ?? []
      // In autumn systemd may take the second of two equal hours.
      const known = (at: number) => [0, HOUR / 2, HOUR].some((later) => wanted.includes(at - later))
      expect([zone, wish, off.filter((at) => !known(at))]).toEqual([zone, wish, []])
      const wall = wallClock(zone)
      const left = wanted.filter((at) => !off.some((one) => one >= at && one <= at + HOUR))
      expect([zone, wish, left.filter((at) => matches(wish.schedule, wall(at)))]).toEqual([zone, wish, []])
    }
  })
})

function elapses(zone: string, calendar: string, { low, high }: Wish): number[] {
  const text = execFileSync(
    'systemd-analyze',
    ['calendar', `--base-time=@${low / 1000}`, `--iterations=${calendar.includes(',') ? 250 : 12}`, calendar],
    { encoding: 'utf8', env: { ...process.env, TZ: zone, LC_ALL: 'C' } },
  )
  const pattern = zone === 'UTC' ? /(?:elapse|Iter\. #\d+): \w+ (\S+) (\S+) UTC/g : /\(in UTC\): \w+ (\S+) (\S+) UTC/g
  return [...text.matchAll(pattern)].map(([, date, time]) => Date.parse(`${date}T${time}Z`)).filter((at) => at <= high)
}

describe('the form of a schedule', () => {
  const bad = [
    ...[
      '',
      'Every 2h',
      'every 2H',
      'every  2h',
      ' every 2h',
      'every 2h ',
      'every 5h',
      'every 0h',
      'every 24h',
      'every 2m',
    ],
    ...[
      'daily 24:00',
      'daily 2:00',
      'daily 02:60',
      'daily 02:00\nExecStart=/bin/sh',
      'daily 02:00;',
      'daily',
      'Sun 02:00',
    ],
    ...[
      'sunday',
      'monthly 00 02:00',
      'monthly 29 02:00',
      'monthly 1 02:00',
      '*-*-* *:*:*',
      '$(id)',
      'a[$(id)]',
      '%n',
      'off ',
      'daily ०२:००',
    ],
  ]

  it('is the same for the kit and for the console', () => {
    const all = [...schedules, ...bad, 'off', 'every 4h', 'every 6h', 'every 8h', 'monthly 28 23:59', 'wednesday 09:05']
    const text =
      'for one in "$@"; do policy_problem schedule_database "$one"; [[ $REPLY == "" ]] && echo yes || echo no; done'
    const said = site.library(text, all).trim().split('\n')
    expect(said).toEqual(all.map((one) => (scheduleText.safeParse(one).success ? 'yes' : 'no')))
    expect(bad.filter((one) => scheduleText.safeParse(one).success)).toEqual([])
  })

  it('is all that gets into a timer: of any other text there is none', () => {
    const text =
      'for one in "$@"; do unit_calendar "$one" && echo "timer: $one"; schedule_wish database "$one" 1 2; done; true'
    expect(site.library(text, bad)).toBe('')
  })
})
