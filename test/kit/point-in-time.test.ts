/** A point in time: which backup a moment means, on real files in a zone with summer time. */

import { truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { backupMoment, restorePlan } from '../../src-shared/domain/kit-restore.ts'
import { ScratchSite } from '../support/scratch-site.ts'

const BERLIN = { TZ: 'Europe/Berlin' }
const NAMES = {
  march: 'cvd_backup_20260328_120000.db.gz',
  first: 'cvd_auto_20251026_021500.db.gz',
  later: 'cvd_auto_20251026_033000.db.gz',
  fresh: 'cvd_backup_20260601_120000.db.gz',
}

describe('a point in time', () => {
  let site: ScratchSite
  beforeEach(() => {
    site = new ScratchSite()
  })
  afterEach(() => site.remove())

  const plan = (at: string, part = 'database') =>
    site.ask(['plan', 'restore', part, '--at', at], restorePlan, { env: BERLIN })
  const refused = async (at: string) =>
    (await site.run(['plan', 'restore', 'database', '--at', at], { env: BERLIN })).result
  const chosen = async (at: string) => (await plan(at)).backup.path.split('/').at(-1)
  const backup = (name: string, modified: string) => {
    const path = site.backup(name)
    utimesSync(path, new Date(modified), new Date(modified))
    return path
  }

  it('means the newest backup that is not later, and shows the next', async () => {
    site.backup(NAMES.march)
    site.backup(NAMES.fresh)
    expect(await chosen('2026-03-28 12:00')).toBe(NAMES.march)
    expect(await chosen('2026-03-28T11:00Z')).toBe(NAMES.march)
    const found = await plan('2026-05-01 00:00:00')
    expect(found.backup.path).toBe(join(site.backups, NAMES.march))
    expect(found.at).toEqual({
      moment: Date.parse('2026-04-30T22:00:00Z'),
      next: { path: join(site.backups, NAMES.fresh), takenAt: Date.parse('2026-06-01T10:00:00Z') },
      failed: [],
    })
    expect((await plan('2026-07-01 00:00')).at?.next).toBeNull()
  })

  it('is asked about in the hour that occurs twice, and not guessed', async () => {
    backup(NAMES.first, '2025-10-26T00:15:10Z')
    const answer = await refused('2025-10-26 02:30')
    expect(answer).toMatchObject({ outcome: 'failed', code: 'usage' })
    expect(answer.message).toContain('2025-10-26 02:30:00+02:00 or 2025-10-26 02:30:00+01:00')
  })

  it('tells the two hours of one name apart', async () => {
    backup(NAMES.first, '2025-10-26T01:15:10Z') // 02:15 the second time
    backup('cvd_auto_20251026_014500.db.gz', '2025-10-25T23:45:10Z')
    expect(await chosen('2025-10-26 02:30:00+02:00')).toBe('cvd_auto_20251026_014500.db.gz')
    expect(await chosen('2025-10-26 02:30:00+01:00')).toBe(NAMES.first)
  })

  it('that does not exist, or is no time, is refused', async () => {
    site.backup(NAMES.march)
    expect((await refused('2026-03-29 02:30')).message).toContain('does not exist on this server')
    for (const odd of ['yesterday', '2026-02-30 10:00', '2026-03-28', '$(id)', '2026-03-28 25:00'])
      expect(await refused(odd)).toMatchObject({ outcome: 'failed', code: 'usage' })
  })

  it('skips a backup that failed its verification, and names the nearest where none is left', async () => {
    const bad = site.backup(NAMES.march)
    site.backup(NAMES.later)
    truncateSync(bad, 1000)
    await site.run(['verify', bad])
    const found = await plan('2026-04-01 00:00')
    expect(found.backup.path).toBe(join(site.backups, NAMES.later))
    expect(found.at?.failed).toEqual([bad])
    site.backup(NAMES.fresh)
    const none = await refused('2020-01-01 00:00')
    expect(none).toMatchObject({ outcome: 'failed', code: 'not-found' })
    expect(none.message).toContain(`The nearest is a later one: ${NAMES.later}, from 2025-10-26 03:30:00+01:00`)
    expect(none.unchanged).toBe('nothing was changed')
  })

  it('counts no safety copy, no empty file and no other kind', async () => {
    site.backup(NAMES.march)
    writeFileSync(join(site.backups, 'cvd_backup_20260330_120000.db.gz'), '')
    expect(await chosen('2026-04-01 00:00')).toBe(NAMES.march)
    expect(
      (await site.run(['plan', 'restore', 'application', '--at', '2026-04-01 00:00'], { env: BERLIN })).result.code,
    ).toBe('not-found')
  })

  it('is looked up without a plan, for every kind, by the same rule', async () => {
    const moment = (kind: string, at: string) => site.ask(['moment', kind, at], backupMoment, { env: BERLIN })
    const bad = site.backup(NAMES.march)
    site.backup(NAMES.later)
    site.backup(NAMES.fresh)
    truncateSync(bad, 1000)
    await site.run(['verify', bad])
    expect(await moment('database', '2026-04-01 00:00')).toEqual({
      ...{ state: 'found', backup: join(site.backups, NAMES.later), choices: [] },
      at: {
        moment: Date.parse('2026-03-31T22:00:00Z'),
        next: { path: join(site.backups, NAMES.fresh), takenAt: Date.parse('2026-06-01T10:00:00Z') },
        failed: [bad],
      },
    })
    expect(await moment('database', '2020-01-01 00:00')).toMatchObject({
      ...{ state: 'none', backup: null, choices: [] },
      at: { next: { path: join(site.backups, NAMES.later) } },
    })
    expect(await moment('database', '2025-10-26 02:30')).toEqual({
      ...{ state: 'twice', backup: null, at: null },
      choices: ['2025-10-26 02:30:00+02:00', '2025-10-26 02:30:00+01:00'],
    })
    expect(await moment('database', '2026-03-29 02:30')).toMatchObject({ state: 'never', backup: null, at: null })
    expect(await moment('system', '2026-04-01 00:00')).toMatchObject({ state: 'none', at: { next: null, failed: [] } })
    expect((await moment('database', '2099-01-01 00:00')).at?.moment).toBe(Date.parse('2098-12-31T23:00:00Z'))
    for (const words of [
      ['database', 'yesterday'],
      ['database'],
      ['safety', '2026-04-01 00:00'],
      ['database', 'a', 'b'],
    ])
      expect((await site.run(['moment', ...words])).result).toMatchObject({ outcome: 'failed', code: 'usage' })
  })

  it('cannot be given beside a file', async () => {
    const path = site.backup(NAMES.march)
    expect((await site.run(['plan', 'restore', 'database', path, '--at', '2026-04-01 00:00'])).result.code).toBe(
      'usage',
    )
  })
})
