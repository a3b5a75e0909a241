import { describe, expect, test } from 'vitest'
import type { BackupEntry } from '../../src-shared/domain/kit-backups.ts'
import { backupMaxAge } from '../../src-shared/domain/newest.ts'
import { fleetVerdict, type SiteFacts, sitesInNeed, verdictOf } from '../../src-shared/domain/verdict.ts'

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
    checkedAt: now,
    checkedNow: now,
    failure: null,
    backups,
    maxAge: 4 * HOUR,
    interrupted: 0,
    backupsKnown: true,
    errors: 0,
    alerts: { errors: 0, warnings: 0 },
    silence: null,
    ...more,
  }
  const { state, sentence } = verdictOf(facts)
  return [state, sentence]
}

describe('a site', () => {
  test('is good only with a verified and recent backup', () => {
    expect(of([backup(3, 'verified')])).toEqual(['good', 'Restorable to 3 hours ago (verified).'])
    expect(of([backup(2.5, 'never'), backup(3, 'verified')])[0]).toBe('good')
    expect(of([backup(0, 'verified')])[1]).toBe('Restorable to within the last 2 minutes (verified).')
  })

  test.each<[string, Sketch[], string, RegExp]>([
    ['no backup', [], 'bad', /^No backup exists; lost data could not be recovered/],
    [
      'only unverified ones',
      [backup(1, 'never'), backup(9, 'inconclusive')],
      'attention',
      /^No backup is verified; the newest is 60 minutes old/,
    ],
    ['only damaged ones', [backup(1, 'failed'), backup(9, 'failed')], 'bad', /Every backup is damaged/],
    [
      'a damaged newest one',
      [backup(1, 'failed'), backup(5, 'verified')],
      'attention',
      /5 hours ago .*; the newest backup is damaged/,
    ],
    [
      'only a system backup, from which the site can be built',
      [backup(3, 'never', { kind: 'system' }), backup(-9, 'verified', { kind: 'system' })],
      'attention',
      /^No backup of the database alone exists; the newest system backup is 3 hours old/,
    ],
    ['only a damaged system backup', [backup(3, 'failed', { kind: 'system' })], 'bad', /^No backup exists/],
    ['an old verified one', [backup(4.1, 'verified')], 'attention', /no newer backup exists/],
    [
      'an old verified one and new unverified ones',
      [backup(1, 'never'), backup(30, 'verified')],
      'attention',
      /no newer backup is verified/,
    ],
    [
      'a verified one from the future beside a real one',
      [backup(-8760, 'verified'), backup(960, 'verified')],
      'attention',
      /^Restorable to 40 days ago \(verified\); no newer backup exists/,
    ],
    ['only backups from the future', [backup(-0.1, 'verified')], 'bad', /dated in the future/],
    [
      'only an empty file',
      [backup(1, 'never', { size: 0 })],
      'bad',
      /^No backup exists; lost data could not be recovered/,
    ],
    [
      'only a safety copy',
      [backup(1, 'verified', { origin: 'safety' })],
      'bad',
      /^No backup exists; lost data could not be recovered/,
    ],
    [
      'only an application backup',
      [backup(1, 'verified', { kind: 'application' })],
      'bad',
      /^No backup exists; lost data could not be recovered/,
    ],
  ])('with %s', (_what, backups, state, sentence) => {
    expect(of(backups)).toEqual([state, expect.stringMatching(sentence)])
  })

  test('has an age limit set only by its policy', () => {
    expect(of([backup(30, 'verified')], { maxAge: 31 * HOUR })[0]).toBe('good')
    expect(of([backup(2, 'verified')], { maxAge: HOUR })[1]).toMatch(/no newer backup exists/)
    expect(backupMaxAge({ backup_max_age: '3600' })).toBe(HOUR)
    // Kits without the setting, and invalid values.
    expect([undefined, {}, { backup_max_age: 'soon' }].map(backupMaxAge)).toEqual(Array(3).fill(4 * HOUR))
  })

  test('allows the clocks of two machines to differ by five minutes', () => {
    expect(of([backup(-0.08, 'verified')])[0]).toBe('good')
    expect(of([backup(-0.09, 'verified')])[0]).toBe('bad')
  })

  test('uses the time of the file if its name has none', () => {
    const unnamed = backup(0, 'verified', { takenAt: null, modifiedAt: now - 4 * HOUR })
    expect(of([unnamed])[1]).toContain('4 hours ago')
  })

  test('that was never reached is unknown, with the reason', () => {
    expect(of([], { checkedAt: null })).toEqual(['unknown', 'Not checked yet.'])
    expect(of([], { checkedAt: null, failure: 'It cannot be reached.' })).toEqual([
      'unknown',
      'Not checked yet: It cannot be reached.',
    ])
  })

  test('that cannot be checked now gets no claim without its age (G8)', () => {
    const age = { failure: 'It does not answer.', checkedNow: now + 8 * 60_000 }
    expect(of([backup(3, 'verified')], age)).toEqual([
      'good',
      'Restorable to 3 hours ago (verified), as of 8 minutes ago.',
    ])
    expect(of([], age)[1]).toBe('No backup exists, as of 8 minutes ago; lost data could not be recovered.')
    expect(of([backup(9, 'verified')], age)[1]).toMatch(/\(verified\), as of 8 minutes ago; no newer backup exists\.$/)
    expect(of([backup(1, 'verified')], { ...age, errors: 1 })[1]).toMatch(/as of 8 minutes ago/)
    expect(of([], { ...age, interrupted: 1 })[1]).toMatch(/as of 8 minutes ago; recover the site/)
  })

  test('that is unreachable becomes doubtful after a while, never good', () => {
    const young = [backup(3, 'verified')]
    expect(of(young, { failure: 'gone', checkedNow: now + 60_000 })[0]).toBe('good')
    const later = of(young, { failure: 'gone', checkedNow: now + 2 * HOUR })
    expect(later).toEqual([
      'attention',
      expect.stringMatching(/^No contact for 2 hours\. Restorable to 3 hours ago \(verified\), as of 2 hours ago\./),
    ])
    const setBack = of(young, { failure: 'gone', checkedNow: now - 24 * HOUR })
    expect(setBack).toEqual([
      'attention',
      expect.stringMatching(/^No contact\. Restorable .*, as of an unknown time\./),
    ])
  })

  test('with an interrupted operation is bad, regardless of its backups', () => {
    expect(of([backup(1, 'verified')], { interrupted: 1 })).toEqual([
      'bad',
      expect.stringMatching(/^1 operation interrupted/),
    ])
  })

  test('backups that the server could not list are unknown, not missing', () => {
    expect(of([], { backupsKnown: false, errors: 1 })).toEqual([
      'attention',
      expect.stringMatching(/^Backups unknown; the server could not list them/),
    ])
    expect(of([], { errors: 1 })[0]).toBe('bad')
  })

  test('with problems needs attention', () => {
    expect(of([backup(1, 'verified')], { errors: 2 })[1]).toMatch(/2 errors on the server need attention/)
    expect(of([backup(1, 'verified')], { errors: 1 })[1]).toMatch(/1 error on the server needs attention/)
  })
})

describe('open alerts', () => {
  const good = [backup(1, 'verified')]
  const alerts = (errors: number, warnings: number) => ({ alerts: { errors, warnings } })

  test('need attention, and are counted in one sentence', () => {
    expect(of(good, alerts(1, 1))).toEqual(['attention', 'Restorable to 60 minutes ago (verified). 2 alerts are open.'])
    expect(of(good, alerts(1, 0))[1]).toMatch(/ 1 alert is open\.$/)
    // The same causes are among the problems: they are not counted twice.
    expect(of(good, { ...alerts(1, 0), errors: 3 })[1]).not.toMatch(/on the server/)
  })

  test('that are only warnings are said, and leave a good site good', () => {
    expect(of(good, alerts(0, 1))).toEqual(['good', 'Restorable to 60 minutes ago (verified). 1 warning is open.'])
  })

  test('that are only warnings hide no error that was found on the server', () => {
    expect(of(good, { ...alerts(0, 1), errors: 1 })).toEqual([
      'attention',
      expect.stringMatching(/1 error on the server needs attention\.$/),
    ])
  })

  test('add nothing to a site that cannot be restored', () => {
    expect(of([], alerts(2, 0))[1]).toBe('No backup exists; lost data could not be recovered.')
  })

  test('are out of date where the monitoring is silent: that is said instead', () => {
    const silence = 'Its monitoring has not run for 5 hours.'
    expect(of(good, { silence })).toEqual(['attention', `Restorable to 60 minutes ago (verified). ${silence}`])
    expect(of(good, { ...alerts(0, 2), silence })[1]).not.toMatch(/open/)
  })
})

describe('the fleet', () => {
  const site = (name: string, state: 'good' | 'attention' | 'bad' | 'unknown', hours: number | null, age?: number) => ({
    name,
    verdict: { state, sentence: `It is ${state}.` },
    failure: age === undefined ? null : 'It does not answer.',
    checkedAt: age === undefined ? (state === 'unknown' ? null : now) : now - age * HOUR,
    recoveryPoint: hours === null ? null : now - hours * HOUR,
  })
  const sentenceFor = (sites: ReturnType<typeof site>[]) => fleetVerdict({ now, sites }).sentence

  test('has the verdict of its worst site, and names it', () => {
    const sites = [
      site('North', 'good', 2),
      site('South', 'attention', 30),
      site('West', 'bad', null),
      site('East', 'good', 5),
    ]
    const sentence =
      '3 of 4 sites restorable to within the last 31 hours. West: it is bad. 1 other site needs attention.'
    expect(fleetVerdict({ now, sites })).toEqual({ state: 'bad', sentence })
  })

  test('names those that need attention, and says only once to when they are restorable', () => {
    const sites = [site('North', 'good', 2), site('South', 'attention', 30), site('West', 'attention', 31)]
    expect(sentenceFor(sites)).toBe(
      'All 3 sites restorable to within the last 32 hours. South and 1 other site need attention.',
    )
    expect(sentenceFor(sites.slice(0, 2))).toMatch(/hours\. South needs attention\.$/)
  })

  test('is good if all sites are', () => {
    const sites = [site('North', 'good', 2), site('South', 'good', 3)]
    const sentence = 'All 2 sites restorable to within the last 4 hours.'
    expect(fleetVerdict({ now, sites })).toEqual({ state: 'good', sentence })
    expect(fleetVerdict({ now, sites: [] }).state).toBe('unknown')
    const waiting = [site('North', 'unknown', null), site('South', 'unknown', null)]
    expect(sentenceFor(waiting)).toBe('No site is known to be restorable. 2 sites not checked yet.')
  })

  test('of one site: the headline says nothing twice (G9)', () => {
    expect(sentenceFor([site('North', 'good', 2)])).toBe('North: it is good.')
    expect(sentenceFor([site('North', 'bad', null)])).toBe('North: it is bad.')
  })

  test('the headline counts the sites that the list below it counts (G9)', () => {
    const sites = [
      ...Array.from({ length: 55 }, (_, index) => site(`Bad ${index}`, 'bad', null)),
      ...Array.from({ length: 9 }, (_, index) => site(`New ${index}`, 'unknown', null)),
      site('Good', 'good', 1),
    ]
    expect(sitesInNeed(sites)).toHaveLength(55)
    expect(sentenceFor(sites)).toMatch(/ 54 other sites need attention\. 9 sites not checked yet\.$/)
  })

  test('claims about sites that cannot be checked carry their age (G8)', () => {
    const sites = [site('North', 'good', 2), site('South', 'good', 3, 2.5)]
    expect(sentenceFor(sites)).toBe('All 2 sites restorable to within the last 4 hours (1 offline, as of 2 hours ago).')
  })
})
