import { execFileSync } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { backupReport, shownBackup, verification } from '../../src-shared/domain/kit-backups.ts'
import { restorePlan } from '../../src-shared/domain/kit-restore.ts'
import { inspection } from '../../src-shared/domain/kit-site.ts'
import { endlessUsers, manyTables, oddDatabases } from '../support/odd-databases.ts'
import { type KitAnswer, ScratchSite } from '../support/scratch-site.ts'

const name = 'cvd_backup_20260110_120000.db'
const verifications = z.object({ backups: z.array(verification) })

describe('an odd database', () => {
  let site: ScratchSite
  beforeEach(() => {
    site = new ScratchSite()
  })
  afterEach(() => site.remove())

  const make = (sql: string | Buffer) => {
    rmSync(site.database)
    execFileSync('sqlite3', ['-batch', '-bail', site.database], { input: sql })
  }
  const verdicts = async (...args: string[]) => {
    const { result } = await site.run(['verify', ...args])
    return verifications.parse(result.data).backups
  }
  const warnings = ({ events }: KitAnswer) =>
    events.flatMap((event) => (event.kind === 'log' && event.level === 'warning' ? [event.text] : [])).join('\n')

  it.each(oddDatabases)('is backed up, verified and planned for: $kind', async ({ sql, tables, unable, byContent }) => {
    make(sql)
    const made = await site.run(['database'])
    expect(made.result).toMatchObject({ outcome: 'succeeded' })
    const report = backupReport.parse(made.result.data)
    const counted = Object.fromEntries(report.fingerprint.tables.map((one) => [one.table, one.rows]))
    expect(counted).toMatchObject(tables ?? {})
    if (unable === undefined) expect(warnings(made)).not.toContain('could be checked')
    else expect(warnings(made)).toContain(unable)

    const [own] = await verdicts(report.backup.path)
    expect(own).toMatchObject({ verdict: 'verified', basis: 'fingerprint' })
    if (unable === undefined) expect(own?.evidence.integrity).toBe('ok')
    else expect(own?.reason).toContain(unable)

    site.backup(name)
    const [foreign] = await verdicts(name)
    expect(foreign).toMatchObject({ verdict: byContent, basis: 'content' })
    if (unable !== undefined) expect(foreign?.reason).toContain(unable)

    const plan = await site.ask(['plan', 'restore', 'database', report.backup.path], restorePlan)
    const state = (check: string) => plan.checks.find((one) => one.check === check)?.state
    expect([state('readable'), state('integrity'), state('fingerprint')]).toEqual([
      'passed',
      unable === undefined ? 'passed' : 'warning',
      'passed',
    ])
  })

  it('reports the greatest rowid, not the value of a column with that name', async () => {
    make(oddDatabases.find((one) => one.kind === 'a column called rowid')?.sql ?? '')
    const report = await site.ask(['database'], backupReport)
    const greatest = (wanted: string) => report.fingerprint.tables.find((one) => one.table === wanted)?.maxRowid
    expect([greatest('users'), greatest('one'), greatest('every')]).toEqual([2, 2, null])
  })

  it('with five thousand tables is counted completely', async () => {
    make(manyTables)
    const report = await site.ask(['database'], backupReport)
    expect(report.fingerprint.tables).toHaveLength(5003)
    expect((await verdicts(report.backup.path))[0]).toMatchObject({ verdict: 'verified', evidence: { tables: 5003 } })
    expect((await site.ask(['show', report.backup.path], shownBackup)).fingerprint?.tables).toHaveLength(5003)
  })

  it('with a future file format is not called damaged', async () => {
    const bytes = readFileSync(site.database)
    bytes.fill(3, 18, 20)
    writeFileSync(site.database, bytes)
    writeFileSync(join(site.backups, name), bytes)
    const { result } = await site.run(['database'])
    expect(result).toMatchObject({ outcome: 'failed', code: 'internal', message: expect.stringContaining('newer') })
    expect((await verdicts(name))[0]).toMatchObject({
      verdict: 'inconclusive',
      reason: expect.stringContaining('newer sqlite3'),
    })
  })

  it('without tables is not a backup', async () => {
    make('PRAGMA user_version = 1;')
    expect((await site.run(['database'])).result).toMatchObject({ outcome: 'failed', code: 'empty' })
    site.backup(name)
    expect((await verdicts(name))[0]).toMatchObject({ verdict: 'failed' })
  })

  it('of an older version is sound, but lacks a table', async () => {
    site.sql(site.database, 'DROP TABLE users')
    site.backup(name)
    const [one] = await verdicts(name)
    expect(one).toMatchObject({ verdict: 'inconclusive', reason: expect.stringContaining('has no table users') })
    const plan = await site.ask(['plan', 'restore', 'database', name], restorePlan)
    expect(plan.checks).toContainEqual(expect.objectContaining({ check: 'key-tables', state: 'failed' }))
  })

  it('is called damaged if it is, even with an unknown collation', async () => {
    make(oddDatabases.find((one) => one.kind === 'a collation of the application')?.sql ?? '')
    site.sql(site.database, `CREATE INDEX by_asset ON devices (asset);`)
    const root = site.sql(site.database, "SELECT rootpage FROM sqlite_master WHERE name = 'by_asset'").trim()
    site.sql(site.database, `PRAGMA writable_schema = ON; DELETE FROM sqlite_master WHERE name = 'by_asset';`)
    site.sql(site.database, "INSERT INTO devices VALUES (77, 'unindexed')")
    site.sql(
      site.database,
      `PRAGMA writable_schema = ON;
       INSERT INTO sqlite_master VALUES ('index', 'by_asset', 'devices', ${root}, 'CREATE INDEX by_asset ON devices (asset)');`,
    )
    site.backup(name)
    expect((await verdicts(name))[0]).toMatchObject({ verdict: 'failed', reason: expect.stringContaining('by_asset') })
  })

  it('does not end the verification of the others', async () => {
    const odd = {
      empty: 'CREATE TABLE ""(x);',
      endless: endlessUsers,
      bracket: 'CREATE TABLE "]$(x)"(x); CREATE TABLE "a[b"(x);',
    }
    const names = ['cvd_auto_20260101_120000.db']
    site.backup(names[0] ?? '')
    for (const [index, sql] of Object.values(odd).entries()) {
      make(sql)
      names.push(`cvd_auto_2026010${index + 2}_120000.db`)
      site.backup(names.at(-1) ?? '')
    }
    writeFileSync(join(site.backups, 'cvd_auto_20260105_120000.db'), 'no database')
    make(oddDatabases[0]?.sql ?? '')
    site.backup('cvd_auto_20260106_120000.db')
    const all = (await verdicts('--all')).map((one) => [one.path.split('_')[2], one.verdict])
    expect(Object.fromEntries(all)).toEqual({
      20260101: 'verified',
      20260102: 'inconclusive',
      20260103: 'failed',
      20260104: 'inconclusive',
      20260105: 'failed',
      20260106: 'verified',
    })
  })

  it('is not called bad because an earlier kit recorded its fingerprint', async () => {
    make(oddDatabases[0]?.sql ?? '')
    const report = await site.ask(['database'], backupReport)
    // It recorded only the first byte of each name.
    site.sql(
      join(site.state, 'state.db'),
      `DELETE FROM fact WHERE key IN ('names', 'unchecked'); UPDATE table_count SET "table" = substr("table", 1, 1);`,
    )
    expect((await verdicts(report.backup.path))[0]).toMatchObject({ verdict: 'verified', basis: 'fingerprint' })
  })

  it('of 0 bytes is not reported as an unreadable live database', async () => {
    writeFileSync(join(site.backups, name), '')
    const plan = await site.ask(['plan', 'restore', 'database', name], restorePlan)
    const schema = plan.checks.find((one) => one.check === 'schema')
    expect(schema?.evidence).toContain('the backup cannot be read')
  })

  it('with an endless view named users keeps nobody waiting', async () => {
    site.sql(site.database, endlessUsers)
    const seen = await site.ask(['inspect'], inspection)
    expect(seen.database.keyTables.map((one) => [one.table, one.rows])).toEqual([
      ['users', null],
      ['devices', 60],
      ['service_orders', 25],
    ])
    expect((await site.run(['database'])).result).toMatchObject({ outcome: 'succeeded' })
  })
})
