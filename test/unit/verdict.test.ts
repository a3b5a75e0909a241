import { describe, expect, test } from 'vitest'
import type { BackupEntry } from '../../src-shared/domain/kit-protocol.ts'
import { backupMaxAge } from '../../src-shared/domain/newest.ts'
import { fleetVerdict, type SiteFacts, verdictOf } from '../../src-shared/domain/verdict.ts'

const HOUR = 3_600_000
const now = 1_800_000_000_000

type Sketch = SiteFacts['backups'][number]

function backup(hours: number, verdict: BackupEntry['verdict'], more: Partial<Sketch> = {}): Sketch {
  const at = now - hours * HOUR
  return { kind: 'database', origin: 'scheduled', size: 1, takenAt: at, modifiedAt: at, verdict, ...more }
}

function of(backups: readonly Sketch[], more: Partial<SiteFacts> = {}) {
  const facts = {
    now,
    seenAt: now,
    lookedNow: now,
    failure: null,
    backups,
    maxAge: 4 * HOUR,
    interrupted: 0,
    errors: 0,
    ...more,
  }
  const { state, sentence } = verdictOf(facts)
  return [state, sentence]
}

describe('a site', () => {
  test('is good only when a backup is proven and young', () => {
    expect(of([backup(3, 'verified')])).toEqual(['good', 'Can be brought back to 3 hours ago, proven.'])
    expect(of([backup(2.5, 'never'), backup(3, 'verified')])[0]).toBe('good')
    expect(of([backup(0, 'verified')])[1]).toBe('Can be brought back to less than 2 minutes ago, proven.')
  })

  test.each<[string, Sketch[], string, RegExp]>([
    ['no backup', [], 'bad', /no backup/],
    ['only untested ones', [backup(1, 'never'), backup(9, 'inconclusive')], 'attention', /No backup is proven.*Verify/],
    ['only damaged ones', [backup(1, 'failed'), backup(9, 'failed')], 'bad', /Every backup is damaged/],
    [
      'a damaged newest one',
      [backup(1, 'failed'), backup(5, 'verified')],
      'attention',
      /5 hours ago; the newest backup is damaged/,
    ],
    ['an old proven one', [backup(4.1, 'verified')], 'attention', /there is no newer backup/],
    [
      'an old proven one and new untested ones',
      [backup(1, 'never'), backup(30, 'verified')],
      'attention',
      /no newer backup is proven/,
    ],
    [
      'a proven one from the future beside a real one',
      [backup(-8760, 'verified'), backup(960, 'verified')],
      'attention',
      /^Can be brought back to 40 days ago; there is no newer backup/,
    ],
    ['nothing but backups from the future', [backup(-0.1, 'verified')], 'bad', /dated in the future/],
    ['nothing but an empty file', [backup(1, 'never', { size: 0 })], 'bad', /no backup/],
    ['nothing but a safety copy', [backup(1, 'verified', { origin: 'safety' })], 'bad', /no backup/],
    ['nothing but the application', [backup(1, 'verified', { kind: 'application' })], 'bad', /no backup/],
  ])('with %s', (_what, backups, state, sentence) => {
    expect(of(backups)).toEqual([state, expect.stringMatching(sentence)])
  })

  test('is old by the policy of the site, and by nothing else', () => {
    expect(of([backup(30, 'verified')], { maxAge: 31 * HOUR })[0]).toBe('good')
    expect(of([backup(2, 'verified')], { maxAge: HOUR })[1]).toMatch(/there is no newer backup/)
    expect(backupMaxAge({ backup_max_age: '3600' })).toBe(HOUR)
    // Kits that do not know the setting, and what is none.
    expect([undefined, {}, { backup_max_age: 'soon' }].map(backupMaxAge)).toEqual(Array(3).fill(4 * HOUR))
  })

  test('allows the clocks of two machines to differ by five minutes', () => {
    expect(of([backup(-0.08, 'verified')])[0]).toBe('good')
    expect(of([backup(-0.09, 'verified')])[0]).toBe('bad')
  })

  test('takes the time of the file where its name tells none', () => {
    const unnamed = backup(0, 'verified', { takenAt: null, modifiedAt: now - 4 * HOUR })
    expect(of([unnamed])[1]).toContain('4 hours ago')
  })

  test('that was never seen is unknown, and says why', () => {
    expect(of([], { seenAt: null })).toEqual(['unknown', 'Not seen yet.'])
    expect(of([], { seenAt: null, failure: 'It cannot be reached.' })).toEqual([
      'unknown',
      'Not seen yet: It cannot be reached.',
    ])
  })

  test('that is gone is doubtful after a while, never good', () => {
    const young = [backup(3, 'verified')]
    expect(of(young, { failure: 'gone', lookedNow: now + 60_000 })[0]).toBe('good')
    const later = of(young, { failure: 'gone', lookedNow: now + 2 * HOUR })
    expect(later).toEqual(['attention', expect.stringMatching(/^Not seen for 2 hours\. Can be/)])
    const setBack = of(young, { failure: 'gone', lookedNow: now - 24 * HOUR })
    expect(setBack).toEqual([
      'attention',
      expect.stringMatching(/^Not seen now, and for how long is not known\. Can be/),
    ])
  })

  test('with an interrupted operation is bad, whatever its backups are', () => {
    expect(of([backup(1, 'verified')], { interrupted: 1 })).toEqual([
      'bad',
      expect.stringMatching(/^1 operation interrupted/),
    ])
  })

  test('with problems needs a look', () => {
    expect(of([backup(1, 'verified')], { errors: 2 })[1]).toMatch(/2 problems on the server need a look/)
    expect(of([backup(1, 'verified')], { errors: 1 })[1]).toMatch(/1 problem on the server needs a look/)
  })
})

describe('the fleet', () => {
  const site = (name: string, state: 'good' | 'attention' | 'bad' | 'unknown', hours: number | null) => ({
    name,
    verdict: { state, sentence: `${name} is ${state}.` },
    recoveryPoint: hours === null ? null : now - hours * HOUR,
  })

  test('is as its worst site, and names it', () => {
    const sites = [
      site('North', 'good', 2),
      site('South', 'attention', 30),
      site('West', 'bad', null),
      site('East', 'good', 5),
    ]
    expect(fleetVerdict({ now, sites })).toEqual({
      state: 'bad',
      sentence:
        '3 of 4 sites can be brought back to less than 31 hours ago. West: West is bad. 1 other site needs a look too.',
    })
  })

  test('is good when all are', () => {
    const sites = [site('North', 'good', 2), site('South', 'good', 3)]
    const sentence = 'All 2 sites can be brought back to less than 4 hours ago.'
    expect(fleetVerdict({ now, sites })).toEqual({ state: 'good', sentence })
    expect(fleetVerdict({ now, sites: [] }).state).toBe('unknown')
    expect(fleetVerdict({ now, sites: [site('North', 'unknown', null)] }).sentence).toMatch(/^No site is proven/)
  })
})
