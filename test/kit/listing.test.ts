/** The list of backups, on real files: its contents, how it is requested, and the problems reported. */
import { execFileSync } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { shownBackup, verification } from '../../src-shared/domain/kit-backups.ts'
import { restorePlan } from '../../src-shared/domain/kit-restore.ts'
import { inspection } from '../../src-shared/domain/kit-site.ts'
import { ScratchSite } from '../support/scratch-site.ts'

const HOUR = 3_600_000

/** As the runbook names it if the zone is UTC. */
function stampOf(at: number): string {
  return new Date(at).toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '_')
}

describe('the list of backups', () => {
  let site: ScratchSite
  beforeEach(() => {
    site = new ScratchSite()
  })
  afterEach(() => site.remove())

  const inspect = (env: Record<string, string> = {}) => site.ask(['inspect'], inspection, { env })
  const below = (path: string) => path.replace(`${site.backups}/`, '')
  const problemOf = (answer: z.output<typeof inspection>, code: string) =>
    answer.problems.find((one) => one.code === code)
  const lastVerified = async (count: number, env: Record<string, string> = {}) => {
    const answer = await site.run(['verify', '--last', String(count)], { env })
    return z
      .object({ backups: z.array(verification) })
      .parse(answer.result.data)
      .backups.map(({ path }) => below(path))
  }
  function put(name: string, modifiedAt: number, text = 'x'): void {
    const path = join(site.backups, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
    utimesSync(path, modifiedAt / 1000, modifiedAt / 1000)
  }

  it('never takes a companion, an unfinished file or an unknown format for the newest backup', async () => {
    const real = `cvd_backup_${stampOf(Date.now() - 30 * 24 * HOUR)}.db.gz`
    site.backup(real)
    const now = Date.now()
    const fresh = `cvd_backup_${stampOf(now)}.db.gz`
    const companions = ['.sha256', '.sig', '.json', '.md5', '.asc'].map((ending) => `${real}${ending}`)
    const unfinished = [`${fresh}.part`, `${fresh}.tmp`, `.${fresh}.a8Xk2Q`]
    const unsupported = [`${fresh}.gpg`, `${fresh.slice(0, -3)}.zst`, `app/cvd_app_${stampOf(now)}.tar.xz`]
    const unknown = [`${fresh}.sha512`, 'README']
    for (const name of [...companions, ...unfinished, ...unsupported, ...unknown]) put(name, now)
    const answer = await inspect()
    expect(answer.backups.map(({ path, companions: of }) => [below(path), of.map(below).sort()])).toEqual([
      [real, companions.toSorted()],
    ])
    const ofClass = (word: string) => answer.otherFiles.flatMap((one) => (one.class === word ? [below(one.path)] : []))
    expect(ofClass('unfinished').sort()).toEqual(unfinished.toSorted())
    expect(ofClass('unsupported').sort()).toEqual(unsupported.toSorted())
    expect(ofClass('unknown').sort()).toEqual(unknown.toSorted())
    expect(problemOf(answer, 'backup-old')?.text).toBe(
      'The newest backup of the database is 30 days old; it should not be older than 4 hours.',
    )
    expect(problemOf(answer, 'unsupported-files')?.text).toMatch(/^3 files have a format that cannot be read/)
    expect(problemOf(answer, 'unfinished-files')?.text).toMatch(/^3 unfinished files/)
    expect(await lastVerified(5)).toEqual([real])
    for (const name of [companions[0], unfinished[0], unsupported[0]]) {
      for (const words of [['verify'], ['hold'], ['show'], ['plan', 'restore', 'database']]) {
        for (const given of [name ?? '', join(site.backups, name ?? '')]) {
          expect((await site.run([...words, given])).result, `${words} ${given}`).toMatchObject({
            code: 'not-a-backup',
          })
        }
      }
    }
    expect((await site.run(['verify', '--all'])).result.message).toBe('Verified: 1 of 1.')
  })

  it('recognises a backup by its name, even if words in it say what it was made for', async () => {
    const backups = [
      'cvd.db.before-new-schema',
      'cvd.db.bak-pre-index-change.gz',
      'cvd_backup_20260101_100000.db.gz.old_before_sql_fix',
      'cvd.db.backup-part-payment-fix-2',
    ]
    const unfinished = ['cvd.db.gz-part', 'cvd.db.gz-tmp-1234', 'cvd.db.bak-new.1.gz', 'cvd.db.bak.tmp', 'cvd.db.new-1']
    for (const name of [...backups, ...unfinished]) site.backup(name)
    const answer = await site.ask(['inspect'], inspection)
    const names = (files: readonly { path: string }[]) => files.map(({ path }) => path.split('/').at(-1)).sort()
    expect(names(answer.backups)).toEqual(backups.toSorted())
    expect(names(answer.otherFiles.filter((one) => one.class === 'unfinished'))).toEqual(unfinished.toSorted())
  })

  it('never takes a backup dated in the future for the newest', async () => {
    const now = Date.now()
    const old = `cvd_backup_${stampOf(now - 40 * 24 * HOUR)}.db.gz`
    const ahead = `cvd_backup_${stampOf(now + 365 * 24 * HOUR)}.db.gz`
    for (const name of [old, ahead]) site.backup(name)
    const answer = await inspect()
    expect(problemOf(answer, 'backup-old')?.text).toContain('is 40 days old')
    expect(problemOf(answer, 'backup-in-future')?.text).toBe(
      '1 backup is dated in the future: it cannot be the newest.',
    )
    expect(await lastVerified(1)).toEqual([old])
    const plan = await site.ask(['plan', 'restore', 'database', ahead], restorePlan)
    expect([plan.recoveryPoint, plan.lossSeconds]).toEqual([null, null])
    rmSync(join(site.backups, old))
    expect(problemOf(await inspect(), 'no-backups')?.text).toMatch(
      /^Every backup of the database is dated in the future/,
    )
    // Five minutes are not the future: two clocks may differ by as much.
    site.backup(`cvd_backup_${stampOf(Date.now() + 240_000)}.db.gz`)
    const soon = await inspect()
    expect([problemOf(soon, 'no-backups'), problemOf(soon, 'backup-old')]).toEqual([undefined, undefined])
  })

  it('never takes our own backup made while the clock was ahead for the newest', async () => {
    await site.run(['database'], { instead: 'now_ms() { REPLY=$(($(command date +%s%3N) + 86400000)); }' })
    const answer = await inspect()
    expect(answer.backups).toHaveLength(1)
    expect(answer.problems.map(({ code }) => code)).toEqual(expect.arrayContaining(['backup-in-future', 'no-backups']))
  })

  it('picks the newer of two backups made in the hour that occurs twice', async () => {
    const berlin = { TZ: 'Europe/Berlin' }
    const [first, second] = ['cvd_backup_20251026_025000.db.gz', 'cvd_backup_20251026_021000.db.gz']
    for (const [name, at] of [
      [first, '2025-10-26T00:51:00Z'],
      [second, '2025-10-26T01:11:00Z'],
    ] as const) {
      utimesSync(site.backup(name), Date.parse(at) / 1000, Date.parse(at) / 1000)
    }
    const { backups } = await inspect(berlin)
    expect(backups.map(({ path, takenAt }) => [below(path), takenAt])).toEqual([
      [second, Date.parse('2025-10-26T01:10:00Z')],
      [first, Date.parse('2025-10-26T00:50:00Z')],
    ])
    expect(await lastVerified(1, berlin)).toEqual([second])
  })

  it('finds backups one folder level down, dates them by the folder, and accepts their paths and names', async () => {
    const folder = '20250724_175452'
    mkdirSync(join(site.backups, folder))
    const inside = site.backup('cvd_backup.db', join(site.backups, folder))
    const dated = site.backup('cvd_auto_20250801_010000.db.gz', join(site.backups, folder))
    // Not looked into: links to folders, hidden folders, deeper levels.
    const outside = join(site.folder, 'outside')
    for (const one of [outside, join(site.backups, '.cvd-backup-XXXXXXXX'), join(site.backups, folder, 'deep')]) {
      mkdirSync(one)
      site.backup('hidden.db', one)
    }
    symlinkSync(outside, join(site.backups, 'link'))
    const answer = await inspect()
    expect(answer.backups.map(({ path, takenAt }) => [path, takenAt])).toEqual([
      [dated, Date.UTC(2025, 7, 1, 1)],
      [inside, Date.UTC(2025, 6, 24, 17, 54, 52)],
    ])
    for (const given of [
      inside,
      `${folder}/cvd_backup.db`,
      'cvd_backup.db',
      `${site.backups}//${folder}/./cvd_backup.db`,
    ]) {
      const shown = await site.ask(['show', given], shownBackup)
      expect(shown.backup.path, given).toBe(inside)
    }
    expect((await site.run(['hold', 'cvd_backup.db'])).result.outcome).toBe('succeeded')
    expect((await site.run(['verify', `${folder}/cvd_backup.db`])).result.outcome).toBe('succeeded')
    const [entry] = (await inspect()).backups.filter(({ path }) => path === inside)
    expect(entry).toMatchObject({ hold: true, verdict: 'verified' })
    const plan = await site.ask(['plan', 'restore', 'database', 'cvd_backup.db'], restorePlan)
    expect([plan.backup.path, plan.recoveryPoint]).toEqual([inside, entry?.takenAt])
    expect((await site.run(['show', 'hidden.db'])).result).toMatchObject({ code: 'not-found' })
    // A name that several files have is ambiguous.
    mkdirSync(join(site.backups, '20250725_175452'))
    site.backup('cvd_backup.db', join(site.backups, '20250725_175452'))
    expect((await site.run(['show', 'cvd_backup.db'])).result).toMatchObject({ code: 'usage', next: 'give the path' })
  })

  it('takes a database for one, though its name has the ending of an archive in it', async () => {
    for (const name of ['a.tar.gz.db', 'b.tgz.sqlite3.bak', 'c.db.tar.gz', 'd.db.tgz.old', 'e.tar.gz.db.tar.gz']) {
      put(name, Date.now())
    }
    const kinds = Object.fromEntries((await inspect()).backups.map(({ path, kind }) => [below(path), kind]))
    expect(kinds).toEqual({
      ...{ 'a.tar.gz.db': 'database', 'b.tgz.sqlite3.bak': 'database' },
      ...{ 'c.db.tar.gz': 'application', 'd.db.tgz.old': 'application', 'e.tar.gz.db.tar.gz': 'application' },
    })
  })

  it('says so where it leaves files out, and does not say what it cannot know', async () => {
    const real = site.backup(`cvd_backup_${stampOf(Date.now() - 30 * 24 * HOUR)}.db.gz`)
    for (let number = 0; number < 30; number++) put(`f/${number}.txt`, Date.now())
    const most = (number: number) => ({ instead: `FILES_MOST=${number}` })
    const all = await site.ask(['inspect'], inspection, most(31))
    expect(problemOf(all, 'incomplete')).toBeUndefined()
    expect(problemOf(all, 'backup-old')).toBeDefined()
    const few = await site.ask(['inspect'], inspection, most(5))
    expect(few.backups.length + few.otherFiles.length).toBe(5)
    expect(problemOf(few, 'incomplete')?.text).toMatch(/^There are too many files among the backups/)
    for (const code of ['backup-old', 'no-backups']) expect(problemOf(few, code)).toBeUndefined()
    const warnings = async (instead: string) =>
      (await site.run(['verify', '--all'], { instead })).events.filter(
        (event) => event.kind === 'log' && event.text.includes('some backups are not known'),
      ).length
    rmSync(join(site.backups, 'f'), { recursive: true })
    for (const number of [1, 2]) writeFileSync(join(site.backups, `${number}.db`), readFileSync(site.database))
    expect(real).toBeDefined()
    expect(await warnings('FILES_MOST=2')).toBe(1)
    expect(await warnings('FILES_MOST=3')).toBe(0)
    // The listing was killed before its end.
    expect(await warnings('folders_listed() { folders_found | encode_found; kill -KILL "$BASHPID"; }')).toBe(1)
  })

  it('follows the archive folder if it is a link', async () => {
    renameSync(join(site.backups, 'app'), join(site.folder, 'elsewhere'))
    symlinkSync(join(site.folder, 'elsewhere'), join(site.backups, 'app'))
    put('app/cvd_app_20250101_000000.tar.gz', Date.now())
    put('app/git_version_20250101_000000.txt', Date.now())
    const { backups, otherFiles } = await inspect()
    expect(backups).toMatchObject([{ kind: 'application', companions: [expect.stringContaining('git_version')] }])
    expect(otherFiles).toEqual([])
  })

  it('takes what a restore left behind for a safety copy, never for a new backup', async () => {
    const stamp = stampOf(Date.now() - HOUR)
    for (const word of ['pre-restore', 'rejected', 'stray']) writeFileSync(`${site.database}.${word}.${stamp}`, 'x')
    writeFileSync(`${site.database}.pre-restore.${stamp}-wal`, 'x')
    const answer = await inspect()
    expect(answer.backups.map(({ origin }) => origin)).toEqual(['safety', 'safety', 'safety'])
    expect(answer.backups.flatMap(({ companions }) => companions)).toEqual([
      `${site.database}.pre-restore.${stamp}-wal`,
    ])
    expect(problemOf(answer, 'no-backups')?.text).toBe('There is no backup of the database.')
  })

  it('recognises the backups of a database with another name', async () => {
    const database = join(site.root, 'data/live[1]')
    renameSync(site.database, database)
    await site.run(['policy', `database=${database}`])
    writeFileSync(`${database}.pre-restore.20250101_000000`, 'x')
    writeFileSync(`${database}.backup-20250102-000000`, 'x')
    writeFileSync(join(site.root, 'data/live1.backup-20250103-000000'), 'x')
    const { backups } = await inspect()
    expect(backups.map(({ origin, takenAt }) => [origin, takenAt])).toEqual([
      ['foreign', Date.UTC(2025, 0, 2)],
      ['safety', Date.UTC(2025, 0, 1)],
    ])
    expect((await site.run(['show', 'live[1]'])).result).toMatchObject({ code: 'not-found' })
    expect((await site.run(['show', database])).result).toMatchObject({ code: 'not-a-backup' })
  })

  it("calls a backup old by the site's policy", async () => {
    site.backup(`cvd_backup_${stampOf(Date.now() - 3 * HOUR)}.db.gz`)
    expect(problemOf(await inspect(), 'backup-old')).toBeUndefined()
    await site.run(['policy', 'backup_max_age=7200'])
    const answer = await inspect()
    expect(answer.policy.backup_max_age).toBe('7200')
    expect(problemOf(answer, 'backup-old')?.text).toBe(
      'The newest backup of the database is 3 hours old; it should not be older than 2 hours.',
    )
    for (const value of ['0', '-5', '4h', '1e3', 'a[$(id)]', '']) {
      expect((await site.run(['policy', `backup_max_age=${value}`])).result.code, value).toBe('usage')
    }
  })

  it('uses singular and plural correctly', async () => {
    put('cvd_backup_20250101_000000.db', Date.now(), '')
    put('cvd_backup_20250102_000000.db.gz', Date.now(), 'no gzip')
    await site.run(['verify', 'cvd_backup_20250102_000000.db.gz'])
    const one = await inspect()
    expect(problemOf(one, 'empty-backups')?.text).toBe('1 empty file (0 bytes) looks like a backup.')
    expect(problemOf(one, 'failed-backups')?.text).toBe('1 backup failed verification.')
    put('cvd_backup_20250103_000000.db', Date.now(), '')
    await site.run(['verify', '--all'])
    const more = await inspect()
    expect(problemOf(more, 'empty-backups')?.text).toBe('2 empty files (0 bytes) look like backups.')
    expect(problemOf(more, 'failed-backups')?.text).toBe('3 backups failed verification.')
  })

  it('needs no more processes for a thousand files than for one', () => {
    const other = mkdtempSync(join(tmpdir(), 'cvd-count-'))
    const file = join(other, 'processes')
    const counted = (name: string) => [name, `#!/bin/bash\necho x >>'${file}'\nPATH=/usr/bin:/bin exec ${name} "$@"\n`]
    const programs = Object.fromEntries(['awk', 'sed', 'tr', 'sort', 'grep', 'find', 'cat', 'stat'].map(counted))
    site.remove()
    site = new ScratchSite({ programs })
    const count = () => Number(site.library(`backup_list >/dev/null; wait; wc -l <'${file}'; rm '${file}'`))
    put('cvd_backup_20250101_000000.db', Date.now())
    const few = count()
    for (let number = 0; number < 1000; number++) put(`f${number % 50}/cvd_backup_${number}.db`, Date.now())
    expect(few).toBeGreaterThan(4)
    expect(count()).toBe(few)
    rmSync(other, { recursive: true })
  })

  it('is the same with every awk that a server may have installed', () => {
    for (const name of ['cvd_backup_20251026_021000.db.gz', 'x.db.gz.part', 'cvd_backup_20251026_021000.db.gz.md5']) {
      put(name, Date.parse('2025-10-26T01:11:00Z'))
    }
    const known = ['mawk', 'gawk'].filter((one) => {
      try {
        return execFileSync('which', [one]).length > 0
      } catch {
        return false
      }
    })
    const answers = known.map((one) => {
      const folder = join(site.folder, one)
      mkdirSync(folder)
      symlinkSync(execFileSync('which', [one], { encoding: 'utf8' }).trim(), join(folder, 'awk'))
      return site.library(
        `PATH=${folder}:$PATH; export TZ=Europe/Berlin; backup_list; LISTED=$(folders_listed); listing_whole`,
      )
    })
    expect(known.length).toBeGreaterThan(0)
    expect(new Set(answers).size).toBe(1)
    expect(answers[0]).toContain(String(Date.parse('2025-10-26T01:10:00Z')))
  })
})
