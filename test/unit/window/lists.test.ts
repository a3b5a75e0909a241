import { describe, expect, test } from 'vitest'
import { findCommands } from '../../../src-renderer/app/find-commands.ts'
import { matchKeys } from '../../../src-renderer/app/match-keys.ts'
import { filterBackups, noFilter } from '../../../src-renderer/features/backups/filter-backups.ts'
import { filterSites } from '../../../src-renderer/features/fleet/filter-sites.ts'
import { layoutStrip } from '../../../src-renderer/features/site/strip-layout.ts'
import { type BackupEntry, backupEntry, inspection } from '../../../src-shared/domain/kit-protocol.ts'
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

  test('are found by every word, in the reason too', () => {
    expect(names({ search: 'CUT db' })).toEqual(['one.db.gz'])
    expect(names({ search: 'cut three' })).toEqual([])
  })

  test('are filtered by kind, verdict, origin and hold together', () => {
    expect(names({ kind: 'application' })).toEqual(['two.tar.gz'])
    expect(names({ verdict: 'held' })).toEqual(['two.tar.gz'])
    expect(names({ verdict: 'verified', origin: 'scheduled' })).toEqual(['three.db.gz'])
    expect(names({ verdict: 'verified', origin: 'manual' })).toEqual([])
  })

  test('are the very same list without a filter', () => {
    expect(filterBackups(list, noFilter)).toBe(list)
  })
})

test('a list that an earlier version stored is read: nothing had companions then', () => {
  const { companions: _, ...stored } = backup('one.db.gz')
  expect(backupEntry.parse(stored)).toEqual(backup('one.db.gz'))
  expect(inspection.shape.otherFiles.parse(undefined)).toEqual([])
})

describe('the timeline', () => {
  const now = Date.UTC(2026, 0, 31)
  const hours = (count: number) => now - count * 3_600_000

  test('is as long as the last eight backups, and leaves out what is older', () => {
    const list = Array.from({ length: 12 }, (_, index) => backup(`${index}`, { takenAt: hours(index * 2) }))
    const strip = layoutStrip(list, now)
    expect((strip.to - strip.from) / 3_600_000).toBe(24)
    expect(strip.marks).toHaveLength(12)
    expect(strip.marks.at(-1)?.at).toBe(1)
    expect(layoutStrip([...list, backup('old', { takenAt: hours(500) })], now).marks).toHaveLength(12)
  })

  test('shows no backup whose time is not known, or in the future', () => {
    const list = [backup('unknown', { takenAt: null }), backup('future', { takenAt: now + 86_400_000 })]
    expect(layoutStrip(list, now).marks).toEqual([])
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
  // Who is only waited for needs nobody; who cannot be reached does, and the worst come first.
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

  test('of one key, and with the command key', () => {
    expect(press('', '?').hit).toBe('?')
    expect(press('', 'K', true).hit).toBe('Mod+k')
    expect(press('', 'k').hit).toBeUndefined()
  })

  test('of a sequence wait for the second key, and forget a wrong one', () => {
    expect(press('', 'g')).toEqual({ waiting: 'g' })
    expect(press('g', 'f').hit).toBe('g f')
    expect(press('g', 'x')).toEqual({ waiting: '' })
    expect(press('g', '/').hit).toBe('/')
    expect(press('', '/', false, true)).toEqual({ waiting: '' })
  })
})
