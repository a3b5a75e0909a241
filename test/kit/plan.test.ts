import { spawn } from 'node:child_process'
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { restorePlan } from '../../src-shared/domain/kit-restore.ts'
import { ScratchSite } from '../support/scratch-site.ts'

const name = 'cvd_backup_20260110_120000.db.gz'

describe('plan restore database', () => {
  let site: ScratchSite
  let health: Server
  beforeEach(async () => {
    site = new ScratchSite()
    health = createServer((_, answer) => answer.end('{"status":"healthy"}'))
    await new Promise<void>((resolve) => health.listen(0, '127.0.0.1', resolve))
    const address = health.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const program = join(site.folder, 'service')
    writeFileSync(program, '#!/bin/bash\n[[ $1 == status ]]\n')
    chmodSync(program, 0o755)
    const settings = [`service_program=${program}`, 'service_manager=program', `health=http://127.0.0.1:${port}/health`]
    expect((await site.run(['policy', ...settings])).exitCode).toBe(0)
  })
  afterEach(async () => {
    await new Promise((resolve) => health.close(resolve))
    site.remove()
  })

  const plan = (file: string) => site.ask(['plan', 'restore', 'database', file], restorePlan)
  const state = (answer: Awaited<ReturnType<typeof plan>>, check: string) =>
    answer.checks.find((one) => one.check === check)?.state

  it('lists what would be lost and what would come back, table by table', async () => {
    const path = site.backup(name)
    site.fingerprint(path, Date.now() - 3_600_000)
    site.sql(
      site.database,
      `DELETE FROM service_orders WHERE id IN (3, 4);
       INSERT INTO service_orders (status) VALUES ('new'), ('new'), ('new');
       INSERT INTO sessions VALUES ('t3', 3);
       CREATE TABLE "new 'table'" (a); INSERT INTO "new 'table'" VALUES (1), (2);
       DROP TABLE migrations;
       PRAGMA user_version = 8;`,
    )
    const answer = await plan(name)
    expect(answer.possible).toBe(true)
    const table = (wanted: string) => answer.tables.find((one) => one.table === wanted)
    expect(table('service_orders')).toMatchObject({ live: 26, backup: 25, onlyLive: 3, onlyBackup: 2 })
    expect(table('sessions')).toMatchObject({ live: 3, backup: 2, onlyLive: 1, onlyBackup: 0, changed: 0 })
    expect(table('users')).toMatchObject({ live: 40, backup: 40, onlyLive: 0, onlyBackup: 0 })
    expect(table("new 'table'")).toMatchObject({ live: 2, backup: null, onlyLive: 2, onlyBackup: 0 })
    expect(table('migrations')).toMatchObject({ live: null, backup: 1, onlyLive: 0, onlyBackup: 1 })
    expect(answer.schema).toMatchObject({
      liveUserVersion: 8,
      backupUserVersion: 7,
      onlyLive: ["new 'table'"],
      onlyBackup: ['migrations'],
    })
    expect([state(answer, 'schema'), state(answer, 'fingerprint'), state(answer, 'health')]).toEqual([
      'warning',
      'passed',
      'passed',
    ])
    expect(answer.lossSeconds).toBeGreaterThanOrEqual(3600)
    expect(answer.lossSeconds).toBeLessThan(3700)
    expect(answer.space.free).toBeGreaterThan(answer.space.needed)
  })

  it('takes the time from the name when nothing else records it', async () => {
    site.backup(name)
    const answer = await plan(name)
    expect(answer.recoveryPoint).toBe(Date.UTC(2026, 0, 10, 12))
    expect(state(answer, 'fingerprint')).toBe('warning')
  })

  it('changes nothing, not even in WAL mode', async () => {
    site.backup(name)
    site.sql(site.database, 'PRAGMA journal_mode = WAL')
    const before = readdirSync(join(site.root, 'data'))
    expect((await plan(name)).possible).toBe(true)
    expect(readdirSync(join(site.root, 'data'))).toEqual(before)
    expect(readdirSync(join(site.state, 'work'))).toEqual([])
  })

  it('refuses a damaged backup', async () => {
    writeFileSync(join(site.backups, name), '')
    const empty = await plan(name)
    expect([empty.possible, state(empty, 'readable')]).toEqual([false, 'failed'])
    // Nothing is wrong with the live database.
    expect(empty.comparison).toEqual({ known: false, reason: 'the backup cannot be read' })
    expect(empty.checks.find(({ check }) => check === 'schema')?.evidence).toBe(
      'not compared: the backup cannot be read',
    )
    const other = site.backup('cvd_backup_20260111_120000.db')
    site.fingerprint(other)
    site.sql(other, 'DELETE FROM users WHERE id = 1')
    const changed = await plan(other)
    expect([changed.possible, state(changed, 'fingerprint'), state(changed, 'integrity')]).toEqual([
      false,
      'failed',
      'passed',
    ])
    const bare = site.backup('cvd_backup_20260112_120000.db')
    site.sql(bare, 'DELETE FROM users')
    expect(state(await plan(bare), 'key-tables')).toBe('failed')
  })

  it('refuses while another program has the database open or an operation holds the lock', async () => {
    site.backup(name)
    const reader = spawn('bash', ['-c', 'exec 7<"$1"; echo open; read -r', 'reader', site.database], { detached: true })
    await new Promise((resolve) => reader.stdout.once('data', resolve))
    const held = await plan(name)
    expect(held.holders).toMatchObject([{ pid: reader.pid, service: null }])
    expect([held.possible, state(held, 'holders')]).toEqual([false, 'failed'])
    reader.stdin.end()
    await new Promise((resolve) => reader.once('close', resolve))
    const locker = spawn('flock', [join(site.state, 'lock'), 'bash', '-c', 'echo locked; read -r'])
    await new Promise((resolve) => locker.stdout.once('data', resolve))
    expect(state(await plan(name), 'lock')).toBe('failed')
    locker.stdin.end()
    await new Promise((resolve) => locker.once('close', resolve))
    expect(state(await plan(name), 'lock')).toBe('passed')
  })

  it('refuses when there is no known health probe, or the service is unknown', async () => {
    site.backup(name)
    await site.run(['policy', 'health=', 'service_program=/nonexistent'])
    const answer = await plan(name)
    expect([state(answer, 'health'), state(answer, 'service'), answer.possible]).toEqual(['failed', 'failed', false])
  })

  it('works without a readable live database', async () => {
    site.backup(name)
    writeFileSync(site.database, 'scrambled'.repeat(1000))
    const answer = await plan(name)
    expect(answer.schema.liveUserVersion).toBeNull()
    expect(answer.comparison).toEqual({
      known: false,
      reason: 'the live database cannot be read: file is not a database (26)',
    })
    expect(answer.tables.find((one) => one.table === 'users')).toMatchObject({ live: null, backup: 40, onlyLive: null })
    expect(answer.possible).toBe(true)
  })

  it('ends and leaves nothing behind when nobody listens any more', async () => {
    site.backup(name)
    const child = site.start(['plan', 'restore', 'database', name], 'integrity_check() { sleep 1000; }')
    await new Promise<void>((resolve) => {
      child.stdout?.on('data', (chunk: Buffer) => {
        if (chunk.toString().includes('"step":"compare"')) resolve()
      })
    })
    expect(readdirSync(join(site.state, 'work'))).toHaveLength(1)
    child.stdin?.end()
    const code = await new Promise((resolve) => child.once('close', resolve))
    expect(code).toBe(143)
    expect(readdirSync(join(site.state, 'work'))).toEqual([])
    expect(existsSync(`/proc/${child.pid}`)).toBe(false)
  })

  it('ends, with its sqlite3, when nobody listens any more during the comparison', async () => {
    site.backup(name)
    const endless = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n;'
    const child = site.start(
      ['plan', 'restore', 'database', name],
      `compare_looked_up() { echo '${endless}' >compare.script; : >begun; compare_run "$2" compare.script >compare.results; }`,
    )
    child.stdout?.resume()
    const work = join(site.state, 'work')
    const begun = () =>
      existsSync(work) && readdirSync(work).some((folder) => existsSync(join(work, folder, 'owner', 'begun')))
    await expect.poll(begun).toBe(true)
    child.stdin?.end()
    expect(await new Promise((resolve) => child.once('close', resolve))).toBe(143)
    expect(readdirSync(work)).toEqual([])
    const open = readdirSync('/proc').filter((pid) => {
      try {
        return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`file:${work}`)
      } catch {
        return false
      }
    })
    expect(open).toEqual([])
  })

  // Seen on a busy machine: bash aborted in its trap when asked to stop, and its children continued.
  it('leaves nothing behind when stopped during a pause, even if stopping outlasts the pause', async () => {
    site.backup(name)
    const child = site.start(
      ['plan', 'restore', 'database', name],
      `integrity_check() { command sleep 30; }; jobs() { command sleep 1; builtin jobs "$@"; }
       asked=''; read() {
         if [[ $STEP != compare || \${2-} != -t || $asked != '' ]]; then builtin read "$@"; return; fi
         asked=yes; { command sleep 0.2; kill -TERM "$$"; } &
         builtin read -r -t 0.5 "\${@:4}"
       }`,
    )
    child.stdout?.resume()
    const code = await new Promise((resolve) => child.once('close', resolve))
    expect(code).toBe(143)
    expect(readdirSync(join(site.state, 'work'))).toEqual([])
  })

  // Seen once on a busy machine: the request to stop came between starting a process and recording its PID.
  it('leaves nothing behind when stopped at the very moment it starts a process', async () => {
    site.backup(name)
    const late = 'for ((i = 0; i < 20000; i++)); do : >"late.$i"; done'
    const child = site.start(
      ['plan', 'restore', 'database', name],
      `compare_to() { ${late}; }; started=0; set -T
       trap '[[ $BASH_COMMAND != "REPLY=\\$!" ]] || ((++started != 3)) || kill -TERM $$' DEBUG`,
    )
    child.stdout?.resume()
    const code = await new Promise((resolve) => child.once('close', resolve))
    expect(code).toBe(143)
    expect(readdirSync(join(site.state, 'work'))).toEqual([])
  })
})
