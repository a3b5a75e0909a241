/** Alerts on a server: what opens one, that it is cleared by the end of its cause and by nothing else, and who takes care of it. */
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { inspection } from '../../src-shared/domain/kit-site.ts'
import { alertSite, MINUTE } from '../support/kit/alert-site.ts'
import { DAY, HOUR, put, stampOf } from '../support/kit/history.ts'

const root = process.getuid?.() === 0

describe.runIf(root)('a look', () => {
  it('finds nothing wrong with a site that is well, and looks again an hour later by itself', async () => {
    const one = await alertSite()
    await one.must('policy', 'schedule_database=every 12h')
    expect(await one.look()).toEqual(['policy:threshold'])
    expect((await one.alert('policy:threshold'))?.evidence).toContain('12 hours')
    await one.must('policy', 'schedule_database=every 2h')
    expect(await one.look()).toEqual([])
    const { monitoredAt, cleared } = await one.alerts()
    expect(Date.now() - (monitoredAt ?? 0)).toBeLessThan(10 * MINUTE)
    expect(cleared.map(({ id }) => id)).toEqual(['policy:threshold'])
    one.at(Date.now() + 70 * MINUTE)
    expect((await one.goOff('monitor')).stdout).toContain('0 alerts are open.')
    const { runs } = await one.report()
    expect(runs[0]).toMatchObject({ kind: 'monitor', outcome: 'succeeded' })
    const seen = await one.site.ask(['inspect'], inspection)
    expect(seen.alerts).toMatchObject({ known: true, open: [] })
    expect(seen.alerts?.monitoredAt).toBeGreaterThan(monitoredAt ?? 0)
    expect(seen.schedule).toEqual({ installed: true, paused: null, monitor: 'every 1h' })
  })

  it('opens an alert for each thing that is wrong, and clears it when its cause is gone', async () => {
    const one = await alertSite()
    const failed = one.backup(20 * MINUTE, 'failed')
    put(one.site, `cvd_auto_${stampOf(-3 * HOUR)}.db.gz`)
    one.log('ERROR: gzip failed', Date.now() - HOUR)
    one.health = 503
    one.write('down', '')
    one.free({ database: 9e8, backups: 4e7, state: 9e8 })
    writeFileSync(join(one.site.state, 'unfinished'), '20260101T000000Z-restore-abcdef\n')
    one.site.sql(
      join(one.site.state, 'state.db'),
      `INSERT INTO run VALUES ('database', ${Date.now() - HOUR}, 1, 2, 'failed', 'no-space', 'The%20disk%20is%20full.', '', '');
       INSERT INTO run VALUES ('config', ${Date.now() - 3 * HOUR}, NULL, NULL, 'missed', 'missed', 'The%20server%20was%20off.', '', '');`,
    )
    const all = [
      ...['backups-in-future', 'disk-low:backups', 'health-failing', 'log-errors:backup.log', 'restore-unfinished'],
      ...['run-failed:database', 'run-missed:config', 'service-down:cvd', 'verification-failed:database'],
    ]
    expect(await one.look()).toEqual(all)
    const { open } = await one.alerts()
    const words = Object.fromEntries(open.map(({ id, evidence }) => [id, evidence]))
    expect(words['run-failed:database']).toBe(
      'The scheduled run of database failed 1 time since it last succeeded: The disk is full.',
    )
    expect(words['disk-low:backups']).toBe('Only 40.0 MB are free where the backups is; there should be 50.0 MB.')
    expect(words['verification-failed:database']).toContain(failed)
    expect(words['health-failing']).toMatch(/answers 503, expected 200/)
    expect(open.every(({ fix, acknowledged, toldAt }) => fix !== '' && !acknowledged && toldAt === null)).toBe(true)
    expect(open.map(({ severity }) => severity)).toEqual([...Array(5).fill('error'), ...Array(4).fill('warning')])
    const seen = await one.site.ask(['inspect'], inspection)
    expect(seen.alerts?.open.map(({ id }) => id).sort()).toEqual(all)

    // Again, and nothing has changed: the same alerts, since the same moment.
    expect(await one.monitor()).toMatchObject({ opened: [], cleared: [], open: 9 })
    one.judge('verified', Date.now(), failed)
    rmSync(join(one.site.backups, `cvd_auto_${stampOf(-3 * HOUR)}.db.gz`), { force: true })
    one.health = 200
    rmSync(join(one.site.folder, 'down'))
    one.free({ database: 9e8, backups: 9e8, state: 9e8 })
    rmSync(join(one.site.state, 'unfinished'))
    one.site.sql(
      join(one.site.state, 'state.db'),
      `INSERT INTO run VALUES ('database', ${Date.now() - MINUTE}, 1, 2, 'succeeded', 'ok', '', '', ''), ('config', ${Date.now() - MINUTE}, 1, 2, 'succeeded', 'ok', '', '', '');`,
    )
    const { cleared } = await one.monitor()
    expect(cleared.map(({ id }) => id)).toEqual(
      expect.arrayContaining(['run-failed:database', 'health-failing', 'service-down:cvd']),
    )
    expect(cleared.every(({ clearedAt }) => clearedAt !== null)).toBe(true)
    const left = await one.look()
    expect(left.filter((id) => id !== 'backups-in-future')).toEqual(['log-errors:backup.log'])
    expect((await one.alerts()).cleared.length).toBeGreaterThan(6)
  })

  it('compares the newest backup with those before it: its size, and its rows, table by table', async () => {
    const one = await alertSite()
    await one.look()
    for (let hours = 2; hours < 9; hours++)
      one.rows(one.backup(hours * HOUR), { users: 40, devices: 60, sales: 100_000 + hours })
    one.rows(one.backup(20 * MINUTE), { users: 0, devices: 31, sales: 50_100 })
    put(
      one.site,
      `cvd_auto_${stampOf(15 * MINUTE)}.db.gz`,
      'a backup that is far longer than those that were made before it',
    )
    await one.must('policy', 'alert_change=50')
    expect(await one.look()).toEqual(['backup-rows:users', 'backup-size'])
    expect(await one.alert('backup-rows:users')).toMatchObject({
      severity: 'error',
      evidence: 'The newest counted database backup has 0 rows (users); those before it had about 40.',
    })
    await one.must('policy', 'alert_change=40')
    expect(await one.look()).toEqual(['backup-rows', 'backup-rows:devices', 'backup-rows:users', 'backup-size'])
    await one.must('policy', 'alert_change=0', 'alert_min_size=100')
    expect(await one.look()).toEqual(['backup-small'])
  })

  it('says when the newest backup is too old, when nothing was verified for long, and when the disk will be full', async () => {
    const one = await alertSite()
    const now = Date.now()
    put(one.site, `app/cvd_app_${stampOf(40 * DAY)}.tar.gz`)
    expect(await one.look()).toEqual(['backup-old:application', 'verification-overdue'])
    expect(await one.alert('verification-overdue')).toMatchObject({
      severity: 'warning',
      since: expect.closeTo(now - 10 * DAY, -5),
    })
    one.free({ database: 9e8, backups: 3e8, state: 9e8 })
    one.at(now + DAY)
    one.backup(-23 * HOUR, 'verified', now)
    const later = await one.look()
    expect(later).toContain('disk-runway:backups')
    // Of 300 MB, 600 MB a day were used.
    expect(await one.alert('disk-runway:backups')).toMatchObject({
      severity: 'error',
      evidence: expect.stringContaining('is full in 0 days; alerts begin at 14'),
    })
    one.at(now + DAY + 10 * HOUR)
    const old = (await one.look()).filter((id) => id.startsWith('backup-old'))
    expect(old).toEqual(
      [
        'backup-old:application',
        'backup-old:database',
        ...(old.includes('backup-old:config') ? ['backup-old:config'] : []),
      ].sort(),
    )
    expect(await one.alert('backup-old:database')).toMatchObject({
      severity: 'error',
      evidence: 'The newest usable database backup is 11 hours old; it should be at most 4 hours old.',
      since: expect.closeTo(now + 27 * HOUR, -5),
    })
  })
})
