/** Backups on the command line: made, listed, verified, deleted, downloaded and uploaded. */
import { existsSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { archiveReport, backupReport } from '../../src-shared/domain/kit-backups.ts'
import { inspection } from '../../src-shared/domain/kit-site.ts'
import { rotationReport } from '../../src-shared/domain/retention.ts'
import { CliSite, cliSiteLacks } from '../support/cli-site.ts'

describe.skipIf(cliSiteLacks !== '')(`backups on the command line ${cliSiteLacks}`, () => {
  let site: CliSite
  let backup: string

  beforeAll(async () => {
    site = await CliSite.added()
  })
  afterAll(() => site?.[Symbol.asyncDispose]())

  test('a backup: one event per line, its steps, and the result last', async () => {
    const { code, events, result } = await site.cli.json(['backup', 'Depot', 'database'])
    expect([code, result.outcome]).toEqual([0, 'succeeded'])
    backup = backupReport.parse(result.data).backup.path
    const steps = events.filter((event) => event.kind === 'step' && event.state === 'done').map(({ step }) => step)
    expect(steps).toEqual(['check', 'copy', 'compress', 'publish'])
    expect(events.filter(({ kind }) => kind === 'result')).toHaveLength(1)
    expect(events.some(({ kind }) => kind === 'operation')).toBe(true)
  })

  test('a backup of every other kind, listed as verified; and none of an unknown one', async () => {
    for (const kind of ['application', 'config', 'systemd', 'system']) {
      const made = await site.cli.json(['backup', 'Depot', kind])
      expect([made.code, made.result.message]).toEqual([0, expect.stringContaining('backed up to')])
      expect(archiveReport.parse(made.result.data)).toMatchObject({
        backup: { kind, verdict: 'verified' },
        warnings: [],
      })
    }
    const { result } = await site.cli.json(['backups', 'Depot'])
    const { backups } = inspection.pick({ backups: true }).parse(result.data)
    expect(new Set(backups.map(({ kind }) => kind)).size).toBe(5)
    expect(await site.cli.json(['backup', 'Depot', 'everything'])).toMatchObject({ code: 2, result: { code: 'usage' } })
  })

  test('the list of backups, verification, and the list afterwards', async () => {
    const name = backup.slice(backup.lastIndexOf('/') + 1)
    const before = await site.cli.run(['backups', 'Depot'])
    expect(before.stdout).toMatch(/^BACKUP +KIND +ORIGIN +TAKEN +AGE +SIZE +VERDICT/)
    expect(before.stdout).toContain(name)
    expect(await site.cli.json(['verify', 'Depot'])).toMatchObject({ code: 2 })
    expect(await site.cli.json(['verify', 'Depot', 'no-such.db.gz'])).toMatchObject({
      code: 1,
      result: { code: 'not-found' },
    })
    const verified = await site.cli.json(['verify', 'Depot', name])
    expect(verified).toMatchObject({
      code: 0,
      result: { data: { backups: [{ verdict: 'verified', basis: 'fingerprint' }] } },
    })
    expect(await site.cli.json(['hold', 'Depot', name, '--reason', 'keep'])).toMatchObject({ code: 0 })
    const after = await site.cli.run(['backups', 'Depot'])
    expect(after.stdout.split('\n').find((line) => line.includes(name))).toMatch(/verified \d+ \w+ ago {2,}held/)
    expect(await site.cli.json(['release', 'Depot', name])).toMatchObject({ code: 0 })
  })

  test('deletes a file that is not a backup, and never a backup', async () => {
    const leftover = join(site.demo.root, 'backups/cvd_backup_20240101_000000.db.gz.part')
    writeFileSync(leftover, 'half of it')
    utimesSync(leftover, 1_704_067_200, 1_704_067_200)
    const name = basename(leftover)
    const confirmed = ['--confirm', 'Depot', '--reason', 'left by a copy']
    expect(await site.cli.json(['delete', 'Depot', name, '--confirm', 'depot', '--reason', 'x'])).toMatchObject({
      code: 4,
      result: { code: 'not-confirmed' },
    })
    expect(await site.cli.json(['delete', 'Depot', name, basename(backup), ...confirmed])).toMatchObject({
      code: 1,
      result: { code: 'not-found' },
    })
    expect(existsSync(leftover)).toBe(true)
    expect(await site.cli.json(['delete', 'Depot', name, ...confirmed])).toMatchObject({ code: 0 })
    expect([existsSync(leftover), existsSync(backup)]).toEqual([false, true])
  })

  test('rotates: says what it would delete and why, and deletes that', async () => {
    const due = join(site.demo.root, 'backups', 'cvd_auto_20240102_030405.db.gz')
    writeFileSync(due, 'an old one')
    const planned = await site.cli.run(['rotate', 'Depot', '--dry-run'])
    expect([planned.code, planned.stderr]).toEqual([0, ''])
    expect(planned.stdout).toMatch(/^DECISION +BACKUP +SIZE +REASON$/m)
    expect(planned.stdout).toMatch(/delete +\S+cvd_auto_20240102_030405\.db\.gz +10 B +It is \d+ days old; backups/)
    expect(existsSync(due)).toBe(true)
    expect(await site.cli.json(['rotate', 'Depot', '--dry-run', '--accept-clock'])).toMatchObject({ code: 2 })
    expect(await site.cli.json(['rotate', 'Depot'])).toMatchObject({ code: 4, result: { code: 'not-confirmed' } })
    expect(existsSync(due)).toBe(true)
    const { code, result } = await site.cli.json(['rotate', 'Depot', '--confirm', 'Depot'])
    expect(code).toBe(0)
    expect(rotationReport.parse(result.data)).toMatchObject({ dryRun: false, remaining: [] })
    expect([existsSync(due), existsSync(backup)]).toEqual([false, true])
  })

  test('downloads a backup and uploads it again, with words for people and objects for programs', async () => {
    const name = basename(backup)
    const folder = site.desk('downloads')
    const got = await site.cli.run(['download', 'Depot', name, '--to', folder])
    expect([got.code, got.stderr]).toEqual([0, ''])
    expect(got.stdout).toContain('(equal to the fingerprint of the backup)')
    expect(readFileSync(join(folder, name)).equals(readFileSync(backup))).toBe(true)
    const again = await site.cli.json(['download', 'Depot', name, '--to', folder])
    expect(again).toMatchObject({ code: 4, result: { code: 'name-taken' } })
    const forced = await site.cli.json(['download', 'Depot', name, '--to', folder, '--force'])
    expect(forced).toMatchObject({ code: 0, result: { data: { file: join(folder, name), basis: 'fingerprint' } } })
    expect(forced.events.map(({ kind }) => kind)).toContain('progress')

    const file = join(folder, 'cvd_backup_20240203_040506.db.gz')
    writeFileSync(file, readFileSync(backup))
    const sent = await site.cli.run(['upload', 'Depot', file])
    expect([sent.code, sent.stderr]).toEqual([0, ''])
    const there = join(site.demo.root, 'backups', basename(file))
    expect(sent.stdout).toContain(there)
    expect(readFileSync(there).equals(readFileSync(backup))).toBe(true)
    writeFileSync(file, 'another')
    expect(await site.cli.json(['upload', 'Depot', file])).toMatchObject({ code: 4, result: { code: 'name-taken' } })
    expect(await site.cli.json(['upload', 'Depot', join(folder, 'nothing.db')])).toMatchObject({
      code: 1,
      result: { code: 'local-file' },
    })
    rmSync(there)
  })
})
