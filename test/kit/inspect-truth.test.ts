/** What inspect reports must be true: what it could not check is not called missing, and odd is not called wrong. */
import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { restorePlan } from '../../src-shared/domain/kit-restore.ts'
import { type Inspection, inspection } from '../../src-shared/domain/kit-site.ts'
import { ORDINARY, ScratchSite } from '../support/scratch-site.ts'

const root = process.getuid?.() === 0
const codes = (answer: Inspection) => answer.problems.map((one) => one.code)
const words = (answer: Inspection, code: string) => answer.problems.find((one) => one.code === code)?.text
const hours = (back: number) => new Date(Date.now() - back * 3_600_000).toISOString().slice(0, 19).replace('T', ' ')

let site: ScratchSite
beforeEach(() => {
  site = new ScratchSite(root ? { owner: ORDINARY } : {})
})
afterEach(() => site.remove())

const inspect = (options: Parameters<ScratchSite['run']>[1] = {}) => site.ask(['inspect'], inspection, options)

describe.runIf(root)('backups in a folder that only root may read', () => {
  const close = (folder: string) => {
    chownSync(folder, 0, 0)
    chmodSync(folder, 0o700)
  }

  it.each(['', 'system', 'of 2025'])('are unknown, and not reported as none: %j', async (part) => {
    const folder = join(site.backups, part)
    mkdirSync(folder, { recursive: true })
    site.backup('cvd_backup_20260110_120000.db.gz', folder)
    close(folder)
    const answer = await inspect()
    expect(answer.backups).toEqual([])
    expect(codes(answer)).not.toContain('no-backups')
    expect(words(answer, 'no-rights')).toBe(
      `The backups in ${folder} are not known: the owner of the CVD data cannot read that folder.`,
    )
  })

  it('are not silently skipped by verify --all', async () => {
    site.backup('cvd_backup_20260110_120000.db.gz')
    close(join(site.backups, 'system'))
    const { result, events } = await site.run(['verify', '--all'])
    expect(result.message).toBe('Verified: 1 of 1.')
    expect(JSON.stringify(events)).toContain('/backups/system are not known')
  })

  it("are unknown behind a link too; a file system's own folder is not one of these", async () => {
    const elsewhere = join(site.folder, 'elsewhere')
    for (const folder of [elsewhere, join(site.backups, 'lost+found'), join(site.backups, 'system/deeper')]) {
      mkdirSync(folder)
      close(folder)
    }
    expect(codes(await inspect())).toContain('no-backups')
    symlinkSync(elsewhere, join(site.backups, 'app2'))
    expect(codes(await inspect())).not.toContain('no-rights')
    site.library('rmdir "$BACKUPS/app" && ln -s "$1" "$BACKUPS/app"', [elsewhere])
    expect(words(await inspect(), 'no-rights')).toContain('/backups/app are not known')
  })
})

describe('a look that was stopped before it was complete', () => {
  const cut = 'eval "$(declare -f look_end | sed s/LOOK_SECONDS/2/)"'

  it.each([
    ['at its beginning', 'live_facts'],
    ['before the tables', 'look_tables'],
    ['before the list', 'look_health'],
  ])('%s calls nothing missing that it did not check', async (_, name) => {
    site.backup('cvd_backup_20260110_120000.db.gz')
    const answer = await inspect({ instead: `${name}() { exec sleep 60; }\n${cut}` })
    expect(words(answer, 'incomplete')).toContain('what is not shown is not known')
    const denied = [
      'no-backups',
      'no-database',
      'no-rights',
      'unreadable-tables',
      'health-unknown',
      'unhealthy',
      'not-a-database',
    ]
    expect(codes(answer).filter((code) => denied.includes(code))).toEqual([])
    expect(answer.database).toMatchObject({ present: true, size: statSync(site.database).size })
  })

  it('still reports a missing database as missing', async () => {
    site.library('rm "$DATABASE_FILE"')
    const answer = await inspect()
    expect(codes(answer)).toContain('no-database')
    expect(codes(answer)).not.toContain('incomplete')
  })
})

describe('the database', () => {
  let program: ChildProcess | undefined
  afterEach(() => program?.kill('SIGKILL'))
  /** Opens the database in a program of this session, as one started in a terminal. */
  async function open(sql: string) {
    program = spawn('sqlite3', ['-batch', site.database], { stdio: ['pipe', 'pipe', 'inherit'] })
    const answered = new Promise((resolve) => program?.stdout?.once('data', resolve))
    program.stdin?.write(`${sql}\nSELECT count(*) FROM routes;\n`)
    await answered
  }

  it('has no interrupted change if its journal is one left by journal_mode=PERSIST', async () => {
    site.sql(site.database, 'PRAGMA journal_mode = PERSIST; INSERT INTO routes VALUES (9, 1);')
    expect(statSync(`${site.database}-journal`).size).toBeGreaterThan(0)
    expect(codes(await inspect())).not.toContain('hot-journal')
    if (!root) return
    writeFileSync(`${site.database}-journal`, Buffer.from('d9d505f920a163d7', 'hex'))
    expect(codes(await inspect())).toContain('hot-journal')
  })

  it('is reported as open in a program of the same session, such as one on the same terminal', async () => {
    await open('PRAGMA journal_mode = WAL; INSERT INTO routes VALUES (9, 1);')
    const answer = await inspect()
    expect(answer.database.holders.map(({ pid }) => pid)).toEqual([program?.pid])
    expect(codes(answer)).not.toContain('stale-wal')
    site.backup('cvd_backup_20260110_120000.db.gz')
    const plan = await site.ask(['plan', 'restore', 'database', 'cvd_backup_20260110_120000.db.gz'], restorePlan)
    expect(plan.checks.find(({ check }) => check === 'holders')).toMatchObject({ state: 'failed' })
  })

  it('has the user_version in its -wal, even if no key tables are set', async () => {
    await site.run(['policy', 'key_tables='])
    await open('PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; PRAGMA user_version = 99;')
    expect((await inspect()).database.userVersion).toBe(99)
  })
})

it('a backup whose file has lost its date is old, not dated in the future', async () => {
  utimesSync(site.backup('copy.db'), 0, 0)
  const answer = await inspect()
  expect(codes(answer)).toContain('backup-old')
  expect(codes(answer)).not.toContain('no-backups')
})

it('the number of errors is reported as a minimum if not all are read', async () => {
  writeFileSync(join(site.root, 'logs/backup.log'), `[${hours(1)}] ERROR: disk full\n`.repeat(300))
  expect(words(await inspect(), 'log-errors')).toBe('At least 20 errors were logged in the last 24 hours.')
})

it('a tool that reported no version is asked again once the library it lacks is back', async () => {
  site.remove()
  const igzip = '#!/bin/bash\n. "$(dirname "$0")/library" && echo "igzip command line interface 2.99.1"\n'
  site = new ScratchSite({ programs: { igzip, library: 'false' } })
  mkdirSync(site.state, { mode: 0o700 })
  const version = async () => (await inspect()).tools.find((one) => one.name === 'igzip')?.version
  expect(await version()).toBe('')
  writeFileSync(join(site.folder, 'programs/library'), 'true')
  expect(await version()).toBe('2.99.1')
})
