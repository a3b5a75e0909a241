import { expect, test } from 'vitest'
import { readRule, rulesOf, writeRule } from '../../../src-renderer/features/retention/rule-fields.ts'
import {
  settingProblem,
  settings,
  settingWords,
  shownNumber,
  storedNumber,
} from '../../../src-renderer/shared/policy-settings.ts'
import { retentionDefaults } from '../../../src-shared/domain/retention.ts'

test.each(['days 30 most 200', 'days 14', 'days 1 most 2 hourly 3 daily 4 weekly 5 monthly 6'])(
  'the rule %s is read into fields and written again as it was',
  (rule) => {
    expect(writeRule(readRule(rule))).toBe(rule)
  },
)

test('what is typed so far stays in its field, and is refused until it is a rule', () => {
  const empty = writeRule({ ...readRule('days 30 most 200'), days: '' })
  expect(readRule(empty)).toMatchObject({ days: '', most: '200' })
  expect(settingProblem('retention_database', empty)).toBeDefined()
  const words = writeRule({ ...readRule('days 30'), daily: '7 x' })
  expect(readRule(words)).toMatchObject({ days: '30', daily: '7x' })
  expect(settingProblem('retention_database', words)).toBeDefined()
})

test('no limit is an empty field, and 0 is none', () => {
  const rule = { ...readRule('days 30 most 200'), most: '', daily: '0', weekly: '04' }
  expect(writeRule(rule)).toBe('days 30 weekly 4')
})

test('the rules of a policy are those of the kinds it has', () => {
  expect(rulesOf({ root: '/opt/cvd', retention_system: 'days 28', retention_other: 'days 1' })).toEqual({
    system: 'days 28',
  })
})

test('settings are shown in the units of people', () => {
  expect(settingWords('backup_max_age', '14400')).toBe('4 hours')
  expect(settingWords('busy_timeout', '10000')).toBe('10 seconds')
  expect(settingWords('alert_lock', '3600')).toBe('1 hour')
  expect(settingWords('alert_min_size', '1048576')).toBe('1 MiB')
  expect(settingWords('verify_budget', '0')).toBe('Off')
  expect(settingWords('retention_database', retentionDefaults.database)).toBe('30 days, at most 200')
  expect(settingWords('retention_database', 'days 1 daily 7 monthly 12')).toBe('1 day, and 7 daily, 12 monthly')
  expect(settingWords('quiet_hours', '22-07')).toBe('From 22:00 to 07:00')
  expect(settingWords('schedule_system', 'sunday 01:00')).toBe('Sundays at 01:00')
  expect(settingWords('of_another_version', 'x')).toBe('x')
})

test('a number is stored as it was, whatever the unit that it is shown in', () => {
  for (const [key, { form }] of Object.entries(settings)) {
    if (form.form !== 'number') continue
    for (const stored of ['1', '5000', '14400', '93600', '1048576', '999999'])
      expect([key, storedNumber(form, shownNumber(form, stored))]).toEqual([key, stored])
  }
})

test.each([
  ['backup_max_age', ''],
  ['backup_max_age', '0'],
  ['backup_max_age', '-1'],
  ['backup_max_age', 'a[$(id)]'],
  ['verify_budget', '1441'],
  ['root', 'opt/cvd'],
  ['root', '/opt\n/cvd'],
  ['health', 'file:///etc/passwd'],
  ['service', '-cvd'],
  ['service', ''],
  ['key_tables', 'users; DROP TABLE users'],
  ['owner', 'root'],
  ['quiet_hours', '07-07'],
  ['quiet_hours', '24-07'],
  ['retention_safety', 'days 14 most 3'],
])('%s is not %j', (key, value) => {
  expect(settingProblem(key, value)).toBeDefined()
})
