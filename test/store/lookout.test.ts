/** What a console remembers of its own watch: when it was awake, what was promised to it, who acknowledged a silence. */
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { rowsOf, summaryOf } from '../../src-main/app/alerts.ts'
import { Lookout } from '../../src-main/app/lookout.ts'
import type { RefreshState } from '../../src-main/fleet/site-refresher.ts'
import type { Context } from '../../src-main/operations/context.ts'
import { type Inspection, inspection } from '../../src-shared/domain/kit-site.ts'
import { scratchFolder } from '../support/folder.ts'
import { mustOpen, sampleSite } from './sample.ts'

const HOUR = 3_600_000
const MINUTE = 60_000

/** A store with a site, and a fleet that refreshes when it is told to. */
function stand() {
  const store = mustOpen(join(scratchFolder(), 'store.db'))
  const site = sampleSite('North')
  const other = sampleSite('South')
  for (const one of [site, other]) store.sites.insert(one)
  const clock = { at: 1_800_000_000_000, now: () => clock.at }
  const context = { store, clock, identity: { who: 'ada@desk' }, log: { write: () => undefined } } as unknown as Context
  const failures = new Map<string, string>()
  let heard: (id: string) => void = () => undefined
  const fleet = {
    subscribe: (listener: (id: string) => void) => {
      heard = listener
      return () => undefined
    },
    refreshState: (id: string): RefreshState => {
      const code = failures.get(id)
      return { refreshing: false, link: null, failure: code === undefined ? null : { code, message: 'No answer.' } }
    },
  }
  let lookout = new Lookout(context, fleet)
  const restart = () => {
    lookout.close()
    lookout = new Lookout(context, fleet)
  }
  /** Time passes while the console is awake: it beats, as it does each minute. */
  const wake = (ms: number) => {
    for (let passed = 0; passed < ms; passed += MINUTE) {
      clock.at += MINUTE
      restart()
    }
  }
  const answer = (facts: Partial<Inspection>) => {
    failures.delete(site.id)
    store.inspections.keep(site.id, clock.at, { ...bare(clock.at), ...facts })
    heard(site.id)
  }
  const alerts = () => lookout.alertsOf(site)
  const summary = () => summaryOf(alerts(), clock.at)
  const rows = () => rowsOf(site, alerts(), clock.at).map(({ from, id, quiet }) => [from, id, quiet])
  return { site, other, clock, failures, wake, restart, answer, alerts, summary, rows, look: () => lookout }
}

/** The parts of an inspection that are looked at here. */
function bare(now: number): Inspection {
  return {
    time: { now, zone: 'Europe/Berlin', offset: '+01:00' },
    policy: { backup_max_age: '7200' },
  } as unknown as Inspection
}

const promise = { schedule: { installed: true, paused: null, monitor: 'every 1h' } }

test('a site that does not answer is silent after the age of its policy, in time that the console was awake', () => {
  const { site, other, clock, failures, wake, restart, answer, rows, summary } = stand()
  answer({})
  failures.set(site.id, 'unreachable')
  // Switched off for three days.
  clock.at += 72 * HOUR
  restart()
  wake(HOUR)
  expect(rows()).toEqual([])
  wake(HOUR + MINUTE)
  expect(rows()).toEqual([['console', 'no-contact', false]])
  expect(summary()).toEqual({ errors: 1, warnings: 0, acknowledged: 0, known: false, monitoredAt: null })
  failures.set(other.id, 'unreachable')
  expect(summary()).toMatchObject({ errors: 0, warnings: 1 })
  // It was not asked at all: a person is waited for.
  failures.set(site.id, 'password-needed')
  expect(rows()).toEqual([])
})

test('a silence is acknowledged until it ends, also over a restart; the next one is not', () => {
  const { site, clock, failures, wake, restart, answer, rows, summary, look } = stand()
  answer({})
  failures.set(site.id, 'unreachable')
  wake(2 * HOUR + MINUTE)
  expect(look().acknowledge(site, 'no-monitoring', { reason: 'x', until: null })).toBe(false)
  expect(look().acknowledge(site, 'no-contact', { reason: 'moving the server', until: clock.at + HOUR })).toBe(true)
  restart()
  expect([rows(), summary()]).toEqual([[['console', 'no-contact', true]], expect.objectContaining({ acknowledged: 1 })])
  wake(HOUR)
  expect(rows()).toEqual([['console', 'no-contact', false]])
  expect(look().acknowledge(site, 'no-contact', { reason: 'still moving', until: null })).toBe(true)
  expect(rows()[0]?.[2]).toBe(true)
  expect(look().withdraw(site, 'no-contact')).toBe(true)
  expect(look().withdraw(site, 'no-contact')).toBe(false)
  expect(rows()[0]?.[2]).toBe(false)
  look().acknowledge(site, 'no-contact', { reason: 'again', until: null })
  answer({})
  expect(rows()).toEqual([])
  failures.set(site.id, 'unreachable')
  wake(2 * HOUR + MINUTE)
  expect(rows()).toEqual([['console', 'no-contact', false]])
})

test('a monitoring that never runs is missed from when the console first saw its promise', () => {
  const { clock, wake, restart, answer, rows } = stand()
  const waiting = { ...promise, alerts: { known: true, monitoredAt: null, open: [] } }
  answer(waiting)
  wake(HOUR)
  answer(waiting)
  clock.at += 1.6 * HOUR
  restart()
  answer(waiting)
  expect(rows()).toEqual([['console', 'no-monitoring', false]])
  answer({ ...waiting, alerts: { known: true, monitoredAt: clock.at, open: [] } })
  expect(rows()).toEqual([])
  // Nothing is promised by a schedule that is paused, or gone.
  clock.at += 9 * HOUR
  answer({ ...waiting, schedule: { ...promise.schedule, paused: { until: null } } })
  answer({ ...waiting, schedule: { ...promise.schedule, installed: false } })
  expect(rows()).toEqual([])
})

test('the alerts of the server are counted by its own clock', () => {
  const { clock, answer, summary, rows } = stand()
  const ahead = clock.at + 5 * HOUR
  const alert = (id: string, until: number | null | undefined) => ({
    ...{ id, rule: id, subject: '', severity: 'error' as const, since: ahead, seenAt: ahead, clearedAt: null },
    ...{ evidence: 'x', fix: '', toldAt: null },
    acknowledged: until === undefined ? null : { at: ahead, who: 'ada', reason: 'known', until },
  })
  const open = [alert('a', undefined), alert('b', ahead - 1), alert('c', ahead + HOUR), alert('d', null)]
  const time = { now: ahead, zone: 'Europe/Berlin', offset: '+01:00' }
  answer({ time, ...promise, alerts: { known: true, monitoredAt: ahead, open } })
  expect(summary()).toEqual({ errors: 2, warnings: 0, acknowledged: 2, known: true, monitoredAt: ahead })
  expect(rows().map(([, id, quiet]) => [id, quiet])).toEqual([
    ['a', false],
    ['b', false],
    ['c', true],
    ['d', true],
  ])
})

test('an inspection of an earlier kit has no alerts, and one of a later kit may have more members', () => {
  const { alerts, schedule } = inspection.shape
  expect([alerts.safeParse(undefined).success, schedule.safeParse(undefined).success]).toEqual([true, true])
  expect(alerts.parse({ known: true, monitoredAt: null, open: [], more: 1 })).toMatchObject({ more: 1 })
})
