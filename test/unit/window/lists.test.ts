import { describe, expect, test } from 'vitest'
import { findCommands } from '../../../src-renderer/app/find-commands.ts'
import { matchKeys } from '../../../src-renderer/app/match-keys.ts'
import { filterBackups, noFilter } from '../../../src-renderer/features/backups/filter-backups.ts'
import { filterSites } from '../../../src-renderer/features/fleet/filter-sites.ts'
import { layoutStrip, longestGap, timeScale, verdictOfMark } from '../../../src-renderer/shared/strip-layout.ts'
import { type BackupEntry, backupEntry } from '../../../src-shared/domain/kit-backups.ts'
import { inspection } from '../../../src-shared/domain/kit-site.ts'
import { sitesInNeed } from '../../../src-shared/domain/verdict.ts'

function backup(name: string, rest: Partial<BackupEntry> = {}): BackupEntry {
  return {
    path: `/opt/cvd/backups/${name}`,
    kind: 'database',
    origin: 'manual',
    size: 1,
    modifiedAt: 0,
    takenAt: 0,
    verdict: 'never',
    verifiedAt: null,
    reason: '',
    hold: false,
    fingerprint: true,
    companions: [],
    ...rest,
  }
}

describe('backups', () => {
  const list = [
    backup('one.db.gz', { verdict: 'failed', reason: 'The file is cut.' }),
    backup('two.tar.gz', { kind: 'application', hold: true }),
    backup('three.db.gz', { origin: 'scheduled', verdict: 'verified' }),
  ]
  const names = (filter: Partial<typeof noFilter>) =>
    filterBackups(list, { ...noFilter, ...filter }).map(({ path }) => path.replace('/opt/cvd/backups/', ''))

  test('are found by all words, including those of the reason', () => {
    expect(names({ search: 'CUT db' })).toEqual(['one.db.gz'])
    expect(names({ search: 'cut three' })).toEqual([])
  })

  test('are filtered by kind, verdict, origin and hold combined', () => {
    expect(names({ kind: 'application' })).toEqual(['two.tar.gz'])
    expect(names({ verdict: 'held' })).toEqual(['two.tar.gz'])
    expect(names({ verdict: 'verified', origin: 'scheduled' })).toEqual(['three.db.gz'])
    expect(names({ verdict: 'verified', origin: 'manual' })).toEqual([])
  })

  test('are the identical list without a filter', () => {
    expect(filterBackups(list, noFilter)).toBe(list)
  })
})

test('a list stored by an earlier version, without companions, is read', () => {
  const { companions: _, ...stored } = backup('one.db.gz')
  expect(backupEntry.parse(stored)).toEqual(backup('one.db.gz'))
  expect(inspection.shape.otherFiles.parse(undefined)).toEqual([])
})

describe('the timeline', () => {
  const now = Date.UTC(2026, 0, 31)
  const hours = (count: number) => now - count * 3_600_000
  const WIDTH = 900
  const AGE = 4 * 3_600_000
  const lay = (list: readonly BackupEntry[], width = WIDTH) => layoutStrip(list, now, width, AGE)
  const marksOf = (list: readonly BackupEntry[], width = WIDTH) => lay(list, width).lanes.flatMap(({ marks }) => marks)
  const shown = (list: readonly BackupEntry[]) => marksOf(list).flatMap(({ entries }) => entries)

  test('shows old, verified and held backups, however many newer ones there are (G5)', () => {
    const old = [
      backup('old', { takenAt: hours(500) }),
      backup('verified', { takenAt: hours(90 * 24), verdict: 'verified' }),
      backup('held', { takenAt: hours(900 * 24), hold: true }),
    ]
    const recent = Array.from({ length: 300 }, (_, index) => backup(`${index}`, { takenAt: hours(index / 50) }))
    expect(shown([...recent, ...old])).toHaveLength(303)
    // Each of the old ones has a mark of its own.
    const alone = marksOf([...recent, ...old]).filter(({ entries }) => entries.length === 1)
    expect(alone.flatMap(({ entries }) => entries)).toEqual(expect.arrayContaining(old))
  })

  test.each([1, 40, 320, 900, 1900])('groups close backups: on %i pixels no two marks overlap (G5)', (width) => {
    const list = Array.from({ length: 2000 }, (_, index) => backup(`${index}`, { takenAt: hours(index ** 2 / 900) }))
    const [marks, { ticks }] = [marksOf(list, width), lay(list, width)]
    expect(marks.flatMap(({ entries }) => entries)).toHaveLength(2000)
    const gaps = (places: readonly { at: number }[]) =>
      places.slice(1).map(({ at }, index) => at - (places[index]?.at ?? 0))
    for (const gap of gaps(marks)) expect(gap * width).toBeGreaterThanOrEqual(26)
    for (const gap of gaps(ticks)) expect(gap * width).toBeGreaterThanOrEqual(64)
    for (const { at } of marks) expect(at > 0 && at < 1).toBe(true)
  })

  test('has a lane for each kind, and of the database always', () => {
    expect(lay([]).lanes).toEqual([{ kind: 'database', marks: [], every: AGE, covered: [] }])
    const list = [
      backup('system', { kind: 'system', takenAt: hours(5) }),
      backup('config', { kind: 'config', takenAt: hours(5) }),
      backup('safety', { origin: 'safety', takenAt: hours(5) }),
    ]
    const { lanes } = lay(list)
    expect(lanes.map(({ kind, marks }) => [kind, marks.length])).toEqual([
      ['database', 1],
      ['config', 1],
      ['system', 1],
    ])
    // At the same time, in the same place.
    expect(new Set(lanes.map(({ marks }) => marks[0]?.at)).size).toBe(1)
  })

  test('shows gaps of every kind that comes in a rhythm, and none where there is no rhythm', () => {
    const made = (...days: number[]) =>
      days.map((day) => backup(`${day}`, { kind: 'config', takenAt: hours(24 * day) }))
    const lane = (list: readonly BackupEntry[]) => lay(list).lanes.find(({ kind }) => kind === 'config')
    // Daily, with the fourth day missing.
    expect(lane(made(0.5, 1.5, 2.5, 4.5, 5.5, 6.5, 7.5))?.covered).toHaveLength(2)
    expect(lane(made(0.5, 1.5, 2.5, 3.5))).toMatchObject({ every: 36 * 3_600_000, covered: [{ to: 1 }] })
    // The last one is late.
    expect(lane(made(3, 4, 5, 6))?.covered.at(-1)?.to).toBeLessThan(1)
    // Too few, now and then, or all in one sitting.
    for (const list of [made(1, 2, 3), made(1, 3, 20, 60, 61), made(9, 9.01, 9.005, 9.011, 9.002)])
      expect(lane(list)).toMatchObject({ every: null, covered: [] })
    // A second one on a day does not make the rhythm of days shorter.
    expect(lane(made(0.5, 0.501, 1.5, 1.501, 2.5, 2.501, 3.5, 3.501))?.every).toBeGreaterThan(30 * 3_600_000)
  })

  test('means by a place on the line the moment that stands there', () => {
    const { at, momentAt } = timeScale([backup('old', { takenAt: hours(900) })], now)
    for (const age of [0, 0.2, 3, 50, 899, 900]) {
      expect(momentAt(at(hours(age)))).toBeCloseTo(hours(age), -2)
    }
    expect([momentAt(2), momentAt(-1)].map(Math.round)).toEqual([now, hours(900)])
  })

  test('shows as a gap when the database had no backup, or none that counts', () => {
    const made = (...ages: number[]) => ages.map((age) => backup(`${age}`, { takenAt: hours(age) }))
    const spans = (list: readonly BackupEntry[]) => lay(list).lanes[0]?.covered ?? []
    expect(spans(made(1, 4, 7, 10))).toHaveLength(1)
    expect(spans(made(1, 4, 12, 15))).toHaveLength(2)
    expect(spans(made(1, 4))[0]).toMatchObject({ to: 1 })
    expect(spans(made(8))[0]?.to).toBeLessThan(1)
    const failed = backup('bad', { takenAt: hours(4), verdict: 'failed' })
    const safety = backup('safety', { takenAt: hours(4), origin: 'safety' })
    expect(spans([...made(1, 7), failed, safety])).toHaveLength(2)
    const gap = (list: readonly BackupEntry[]) => longestGap(list, now, AGE)
    expect(gap(made(1, 4, 7, 10))).toBeNull()
    expect(gap(made(1, 4, 12, 15))).toEqual({ from: hours(12), to: hours(4) })
    expect(gap(made(30))).toEqual({ from: hours(30), to: now })
    expect(gap(made(1, 4, 24 * 20, 24 * 40))).toEqual({ from: hours(24 * 20), to: hours(4) })
    expect(gap(made(24 * 10 - 1, 24 * 20))).toEqual({ from: hours(24 * 10 - 1), to: now })
    expect(gap([])).toBeNull()
  })

  test('shows a group as verified only if all are, and as failed if one is', () => {
    const of = (...verdicts: BackupEntry['verdict'][]) =>
      verdictOfMark({ at: 0, entries: verdicts.map((verdict) => backup(verdict, { verdict })) })
    expect(of('verified', 'verified')).toBe('verified')
    expect(of('verified', 'never')).toBe('some')
    expect(of('verified', 'failed')).toBe('failed')
    expect(of('never', 'inconclusive')).toBe('inconclusive')
  })

  test("uses the file's time if the name has none, and omits the future", () => {
    const unnamed = backup('unnamed', { takenAt: null, modifiedAt: hours(3) })
    expect(shown([unnamed, backup('future', { takenAt: now + 86_400_000 })])).toEqual([unnamed])
  })
})

test('sites are found by name, address or host, and by state', () => {
  const site = (name: string, state: 'good' | 'bad' | 'attention' | 'unknown', broken = false) => ({
    name,
    address: `root@${name}.example:22`,
    hostName: 'vm',
    verdict: { state, sentence: '' },
    failure: broken ? { code: 'unreachable', message: '', unchanged: '', next: '' } : null,
  })
  const sites = [site('North', 'good'), site('South', 'bad')]
  expect(filterSites(sites, 'vm south', 'all')).toEqual([sites[1]])
  expect(filterSites(sites, '', 'needs')).toEqual([sites[1]])
  expect(filterSites(sites, '', 'unknown')).toEqual([])
  // A pending site needs nobody's attention, an unreachable one does; the worst come first.
  const more = [site('A', 'attention'), site('B', 'unknown'), site('C', 'unknown', true), ...sites]
  expect(filterSites(more, '', 'needs').map(({ name }) => name)).toEqual(['A', 'C', 'South'])
  expect(sitesInNeed(more).map(({ name }) => name)).toEqual(['South', 'A', 'C'])
})

test('commands with the words in their title come first', () => {
  const commands = [
    { title: 'Settings', group: 'Go to', words: 'audit' },
    { title: 'Audit', group: 'Go to' },
  ]
  expect(findCommands(commands, 'AUD').map(({ title }) => title)).toEqual(['Audit', 'Settings'])
  expect(findCommands(commands, 'go set').map(({ title }) => title)).toEqual(['Settings'])
  expect(findCommands(commands, 'nothing')).toEqual([])
})

describe('shortcuts', () => {
  const known = ['Mod+k', 'g f', '/', '?']
  const press = (waiting: string, key: string, mod = false, other = false) =>
    matchKeys(known, waiting, { key, mod, other })

  test('work with one key, and with the command key', () => {
    expect(press('', '?').hit).toBe('?')
    expect(press('', 'K', true).hit).toBe('Mod+k')
    expect(press('', 'k').hit).toBeUndefined()
  })

  test('with two keys wait for the second, and forget a wrong one', () => {
    expect(press('', 'g')).toEqual({ waiting: 'g' })
    expect(press('g', 'f').hit).toBe('g f')
    expect(press('g', 'x')).toEqual({ waiting: '' })
    expect(press('g', '/').hit).toBe('/')
    expect(press('', '/', false, true)).toEqual({ waiting: '' })
  })
})
