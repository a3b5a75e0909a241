/** What rotation goes by where links, clocks and what a restore kept could mislead it; and what its policy may say. */
import { existsSync, readdirSync, renameSync, symlinkSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, it, type TestContext } from 'vitest'
import { showName } from '../../src-shared/domain/backup-path.ts'
import { rotationReport } from '../../src-shared/domain/retention.ts'
import { DAY, HOUR, judge, nameOf, old, put, rotate, siteOf, stampOf, there } from '../support/kit/history.ts'
import type { ScratchSite } from '../support/scratch-site.ts'

const reasons = async (site: ScratchSite) => {
  const { decisions } = await rotate(site, '--dry-run')
  return Object.fromEntries(decisions.map(({ path, reason }) => [showName(path), reason]))
}

describe.concurrent('a site behind a link', () => {
  /** A site with two old safety copies, of which the older is put on hold, by whatever is given for it, through a link. */
  const behind = async (test: TestContext, hold: (copy: string) => readonly string[]) => {
    const site = siteOf(test)
    const link = join(site.folder, 'opt')
    symlinkSync(site.root, link)
    const recent = put(site, join(link, 'backups', nameOf.database(HOUR)))
    judge(site, 'verified', recent)
    const copy = (ago: number) => put(site, `${site.database}.pre-restore.${stampOf(ago * DAY)}`)
    const due = copy(30)
    copy(20)
    const linked = (...words: string[]) => site.run(['--root', link, ...words])
    const held = await linked('hold', ...hold(due))
    expect(held.result).toMatchObject({ outcome: 'succeeded', data: { path: due } })
    return { due, recent, site, link, linked }
  }

  it('lists a safety copy once, and does not delete it when it was put on hold by its bare name', async (test) => {
    const { due, linked } = await behind(test, (copy) => [basename(copy)])
    const { result } = await linked('rotate', '--dry-run')
    const report = rotationReport.parse(result.data)
    const named = report.decisions.filter(({ path }) => basename(path) === basename(due))
    expect(named).toMatchObject([{ path: due, reason: 'held' }])
    await linked('rotate')
    expect(existsSync(due)).toBe(true)
  })

  it('keeps what an earlier kit put on hold under its path through the link, until it is released', async (test) => {
    const { site, due, link, linked } = await behind(test, (copy) => [copy])
    const alias = join(link, 'data', basename(due))
    site.sql(join(site.state, 'state.db'), `UPDATE hold SET path = '${alias}';`)
    await linked('rotate')
    expect(existsSync(due)).toBe(true)
    expect((await linked('release', basename(due))).result.message).toBe('Released.')
    await linked('rotate')
    expect(existsSync(due)).toBe(false)
  })

  it('deletes nothing while it is not known which files are on hold', async (test) => {
    const { due, recent, site, link, linked } = await behind(test, (copy) => [copy])
    await linked('release', due)
    await linked('hold', recent)
    const blind = { instead: 'files_inodes() { return 1; }' }
    const { result } = await site.run(['--root', link, 'rotate'], blind)
    expect(result).toMatchObject({ outcome: 'succeeded', message: '0 backups were deleted, 3 kept.' })
    await linked('rotate')
    expect(existsSync(due)).toBe(false)
  })
})

describe.concurrent('the clock', () => {
  const set = (site: ScratchSite, seen: string, boot = '(SELECT boot FROM clock)') =>
    site.sql(join(site.state, 'state.db'), `UPDATE clock SET ${seen}, boot = ${boot};`)

  it('that jumped stops rotation, until a person says that it is right', async (test) => {
    const site = siteOf(test)
    const { due } = old(site)
    renameSync(due, `${due}.away`)
    await rotate(site)
    renameSync(`${due}.away`, due)
    for (const [seen, reason, boot] of [
      [`at = at + ${DAY}`, 'clock-back'],
      [`at = at - ${3 * DAY}`, 'clock-jumped'],
      [`at = at - ${20 * DAY}`, 'clock-unconfirmed', "'another'"],
    ] as const) {
      set(site, seen, boot)
      expect((await reasons(site))[basename(due)]).toBe(reason)
      const { result } = await site.run(['rotate'])
      expect(result.outcome).toBe('succeeded')
      expect(existsSync(due)).toBe(true)
    }
    expect(await rotate(site, '--accept-clock')).toMatchObject({ deleted: [expect.stringContaining(basename(due))] })
    expect(existsSync(due)).toBe(false)
  })
})

describe.concurrent('what is known of the clock', () => {
  const set = (site: ScratchSite, values: string) =>
    site.sql(join(site.state, 'state.db'), `UPDATE clock SET ${values};`)

  it('that cannot be read is not taken for a first rotation', async (test) => {
    const site = siteOf(test)
    await rotate(site)
    const { due } = old(site)
    set(site, `at = at - ${3 * DAY}`)
    const instead = `eval "real_$(declare -f state_rows)"
      state_rows() { [[ $1 != "$ROTATION_CLOCK" ]] && real_state_rows "$@"; }`
    const { result } = await site.run(['rotate'], { instead })
    expect(result).toMatchObject({ outcome: 'succeeded', message: '0 backups were deleted, 2 kept.' })
    expect(existsSync(due)).toBe(true)
  })

  it('is not compared after a restart of a container, which has the boot of its host', async (test) => {
    const site = siteOf(test)
    await rotate(site)
    const { due } = old(site)
    const later = `at = at - ${3 * DAY}`
    for (const restarted of [`up = up + ${DAY}`, "boot = substr(boot, 1, 36) || '/1'"]) {
      set(site, `${later}, ${restarted}`)
      expect((await reasons(site))[basename(due)]).toBe('too-old')
      await rotate(site, '--accept-clock')
      put(site, due)
      judge(site, 'verified', due)
    }
    set(site, later)
    expect((await reasons(site))[basename(due)]).toBe('clock-jumped')
  })
})

describe.concurrent('what a restore kept', () => {
  it('goes after its days, with its sidecars; the last one stays, and folders go whole', async (test) => {
    const site = siteOf(test)
    old(site)
    judge(site, 'verified', put(site, nameOf.application(HOUR)))
    const copy = (ago: number, word = 'pre-restore') => `${site.database}.${word}.${stampOf(ago * DAY)}`
    const folder = (ago: number) => join(site.root, `app.pre-restore.${stampOf(ago * DAY)}`)
    const kept = [copy(20), folder(20), copy(20, 'rejected')]
    const gone = [copy(21), `${copy(21)}-wal`, folder(21), copy(31, 'rejected'), copy(31, 'stray')]
    for (const path of [...kept, ...gone]) {
      if (path.includes('/app.')) put(site, join(path, 'venv/lib/x.py'))
      else put(site, path)
    }
    const report = await rotate(site)
    expect(report.remaining).toEqual([])
    expect([there(...kept), there(...gone)]).toEqual([kept.map(() => true), gone.map(() => false)])
    expect(readdirSync(site.root).filter((name) => name.includes('deleting'))).toEqual([])
  })
})

describe.concurrent('the policy of retention', () => {
  it('is checked when it is set', async (test) => {
    const site = siteOf(test)
    const said = async (pair: string) => [pair, (await site.run(['policy', pair])).result.code]
    for (const pair of [
      'retention_database=most 200',
      'retention_database=days 0',
      'retention_database=days 30; rm -rf /',
      'retention_system=days 28 weekly 4 daily 7',
      'retention_safety=days 14 most 3',
      'retention_rejected=days 99999',
      'application_max_age=0',
    ])
      expect(await said(pair)).toEqual([pair, 'usage'])
    const whole = 'retention_database=days 30 most 200 hourly 24 daily 7 weekly 4 monthly 12'
    expect(await said(whole)).toEqual([whole, 'ok'])
  })

  it('is refused with other arguments, and on another machine', async (test) => {
    const site = siteOf(test)
    expect((await site.run(['rotate', '--all'])).result.code).toBe('usage')
    expect((await site.run(['rotate', '--dry-run', '--accept-clock'])).result.code).toBe('usage')
    expect((await site.run(['rotate', '--expect-machine', 'another'])).result.code).toBe('wrong-site')
  })
})
