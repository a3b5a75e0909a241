/** Rotation on a server: the runbook's numbers by recorded time, what it never deletes, and what it says. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { previewRetention } from '../../src-main/operations/preview-retention.ts'
import { showName } from '../../src-shared/domain/backup-path.ts'
import { inspection } from '../../src-shared/domain/kit-site.ts'
import { deleteReasons, keepReasons, rotationReport } from '../../src-shared/domain/retention.ts'
import { retentionSentence } from '../../src-shared/domain/retention-words.ts'
import {
  DAY,
  deletionsOf,
  HOUR,
  judge,
  logOf,
  nameOf,
  old,
  put,
  rotate,
  siteOf,
  stampOf,
  there,
} from '../support/kit/history.ts'
import { ORDINARY, ScratchSite } from '../support/scratch-site.ts'

const reasons = async (site: ScratchSite) => {
  const { decisions } = await rotate(site, '--dry-run')
  return Object.fromEntries(decisions.map(({ path, reason }) => [showName(path), reason]))
}

describe.concurrent("by the runbook's numbers", () => {
  it('keeps 30 days and 200 of the database, 14 days of the application, 28 of systems, by recorded time', async (test) => {
    const site = siteOf(test)
    const every = (hours: number, days: number, name: (ago: number) => string) =>
      [...Array((days * 24) / hours).keys()].map((number) => put(site, name(HOUR + number * hours * HOUR)))
    const databases = every(2, 40, nameOf.database)
    const applications = every(24, 30, nameOf.application)
    const systems = every(7 * 24, 56, nameOf.system)
    judge(site, 'verified', ...databases, ...applications, ...systems)
    // Companions of the oldest go with it, others stay.
    const version = (path = '') => path.replace('cvd_app_', 'git_version_').replace('.tar.gz', '.txt')
    for (const path of [applications[0], applications.at(-1)]) put(site, version(path))
    put(site, `${databases.at(-1)}.sha256`)

    const report = await rotate(site)
    expect(databases.filter((path) => existsSync(path))).toEqual(databases.slice(0, 200))
    expect(applications.filter((path) => existsSync(path))).toEqual(applications.slice(0, 14))
    expect(systems.filter((path) => existsSync(path))).toEqual(systems.slice(0, 4))
    expect(there(version(applications[0]), version(applications.at(-1)), `${databases.at(-1)}.sha256`)).toEqual([
      true,
      false,
      false,
    ])
    expect(report).toMatchObject({ dryRun: false, kept: 218, remaining: [] })
    expect(report.deleted).toHaveLength(280 + 16 + 4)
    expect(report.decisions.filter(({ reason }) => reason === 'too-many')).toHaveLength(160)
    expect(logOf(site)).toMatch(
      /Database: 480, Application: 30, System: 8; [^\n]*\n.*: 300 backups deleted, 218 kept, by test\n$/,
    )

    // What was known of them is gone with them, and what was deleted is known.
    expect(deletionsOf(site)).toHaveLength(300)
    expect(deletionsOf(site).every(({ done }) => done)).toBe(true)
    expect(site.sql(join(site.state, 'state.db'), 'SELECT count(*) FROM verdict;')).toBe('218\n')
    expect(await rotate(site)).toMatchObject({ kept: 218, deleted: [] })
  })

  it('keeps hourly, daily, weekly and monthly ones for those who want them', async (test) => {
    const site = siteOf(test)
    const paths = [...Array(200).keys()].map((number) => put(site, nameOf.database(HOUR + number * 12 * HOUR)))
    judge(site, 'verified', ...paths)
    await site.run(['policy', 'retention_database=days 2 daily 7 monthly 3'])
    const report = await rotate(site)
    const said = await reasons(site)
    // How many lie in a day, and whether a month begins in these days, depends on when this runs.
    const of = (digits: number, ...which: string[]) =>
      new Set(
        Object.entries(said)
          .filter(([, reason]) => which.includes(reason))
          .map(([path]) => /_(\d{8})_/.exec(path)?.[1]?.slice(0, digits)),
      ).size
    expect(of(8, 'daily', 'young', 'newest-verified')).toBe(7)
    expect(of(6, 'daily', 'young', 'newest-verified', 'monthly')).toBe(3)
    expect(report.kept).toBeLessThan(20)
    expect(await rotate(site)).toMatchObject({ kept: report.kept, deleted: [] })
  })
})

describe.concurrent('a dry run', () => {
  it('says of each backup what rotation would do and why, and changes nothing', async (test) => {
    const site = siteOf(test)
    const { due } = old(site)
    const before = site.library('find "$SITE_ROOT" "$STATE" -printf "%p %s %T@ %i\\n" | sort')
    const person = await site.asPerson('rotate', '--dry-run')
    expect(person.code).toBe(0)
    expect(person.stdout).toMatch(
      new RegExp(
        `keep +\\S+ +It is the newest verified backup.*\ndelete +${basename(due)} +It is 40 days old; backups of this kind are kept for 30 days\\.`,
      ),
    )
    expect(person.stdout).toContain('1 backup would be deleted, 1 kept; nothing was changed.')
    expect(site.library('find "$SITE_ROOT" "$STATE" -printf "%p %s %T@ %i\\n" | sort')).toBe(before)
    expect(existsSync(due)).toBe(true)
  })

  it('says each reason in the words of the console', (test) => {
    const numbers = [
      [null, null],
      [0, 1],
      [119_999, 2],
      [7_200_000, 14_400_000],
      [230, 200],
      [3_456_000_000, 30],
    ] as const
    const said = [...keepReasons, ...deleteReasons, 'of-another-version'].flatMap((reason) =>
      numbers.map(([measure, bound]) => ({ path: 'x', decision: 'keep', reason, measure, bound }) as const),
    )
    const words = siteOf(test).library(
      `while (($# > 0)); do rotation_words "$1" "$2" "$3"; printf '%s\\n' "$REPLY"; shift 3; done`,
      said.flatMap(({ reason, measure, bound }) => [reason, `${measure ?? '-'}`, `${bound ?? '-'}`]),
    )
    expect(words.trimEnd().split('\n')).toEqual(said.map(retentionSentence))
  })

  it('gives the same answer as the console, from what it saw last', async (test) => {
    const site = siteOf(test)
    old(site)
    put(site, 'old/cvd_auto_20240101_000000.db.gz')
    put(site, 'customers.db.gz')
    put(site, nameOf.database(50 * DAY), '')
    for (const word of ['pre-restore', 'rejected', 'stray'])
      for (const ago of [5, 50]) put(site, `${site.database}.${word}.${stampOf(ago * DAY)}`)
    for (const ago of [3, 60, 70]) mkdirSync(join(site.root, `app.pre-restore.${stampOf(ago * DAY)}`))
    for (const ago of [1, 200, 300]) judge(site, 'verified', put(site, nameOf.application(ago * HOUR)))
    put(site, `app/current_app_${stampOf(90 * DAY)}.tar.gz`)
    // Around a change of the clocks, whenever this runs: of a day's two, which is of which day depends on the offset then.
    const often = [...Array(700).keys()].map((number) => put(site, nameOf.system(HOUR + number * 11.5 * HOUR)))
    judge(site, 'verified', ...often)
    await site.run(['policy', 'retention_application=days 10 weekly 2', 'retention_system=days 1 daily 300 monthly 9'])
    await site.run(['hold', put(site, nameOf.config(60 * DAY))])
    const berlin = { env: { TZ: 'Europe/Berlin' } }
    const report = await site.ask(['rotate', '--dry-run'], rotationReport, berlin)
    const seen = await site.ask(['inspect'], inspection, berlin)
    expect(seen.time.zone).toBe('Europe/Berlin')
    const plain = (list: readonly { path: string; decision: string; reason: string }[]) =>
      list.map(({ path, decision, reason }) => `${decision} ${reason} ${path}`)
    expect(plain(previewRetention(seen, report.now))).toEqual(plain(report.decisions))
    expect(report.decisions.filter(({ decision }) => decision === 'delete').length).toBeGreaterThan(4)
  })
})

describe.concurrent('nothing is deleted', () => {
  it.each<[string, (site: ScratchSite, due: string, recent: string) => unknown, string]>([
    ['on hold', (site, due) => site.run(['hold', due]), 'held'],
    ['while the newest is overdue', (_, __, recent) => rmSync(recent), 'overdue'],
    [
      'while none that is newer is verified',
      (site, due, recent) => judge(site, 'inconclusive', recent, due),
      'unproven',
    ],
    ['while the newest has failed', (site) => judge(site, 'failed', put(site, nameOf.database(HOUR / 2))), 'failing'],
    ['while the newest is empty', (site) => put(site, nameOf.database(HOUR / 2), ''), 'failing'],
    ['while one is dated in the future', (site) => put(site, nameOf.database(-DAY)), 'future'],
    ['while a restore is unfinished', (site) => writeFileSync(join(site.state, 'unfinished'), 'x'), 'unfinished'],
    ['while a folder cannot be read', (site) => unreadable(site), 'incomplete'],
  ])('%s', async (_, spoil, reason) => {
    const site = new ScratchSite({ ...(reason === 'incomplete' ? { login: ORDINARY } : {}) })
    try {
      const { due, recent } = old(site)
      if (reason === 'incomplete') site.library('chown -R "$1" "$STATE" "$BACKUPS"', [String(ORDINARY)])
      await spoil(site, due, recent)
      expect((await reasons(site))[basename(due)]).toBe(reason)
      await site.run(['rotate'])
      expect(existsSync(due)).toBe(true)
    } finally {
      site.library('chmod -R u+rwx,go+rx "$BACKUPS"')
      site.remove()
    }
  })

  const unreadable = (site: ScratchSite) => {
    mkdirSync(join(site.backups, 'closed'), { mode: 0o000 })
  }

  it('that it does not recognise: other names, other places, behind links, without a date, uploaded', async (test) => {
    const site = siteOf(test)
    const { recent, due } = old(site)
    const note = put(site, `${due}.it's; $(touch pwned) "a"\n%41.txt`)
    rmSync(join(site.backups, 'system'), { recursive: true })
    mkdirSync(join(site.root, 'elsewhere'))
    symlinkSync('../elsewhere', join(site.backups, 'system'))
    const kept = [
      put(site, `old/${basename(nameOf.database(90 * DAY))}`),
      put(site, 'customers 2019.db.gz'),
      put(site, 'cvd_auto_latest.db.gz'),
      put(site, `it's;$(touch pwned)\n"x" %41 ${stampOf(90 * DAY)}.db`),
      put(site, nameOf.system(90 * DAY)),
      put(site, 'app/notes.tar.gz.part'),
      put(site, `${nameOf.database(90 * DAY)}.gpg`),
    ]
    const upload = put(site, nameOf.database(80 * DAY))
    const made = `file_stamp "$1"; state_write state_record made "$1" "\${REPLY%$'\\t'*}" "\${REPLY#*$'\\t'}" database foreign "$2"`
    site.library(made, [upload, String(Date.now() - 80 * DAY)])
    const link = nameOf.database(70 * DAY)
    symlinkSync(recent, join(site.backups, link))
    const report = await rotate(site)
    expect(report.deleted).toHaveLength(1)
    expect(there(due, note)).toEqual([false, false])
    expect(there(...kept, upload)).toEqual([...kept, upload].map(() => true))
    expect(readdirSync(site.backups)).toContain(link)
    expect(readdirSync(site.backups)).not.toContain('pwned')
  })

  it('that a program has open', async (test) => {
    const site = siteOf(test)
    const { due } = old(site)
    const holder = spawn('sh', ['-c', 'exec 7<"$1"; echo open; exec sleep 60', 'sh', due], { detached: true })
    test.onTestFinished(() => void holder.kill('SIGKILL'))
    await once(holder.stdout, 'data')
    expect((await reasons(site))[basename(due)]).toBe('used')
    expect(await rotate(site)).toMatchObject({ deleted: [] })
    expect(existsSync(due)).toBe(true)
  })

  it('that changed or was opened after it was decided', async (test) => {
    const site = siteOf(test)
    const { due } = old(site)
    const changed =
      'eval "$(declare -f rotate_delete | sed "s/^rotate_delete/real_delete/")"; rotate_delete() { WHAT; real_delete; }'
    const held = changed.replace('WHAT', 'setsid sleep 60 <"$DUE" >/dev/null 2>&1 & HOLDER=$!')
    const kill = 'audit() { kill "$HOLDER" 2>/dev/null; }'
    const open = await site.run(['rotate'], { instead: `HOLDER= DUE=${due}\n${held}\n${kill}` })
    expect(open.result).toMatchObject({ outcome: 'succeeded', message: expect.stringContaining('it is open in sleep') })
    expect(existsSync(due)).toBe(true)
    const written = changed.replace('WHAT', 'printf "it is another one" >"$DUE"')
    const { result } = await site.run(['rotate'], { instead: `DUE=${due}\n${written}` })
    expect(result.message).toContain('it has changed')
    expect(readFileSync(due, 'utf8')).toBe('it is another one')
    expect(deletionsOf(site)).toEqual([])
  })
})
