/** Retention in the console means what it means in the kit, and every reason has words. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  deleteReasons,
  keepReasons,
  overdueAfter,
  parseRetention,
  retentionDefaults,
  retentionKinds,
} from '../../src-shared/domain/retention.ts'
import { retentionSentence, retentionWords } from '../../src-shared/domain/retention-words.ts'

const kit = readFileSync(resolve(import.meta.dirname, '../../src-main/kit/bash/site/policy.sh'), 'utf8')
const kitForm = (name: string) => new RegExp(new RegExp(`^readonly ${name}='(.*)'$`, 'm').exec(kit)?.[1] ?? '(?!)')

describe('the policy of retention', () => {
  it("has the kit's defaults", () => {
    const said = Object.fromEntries(
      [...kit.matchAll(/\[retention_(\w+)\]='([^']*)'/g)].map(([, kind = '', value = '']) => [kind, value]),
    )
    expect(said).toEqual(retentionDefaults)
    expect(/\[application_max_age\]=(\d+) \[system_max_age\]=(\d+)/.exec(kit)?.slice(1).map(Number)).toEqual(
      (['config', 'system'] as const).map((kind) => (overdueAfter(kind, {}) ?? 0) / 1000),
    )
  })

  it.each([
    'days 30 most 200',
    'days 1',
    'days 9999 most 99999 hourly 9999 daily 1 weekly 1 monthly 1',
    'days 30 monthly 12',
    ...[
      '',
      'days',
      'days 0',
      'days 030',
      'days 10000',
      'days 3 ',
      ' days 3',
      'days 3  most 2',
      'most 3',
      'days 3 most 0',
    ],
    ...['days 3 daily 2 hourly 1', 'days 3 most 2 most 2', 'days 3\nmost 2', 'days 3 yearly 2', 'days -3', 'days 3.5'],
  ])('is read as the kit reads it: %j', (value) => {
    for (const kind of retentionKinds) {
      const form = kitForm(kind === 'safety' || kind === 'rejected' ? 'RETENTION_COPY_FORM' : 'RETENTION_FORM')
      expect([kind, parseRetention(kind, value) !== null]).toEqual([kind, form.test(value)])
    }
  })

  it('is days, and numbers where they are given', () => {
    expect(parseRetention('database', 'days 30 most 200 daily 7')).toEqual({
      ...{ days: 30, most: 200, hourly: 0, daily: 7, weekly: 0, monthly: 0 },
    })
    expect(overdueAfter('database', { backup_max_age: '7200' })).toBe(7_200_000)
    expect(overdueAfter('systemd', { application_max_age: 'never' })).toBe(93_600_000)
    expect(overdueAfter('safety', {})).toBeNull()
  })
})

describe('the words of a decision', () => {
  it('exist for every reason, and use only what the two numbers are', () => {
    expect(Object.keys(retentionWords).sort()).toEqual([...keepReasons, ...deleteReasons].sort())
    for (const words of Object.values(retentionWords))
      expect(words.replaceAll(/\{(span|number|days|limit|bound)\}/g, '')).not.toMatch(/[{}]/)
  })

  it('are a sentence with its numbers', () => {
    const said = (reason: string, measure: number | null, bound: number | null) =>
      retentionSentence({ path: 'x', decision: 'keep', reason, measure, bound })
    expect(said('too-many', 230, 200)).toBe('230 newer backups of this kind exist; at most 200 are kept.')
    expect(said('overdue', 32_400_000, 14_400_000)).toBe(
      'The newest backup of this kind is 9 hours old, and should be at most 4 hours old.',
    )
    expect(said('too-old', 3_456_000_000, 1)).toBe('It is 40 days old; backups of this kind are kept for 1 day.')
    expect(said('of-another-version', null, null)).toBe('of-another-version.')
  })
})
