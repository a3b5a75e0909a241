import { expect, test } from 'vitest'
import { type Run, runsOf, standingOf } from '../../../src-renderer/features/schedule/standing.ts'
import { untilProblem } from '../../../src-renderer/features/schedule/until-problem.ts'
import type { ScheduleReport } from '../../../src-shared/domain/schedule.ts'

const NOW = Date.parse('2026-11-27T10:30:00Z')
const HOUR = 3_600_000

const run = (kind: string, outcome: string, hours: number, code = ''): Run => {
  const dueAt = NOW - hours * HOUR
  return { kind, dueAt, beganAt: dueAt, endedAt: dueAt + 1000, outcome, code, message: '', operation: '' }
}

const report: ScheduleReport = {
  now: NOW,
  zone: 'UTC',
  installed: true,
  manager: 'systemd',
  kit: { sha256: 'a', intact: true, same: true },
  changed: false,
  paused: null,
  recordsKnown: true,
  kinds: [
    { kind: 'database', schedule: 'every 2h', since: 1, next: [NOW + HOUR] },
    { kind: 'verify', schedule: 'daily 06:00', since: 1, next: [NOW + 20 * HOUR] },
  ],
  runs: [run('database', 'succeeded', 1), run('verify', 'succeeded', 5), run('database', 'failed', 3)],
  missed: [],
  foreign: [],
  replaced: [],
}

const job = {
  form: 'crontab',
  path: '/etc/crontab',
  line: 1,
  script: 'backup_database.sh',
  user: 'root',
  text: '',
} as const

test('what is good says what comes next, and an old failure that was made good says nothing', () => {
  expect(standingOf(report)).toMatchObject({ mark: 'good', next: { title: 'database backup', at: NOW + HOUR } })
})

test.each<[string, Partial<ScheduleReport>, string, string]>([
  ['not installed', { installed: false, kit: null }, 'bad', 'Nothing backs this site up by itself.'],
  [
    'not installed beside the runbook',
    { installed: false, kit: null, foreign: [{ ...job, problem: '' }] },
    'attention',
    'Only jobs of others back this site up.',
  ],
  [
    'with another kit than was installed',
    { kit: { sha256: 'a', intact: false, same: false }, paused: { until: null } },
    'bad',
    'Nothing runs: somebody has changed the installed kit.',
  ],
  ['paused', { paused: { until: NOW + 24 * HOUR } }, 'attention', 'The schedule is paused until 2026-11-28 10:30.'],
  [
    'after a failed run',
    { runs: [run('verify', 'failed', 1), ...report.runs] },
    'attention',
    'The last verification failed.',
  ],
  [
    'after a missed run that nobody recorded',
    { missed: [{ kind: 'database', dueAt: NOW - 1000 }] },
    'attention',
    'The last database backup was missed.',
  ],
  [
    'after several',
    { runs: [run('database', 'failed', 0), run('verify', 'skipped', 1, 'busy')] },
    'attention',
    'The last runs of 2 kinds did not succeed: database backup, verification.',
  ],
  ['with other timers', { changed: true }, 'attention', 'The timers on the server differ from the policy.'],
  ['switched off', { kinds: [] }, 'attention', 'Everything is switched off: nothing will run.'],
])('%s, it says so', (_, change, mark, sentence) => {
  expect(standingOf({ ...report, ...change })).toEqual({ mark, sentence, next: null })
})

test('without any backup it is not protected, whatever is scheduled', () => {
  const sentence = 'Scheduled, but there is no backup yet.'
  expect(standingOf(report, '')).toEqual({ mark: 'bad', sentence, next: null })
  const why = 'There is not enough space.'
  expect(standingOf(report, why).sentence).toBe(`${sentence} The last attempt failed: ${why}`)
})

test('a run that a pause skipped is no problem', () => {
  const runs = [run('database', 'skipped', 0, 'paused'), ...report.runs]
  expect(standingOf({ ...report, runs }).mark).toBe('good')
})

test('missed runs stand in the log at their time', () => {
  const log = runsOf({ ...report, missed: [{ kind: 'database', dueAt: NOW - 4 * HOUR }] })
  expect(log.map(({ outcome }) => outcome)).toEqual(['succeeded', 'failed', 'missed', 'succeeded'])
})

test('a pause ends at a moment of the future by the clock of the server', () => {
  const clock = Date.parse('2026-03-29T02:30:00Z')
  expect(untilProblem('2026-03-29 02:31', clock)).toBeUndefined()
  expect(untilProblem('2026-03-29 02:30', clock)).toMatch(/passed/)
  for (const text of ['', '2026-02-30 10:00', '29.3.2026', '2026-03-29', '2026-03-29 24:61'])
    expect(untilProblem(text, clock)).toMatch(/Such as/)
})
