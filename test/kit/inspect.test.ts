import { execFileSync, spawn } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Inspection, inspection } from '../../src-shared/domain/kit-site.ts'
import { ScratchSite } from '../support/scratch-site.ts'

const codes = (answer: Inspection) => answer.problems.map((one) => one.code)
const root = process.getuid?.() === 0

describe('inspect', () => {
  let site: ScratchSite
  beforeEach(() => {
    site = new ScratchSite()
  })
  afterEach(() => site.remove())

  const inspect = (options: Parameters<ScratchSite['run']>[1] = {}) => site.ask(['inspect'], inspection, options)

  it('describes a site', async () => {
    site.backup('cvd_backup_20260110_120000.db.gz')
    writeFileSync(
      join(site.root, 'logs/backup.log'),
      `[2020-01-01 00:00:00] ERROR: long ago\n[${stamp()}] ERROR: disk "full"\n[${stamp()}] fine\n`,
    )
    const answer = await inspect()
    expect(answer.database).toMatchObject({
      present: true,
      userVersion: 7,
      journalMode: 'delete',
      pageSize: 4096,
      holders: [],
    })
    expect(answer.database.pageCount * 4096).toBe(answer.database.size)
    expect(answer.database.keyTables).toEqual([
      { table: 'users', rows: 40 },
      { table: 'devices', rows: 60 },
      { table: 'service_orders', rows: 25 },
    ])
    expect(answer.layout).toMatchObject({ root: site.root, found: true, parts: { app: true, logs: true } })
    expect(answer.disk.map((one) => one.purpose)).toEqual(['database', 'backups', 'state'])
    expect(answer.tools.find((one) => one.name === 'sqlite3')?.version).toMatch(/^3\.\d+/)
    expect(answer.tools.find((one) => one.name === 'bash')?.version).toMatch(/^[45]\./)
    expect(answer.lock).toEqual({ held: false, holder: null })
    expect(answer.backups).toHaveLength(1)
    expect(answer.logErrors).toEqual([{ file: 'backup.log', at: expect.any(String), text: 'ERROR: disk "full"' }])
    expect(Math.abs(answer.time.now - Date.now())).toBeLessThan(60_000)
    expect(answer.time).toMatchObject({ zone: 'UTC', offset: '+00:00' })
    expect(codes(answer)).toEqual(expect.arrayContaining(['backup-old', 'log-errors', 'health-unknown']))
  })

  it('creates nothing: no state, no sidecar, no file', async () => {
    site.sql(site.database, 'PRAGMA journal_mode = WAL')
    const before = readdirSync(site.root, { recursive: true }).sort()
    await inspect()
    expect(readdirSync(site.root, { recursive: true }).sort()).toEqual(before)
    expect(existsSync(site.state)).toBe(false)
  })

  it.each(['-journal', '-wal', ''])('does not wait for a named pipe in place of the database%s', async (suffix) => {
    site.backup('cvd_backup_20260110_120000.db')
    rmSync(site.database + suffix, { force: true })
    execFileSync('mkfifo', [site.database + suffix])
    expect((await inspect()).database.keyTables).toContainEqual({ table: 'users', rows: null })
    const planned = await site.run(['plan', 'restore', 'database', 'cvd_backup_20260110_120000.db'])
    expect(planned.result.outcome).toBe('succeeded')
    expect((await site.run(['database'])).result).toMatchObject({ outcome: 'failed', code: 'no-database' })
    // A restore asks this while the service is stopped.
    expect(site.library('holders_find; declare -p HOLDERS')).toBe('declare -a HOLDERS=()\n')
  })

  it("sends the site's health probe", async () => {
    const health = createServer((_, answer) => {
      answer.statusCode = 503
      answer.end('down "for" now')
    })
    await new Promise<void>((resolve) => health.listen(0, '127.0.0.1', resolve))
    const address = health.address()
    await site.run(['policy', `health=http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/health`])
    const answer = await inspect()
    await new Promise((resolve) => health.close(resolve))
    expect(answer.health).toMatchObject({ configured: true, healthy: false, status: 503, detail: 'down "for" now' })
    expect(codes(answer)).toContain('unhealthy')
  })

  it.each(['config', '.'])(
    'does not call readable by every user what lies in a folder closed to them: %s',
    async (name) => {
      writeFileSync(join(site.root, 'config/.env'), 'SECRET=1')
      chmodSync(join(site.root, 'config/.env'), 0o644)
      expect(codes(await inspect())).toContain('env-readable')
      chmodSync(join(site.root, name), 0o750)
      expect(codes(await inspect())).not.toContain('env-readable')
      // A link leads where others may go.
      renameSync(join(site.root, 'config/.env'), join(site.folder, 'open.env'))
      symlinkSync(join(site.folder, 'open.env'), join(site.root, 'config/.env'))
      expect(codes(await inspect())).toContain('env-readable')
    },
  )

  it('names what is wrong', async () => {
    writeFileSync(join(site.backups, 'cvd_backup_20260110_120000.db.gz'), '')
    writeFileSync(join(site.root, 'config/.env'), 'SECRET=1')
    chmodSync(join(site.root, 'config/.env'), 0o644)
    const answer = await inspect()
    expect(codes(answer)).toEqual(expect.arrayContaining(['empty-backups', 'env-readable', 'no-backups']))
    site.sql(site.database, 'DROP TABLE devices')
    const keys = (await inspect()).database.keyTables
    expect(keys.map((one) => one.rows)).toEqual([40, null, 25])
    writeFileSync(site.database, '')
    expect(codes(await inspect())).toContain('empty-database')
    writeFileSync(site.database, 'x'.repeat(5000))
    expect(codes(await inspect())).toContain('not-a-database')
    execFileSync('rm', ['-rf', site.root])
    const gone = await inspect()
    expect([gone.layout.found, gone.database.present, codes(gone).includes('no-root')]).toEqual([false, false, true])
  })

  it.runIf(root)('finds an orphaned WAL, and the processes that have the database open', async () => {
    site.sql(site.database, 'PRAGMA journal_mode = WAL')
    const writer = spawn('sqlite3', ['-batch', site.database], { stdio: ['pipe', 'pipe', 'inherit'], detached: true })
    writer.stdin.write("INSERT INTO routes VALUES (9, 'west'); SELECT 'written';\n")
    await new Promise((resolve) => writer.stdout.once('data', resolve))
    const open = await inspect()
    expect(open.database.holders).toMatchObject([
      { pid: writer.pid, service: null, command: expect.stringContaining('sqlite3') },
    ])
    expect(codes(open)).not.toContain('stale-wal')
    expect(open.database.sidecars.map((one) => one.suffix)).toEqual(['-wal', '-shm'])
    writer.kill('SIGKILL')
    await new Promise((resolve) => writer.once('close', resolve))
    const left = await inspect()
    expect(codes(left)).toContain('stale-wal')
    expect(statSync(`${site.database}-wal`).size).toBeGreaterThan(0)
  })

  it('answers while the database is locked and while an operation runs', async () => {
    await site.run(['policy', 'health_timeout=60'])
    const locker = spawn('sqlite3', ['-batch', site.database], { stdio: ['pipe', 'pipe', 'inherit'] })
    locker.stdin.write("BEGIN EXCLUSIVE; SELECT 'locked';\n")
    await new Promise((resolve) => locker.stdout.once('data', resolve))
    const holder = spawn('flock', [join(site.state, 'lock'), 'bash', '-c', 'echo locked; read -r'])
    await new Promise((resolve) => holder.stdout.once('data', resolve))
    writeFileSync(join(site.state, 'lock.holder'), 'operation=X\ncommand=database\npid=12\nsince=34\nwho=somebody\n')
    const answer = await inspect()
    expect(answer.database.keyTables.every((one) => one.rows === null)).toBe(true)
    expect(answer.lock).toEqual({
      held: true,
      holder: { operation: 'X', command: 'database', pid: 12, since: 34, who: 'somebody' },
    })
    for (const child of [locker, holder]) {
      child.stdin.end()
      await new Promise((resolve) => child.once('close', resolve))
    }
  })

  it.runIf(root)('works for a login without rights, and reports what that login cannot do', async () => {
    site.backup('cvd_backup_20260110_120000.db.gz')
    await site.run(['policy', 'busy_timeout=9000'])
    for (const folder of [site.folder, join(site.folder, 'kit')]) chmodSync(folder, 0o755)
    chmodSync(site.database, 0o600)
    const answer = await inspect({ uid: 65534 })
    expect(answer.host).toMatchObject({
      uid: 65534,
      rights: { readDatabase: false, writeBackups: false, controlServices: false, keepState: false },
    })
    expect(answer.database.keyTables.every((one) => one.rows === null)).toBe(true)
    expect(codes(answer)).toEqual(expect.arrayContaining(['no-rights', 'no-state']))
    expect((await site.run(['verify', '--all'], { uid: 65534 })).result).toMatchObject({ code: 'no-rights' })
  })

  it('does not read a log that is a link', async () => {
    const secret = join(site.folder, 'secret')
    writeFileSync(secret, `[${stamp()}] ERROR: a secret\n`)
    symlinkSync(secret, join(site.root, 'logs/restore.log'))
    expect((await inspect()).logErrors).toEqual([])
  })

  it('lists ten thousand backups in one answer', async () => {
    const now = Date.now() / 1000
    mkdirSync(join(site.state, 'fingerprints'), { recursive: true })
    const catalog: string[] = []
    for (let i = 0; i < 10_000; i++) {
      const name = `cvd_auto_2025${String(1 + (i % 12)).padStart(2, '0')}10_${String(i).padStart(6, '0')}.db.gz`
      const path = join(site.backups, name)
      writeFileSync(path, 'x')
      utimesSync(path, now, 1_700_000_000)
      catalog.push(`verdict\t${path}\t1\t1700000000.0000000000\tverified\t5\tcontent\t-\tby%20its%20content`)
    }
    writeFileSync(join(site.state, 'catalog'), `${catalog.join('\n')}\n`)
    // CPU time: elapsed time depends on what else runs on the machine.
    const file = join(site.folder, 'times')
    const instead = `eval "true_$(declare -f answer_end)"; answer_end() { times >'${file}'; true_answer_end; }`
    const answer = await inspect({ instead })
    const times = Array.from(readFileSync(file, 'utf8').matchAll(/(\d+)m([\d.]+)s/g))
    const seconds = times.reduce((sum, [, minutes, rest]) => sum + Number(minutes) * 60 + Number(rest), 0)
    expect(times).toHaveLength(4)
    process.stdout.write(`inspect of 10,000 backups: ${seconds.toFixed(2)} s\n`)
    expect(answer.backups).toHaveLength(10_000)
    expect(answer.backups.filter((one) => one.verdict === 'verified' && one.reason === 'by its content')).toHaveLength(
      10_000,
    )
    expect(seconds).toBeLessThan(15)
  })

  it('prints a readable page, whatever a file is called', () => {
    site.backup('cvd_backup_20260110_120000.db.gz')
    writeFileSync(join(site.backups, '\u001b[31mred.db'), '')
    const page = execFileSync('/bin/bash', [site.kit, '--root', site.root, 'inspect'], {
      env: { PATH: process.env.PATH, CVD_BACKUP_STATE: site.state },
      encoding: 'utf8',
    })
    expect(page).toContain('users 40, devices 60, service_orders 25')
    expect(page).toMatch(/^backups +2, /m)
    expect(page).not.toContain('\u001b')
  })
})

function stamp(): string {
  return new Date().toISOString().slice(0, 19).replace('T', ' ')
}
