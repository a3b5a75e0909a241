/** The linter of policies: the same answer in the kit's program and in the console, and what it says is true. */
import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { policyLintRule } from '../../src-main/kit/rules.ts'
import { clockRows, findingOf, previewPolicy, siteFacts } from '../../src-main/operations/preview-policy.ts'
import { type RuleValue, runRule } from '../../src-main/store/rules.ts'
import { wallClock } from '../../src-shared/domain/format.ts'
import { copiedKeys, type PolicyProfile, policyProfiles } from '../../src-shared/domain/policy-profiles.ts'
import { policyProblem } from '../../src-shared/domain/policy-values.ts'
import { policyWords } from '../../src-shared/domain/policy-words.ts'
import { lintTablesOf, type RandomPolicy, randomPolicy, zones } from '../support/random-policy.ts'
import { insertsOf } from '../support/random-retention.ts'

const { tables, select } = policyLintRule()
const policies = [...Array(2000).keys()].map(randomPolicy)
type Row = Readonly<Record<string, RuleValue>>
const rows: readonly Row[] = runRule({ tables, select }, lintTablesOf(policies))
const HOUR = 3_600_000
const DAY = 24 * HOUR

const hours = (schedule: string): number | null => {
  const [word = '', second = ''] = schedule.split(' ')
  if (word === 'off') return null
  return word === 'every' ? Number.parseInt(second, 10) : word === 'daily' ? 24 : word === 'monthly' ? 744 : 168
}

/** Rules whose condition is short, written again from their sentences. */
const judges: Readonly<Record<string, (one: RandomPolicy) => number>> = {
  'no-channel': ({ policy, facts }) => Number(facts.channels === 0 && policy.schedule_monitor !== 'off'),
  'not-installed': ({ policy, facts }) =>
    Number(
      facts.installed === false &&
        Object.entries(policy).some(([key, value]) => /^schedule_(?!paused)/.test(key) && value !== 'off'),
    ),
  threshold: ({ policy }) =>
    (
      [
        ['database', 'backup'],
        ['application', 'application'],
        ['config', 'application'],
        ['system', 'system'],
      ] as const
    ).filter(
      ([kind, name]) => (hours(policy[`schedule_${kind}`] ?? '') ?? 0) * 3600 > Number(policy[`${name}_max_age`]),
    ).length,
  cap: ({ policy }) =>
    ['database', 'application', 'config', 'system'].filter((kind) => {
      const [, days = '0', most = ''] = /^days (\d+)(?: most (\d+))?/.exec(policy[`retention_${kind}`] ?? '') ?? []
      const every = hours(policy[`schedule_${kind}`] ?? '')
      if (every === null || most === '') return false
      const perDay = every === 744 ? 12 / 365 : 24 / every
      return perDay * Number(days) > Number(most)
    }).length,
  'quiet-long': ({ policy }) => Number(['07-22', '00-23'].includes(policy.quiet_hours ?? '')),
  'backup-off': ({ policy }) =>
    ['database', 'application', 'config', 'system'].filter((kind) => policy[`schedule_${kind}`] === 'off').length,
  'rotate-off': ({ policy }) => Number(policy.schedule_rotate === 'off'),
  paused: ({ policy }) => Number(policy.schedule_paused === 'yes'),
}

describe('over 2,000 random policies', () => {
  it('finds each contradiction that there is, and makes a whole sentence of it', () => {
    expect([...new Set(rows.map(({ rule }) => String(rule)))].sort()).toEqual(Object.keys(policyWords).sort())
    for (const { sentence, fix, keys, severity } of rows.map(findingOf)) {
      expect(sentence).toMatch(/^[A-Z0-9][^{}|]*\.$/)
      expect(sentence).not.toMatch(/NaN|undefined| {2}| ,|\( ?\)/)
      expect(fix).toMatch(/\.$/)
      for (const key of keys) expect(key).toMatch(/^(schedule|retention|verify|alert|backup|application|system|quiet)_/)
      expect(['error', 'warning', 'info']).toContain(severity)
    }
  })

  it('is the same by the sqlite3 program', () => {
    const text = execFileSync('sqlite3', ['-batch', '-bail', '-separator', '|', ':memory:'], {
      input: `${tables}\n${insertsOf(lintTablesOf(policies))}${select}`,
      encoding: 'utf8',
      maxBuffer: 1e9,
    })
    const number = (value: RuleValue | undefined) => (typeof value === 'number' ? String(value) : (value ?? ''))
    const line = (row: Row) => Object.values(row).map(number).join('|')
    // The program writes a whole real as 30.0.
    const said = text
      .trimEnd()
      .split('\n')
      .map((one) => one.replaceAll(/\|(-?\d+)\.0(?=\|)/g, '|$1'))
    const differing = rows.flatMap((row, index) => (line(row) === said[index] ? [] : [[line(row), said[index]]]))
    expect([said.length, differing.slice(0, 5)]).toEqual([rows.length, []])
  })

  it.each(Object.keys(judges))('says %s where it is so, and nowhere else', (rule) => {
    const found = policies.map(() => 0)
    for (const row of rows) if (row.rule === rule) found[Number(row.site)] = (found[Number(row.site)] ?? 0) + 1
    const expected = policies.map((one) => judges[rule]?.(one) ?? -1)
    expect(found).toEqual(expected)
    expect(expected.some((count) => count > 0)).toBe(true)
  })
})

it.each(zones)('knows each change of the clocks of %s', (zone) => {
  const now = Date.UTC(2026, 10, 27, 3, 20)
  const offset = (at: number) => wallClock(at, zone) - at
  const start = Math.floor(now / 1_800_000) * 1_800_000
  const changes = [...Array(400 * 48).keys()]
    .map((n) => start + n * 1_800_000)
    .filter((at) => offset(at) !== offset(at + 1_800_000))
    .map((at) => at + 1_800_000)
  expect(clockRows(now, zone).map(({ at }) => at)).toEqual(changes)
})

describe('a preview', () => {
  const backup = (days: number, size: number) => ({
    ...{
      path: `/${days}`,
      kind: 'database' as const,
      origin: 'scheduled' as const,
      size,
      modifiedAt: 0,
      takenAt: now - days * DAY,
    },
    ...{ verdict: 'verified' as const, verifiedAt: now, reason: '', hold: false, fingerprint: true, companions: [] },
  })
  const now = Date.UTC(2027, 2, 1)
  const disk = ['database', 'backups'].map((purpose) => ({
    purpose,
    path: '/x',
    total: 1e11,
    free: 1e10,
    device: '/dev/sda1',
  }))
  const seen = {
    ...{ disk, time: { now, zone: 'Europe/Berlin', offset: '+01:00' }, backups: [backup(0, 5e8), backup(1, 5e8)] },
    policy: { schedule_database: 'every 2h', retention_database: 'days 30 most 200', schedule_rotate: 'daily 06:30' },
  }
  const sentences = (wanted: Record<string, string>, facts = siteFacts(seen)) =>
    previewPolicy(seen, wanted, now, facts).findings.map(({ sentence }) => sentence)

  it('has the numbers of the site', () => {
    expect(sentences({})).toEqual([
      'The disk of the backups will be full in 1 day: they grow by 6.0 GB a day, and 10.0 GB are free.',
      '12 a day for 30 days are more than 200 files: backups of this kind (database) are kept for 16.7 days.',
      'The backups lie on the same disk as the database: if it breaks, both are lost.',
    ])
    expect(sentences({ schedule_database: 'daily 02:30', retention_database: 'days 14' })).toEqual([
      'The backups lie on the same disk as the database: if it breaks, both are lost.',
      'On 2027-03-28, 02:30 does not exist in Europe/Berlin: what is due then (database) runs at 03:30.',
    ])
    expect(sentences({ schedule_verify: 'daily 06:00', verify_budget: '5', verify_within: '10' })).toContain(
      'Reading 100.0 GB of backups within 10 days takes about 9 minutes a night, and 5 are allowed.',
    )
  })

  it('says what is not valid, and judges the old value of it', () => {
    const { findings, problems } = previewPolicy(
      seen,
      { retention_database: 'days 30 most', quiet_hours: '07-22' },
      now,
    )
    expect(problems).toEqual({ retention_database: expect.stringMatching(/^retention_database: 'days 30 most 200/) })
    expect(findings.map(({ rule }) => rule)).toEqual(['disk-full', 'cap', 'same-disk', 'quiet-long'])
  })
})

describe('a profile', () => {
  const names = Object.keys(policyProfiles) as PolicyProfile[]

  it.each(names)('%s has all settings of a profile, valid, and leaves what belongs to one server', (name) => {
    const profile = policyProfiles[name]
    expect(Object.keys(profile).sort()).toEqual(Object.keys(policyProfiles.runbook).sort())
    expect(Object.entries(profile).flatMap(([key, value]) => policyProblem(key, value) ?? [])).toEqual([])
    expect(Object.keys(profile).filter((key) => !copiedKeys.some((one) => one === key))).toEqual([])
  })

  it.each(names)('%s has no contradictions, except for the cap of the runbook', (name) => {
    const time = { now: Date.UTC(2026, 5, 1), zone: 'UTC', offset: '+00:00' }
    const { findings } = previewPolicy({ backups: [], disk: [], policy: {}, time }, policyProfiles[name], time.now)
    expect(findings.map(({ rule }) => rule)).toEqual(name === 'runbook' ? ['cap'] : [])
  })
})
