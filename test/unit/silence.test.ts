/** What should have arrived from a site and did not; and nothing else. */
import { describe, expect, test } from 'vitest'
import {
  afterBeat,
  awakeSince,
  BEAT,
  periodOf,
  type SilenceFacts,
  silencesOf,
} from '../../src-shared/domain/silence.ts'

const HOUR = 3_600_000
const now = 1_800_000_000_000
const ago = (hours: number) => now - hours * HOUR

/** A site that answers, with a monitoring that ran half an hour ago; the clock of its server is a day ahead. */
function of(more: Partial<SilenceFacts> = {}) {
  const facts = {
    now,
    contactAt: now,
    unreachable: false,
    othersAnswer: null,
    spells: [{ from: ago(100), to: now }],
    maxAge: 4 * HOUR,
    monitor: 'every 1h',
    monitoredAt: now + 23.5 * HOUR,
    answeredAt: now + 24 * HOUR,
    promisedAt: null,
    ...more,
  }
  return silencesOf(facts).map(({ rule, severity, sentence }) => `${rule} ${severity}: ${sentence}`)
}

/** Its monitoring ran so many hours before its last answer. */
const monitored = (hours: number) => ({ monitoredAt: now + (24 - hours) * HOUR })

describe('monitoring', () => {
  test('is silent after twice its period and half an hour', () => {
    expect(of()).toEqual([])
    expect(of(monitored(2.5))).toEqual([])
    expect(of(monitored(2.6))).toEqual(['no-monitoring error: Its monitoring has not run for 2 hours.'])
    expect(of({ ...monitored(40), monitor: 'daily 07:00' })).toEqual([])
    expect(of({ ...monitored(49), monitor: 'daily 07:00' })).toHaveLength(1)
  })

  test('that was not promised is not missed', () => {
    for (const monitor of [null, 'off', 'whenever']) expect(of({ ...monitored(90), monitor })).toEqual([])
  })

  test('that has never run is missed from when the promise was seen', () => {
    const never = { monitoredAt: null }
    expect(of(never)).toEqual([])
    expect(of({ ...never, promisedAt: ago(2) })).toEqual([])
    expect(of({ ...never, promisedAt: ago(3) })).toEqual(['no-monitoring error: Its monitoring has never run.'])
  })

  test('of a site that does not answer now is judged by its last answer, and does not age', () => {
    const away = { unreachable: true, contactAt: ago(3), maxAge: 9 * HOUR }
    expect(of(away)).toEqual([])
    expect(of({ ...away, ...monitored(3) })).toEqual(['no-monitoring error: Its monitoring has not run for 3 hours.'])
  })

  test('says how often it was to run', () => {
    const never = { unreachable: false, othersAnswer: null, spells: [], promisedAt: null }
    const facts = { ...never, now, contactAt: now, answeredAt: now, monitoredAt: ago(900), maxAge: HOUR }
    const evidence = (monitor: string) => silencesOf({ ...facts, monitor })[0]?.evidence
    expect(evidence('every 1h')).toMatch(/^The server checks itself every hour, but last did so 37 days ago\./)
    expect(evidence('every 6h')).toMatch(/itself every 6 hours,/)
    expect(evidence('sunday 06:30')).toMatch(/itself sundays at 06:30,/)
  })
})

describe('a site without an answer', () => {
  const gone = { unreachable: true, contactAt: ago(5) }

  test('is silent once it could have lost more than its policy allows', () => {
    expect(of(gone)).toEqual(['no-contact error: No contact for 5 hours.'])
    expect(of({ ...gone, contactAt: ago(4) })).toEqual([])
    expect(of({ ...gone, maxAge: 6 * HOUR })).toEqual([])
    expect(of({ ...gone, unreachable: false })).toEqual([])
    expect(of({ ...gone, contactAt: null })).toEqual([])
  })

  test('is not silent for time in which this console was off or asleep', () => {
    const weekend = { ...gone, contactAt: ago(60) }
    const spells = [
      { from: ago(70), to: ago(59) },
      { from: ago(1), to: now },
    ]
    expect(of({ ...weekend, spells })).toEqual([])
    expect(of({ ...weekend, spells: [{ from: ago(70), to: ago(55.9) }, ...spells.slice(1)] })).toHaveLength(1)
  })

  test('is only a warning while no other site answers: it may be the network here', () => {
    expect(of({ ...gone, othersAnswer: false })).toEqual(['no-contact warning: No contact for 5 hours.'])
    expect(of({ ...gone, othersAnswer: true })[0]).toMatch(/error/)
  })
})

test('beats make spells: a gap is sleep, and what the clock contradicts is forgotten', () => {
  let spells = afterBeat([], 0)
  for (let beat = 1; beat <= 10; beat += 1) spells = afterBeat(spells, beat * BEAT)
  expect(spells).toEqual([{ from: 0, to: 10 * BEAT }])
  spells = afterBeat(spells, 100 * BEAT)
  spells = afterBeat(spells, 101 * BEAT)
  expect(spells).toEqual([
    { from: 0, to: 10 * BEAT },
    { from: 100 * BEAT, to: 101 * BEAT },
  ])
  expect(awakeSince(spells, 5 * BEAT)).toBe(6 * BEAT)
  expect(afterBeat(spells, 50 * BEAT)).toEqual([
    { from: 0, to: 10 * BEAT },
    { from: 50 * BEAT, to: 50 * BEAT },
  ])
  expect(afterBeat(spells, 60 * 24 * HOUR)).toHaveLength(1)
})

test('every schedule has its longest period', () => {
  const words = ['every 12h', 'daily 02:00', 'sunday 01:00', 'monthly 01 02:00', 'off', '']
  expect(words.map(periodOf).map((ms) => (ms === null ? null : ms / HOUR))).toEqual([12, 24, 168, 744, null, null])
})
