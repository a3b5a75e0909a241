import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { processesWith } from '../../src-main/demo/processes.ts'
import { type DemoSite, startDemoSite } from '../../src-main/demo/site.ts'
import { connect, open, run } from './ssh-client.ts'

const sql = (database: string, text: string): string =>
  execFileSync('sqlite3', ['-cmd', '.timeout 10000', database, text], { encoding: 'utf8' }).trim()

describe('a demo site', () => {
  let site: DemoSite

  beforeAll(async () => {
    site = await startDemoSite({ appStartMs: 50, writeEveryMs: 20 })
  })
  afterAll(() => site.stop())

  it('has the layout and tables of a CVD server, and keeps its secrets private', () => {
    for (const part of ['app', 'data/cvd.db', 'config/.env', 'backups/app', 'backups/system', 'logs']) {
      expect(existsSync(join(site.root, part)), part).toBe(true)
    }
    expect(statSync(join(site.root, 'config/.env')).mode & 0o777).toBe(0o600)
    expect(statSync(site.keyFile).mode & 0o777).toBe(0o600)
    expect(sql(site.database, 'PRAGMA journal_mode; PRAGMA user_version; PRAGMA integrity_check')).toBe('wal\n14\nok')
    const tables = sql(
      site.database,
      "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
    )
    expect(Number(tables)).toBe(31)
  })

  it('writes all the time, to the database that others see', async () => {
    const before = await site.app.writes()
    await expect.poll(async () => (await site.app.writes()).succeeded).toBeGreaterThan(before.succeeded + 10)
    const after = await site.app.writes()
    expect(after.failed).toBe(0)
    expect(Number(sql(site.database, 'SELECT max(id) FROM sales'))).toBeGreaterThanOrEqual(after.lastSale)
    expect(
      Number(sql(site.database, "SELECT count(*) FROM service_orders WHERE id > 200 AND status = 'pending'")),
    ).toBeGreaterThan(0)
  })

  it('is reached over SSH, with its own environment and none of ours', async () => {
    const { port, keyFile, password } = site
    const client = await connect({ port, username: site.user, privateKey: readFileSync(keyFile) })
    const env = (await run(client, 'env')).stdout.toString()
    expect(env).toContain(`HOME=${site.home}\n`)
    expect(env).toContain(`CVD_BACKUP_STATE=${site.state}\n`)
    expect(env).not.toContain('VITEST')
    const policy = (await run(client, 'cvd-backup policy')).stdout.toString()
    expect(policy).toContain(`root=${site.root}\n`)
    expect(policy).toContain(`health=${site.app.healthUrl}\n`)
    expect(policy).toContain('service_manager=program\n')
    client.end()
    const byPassword = await connect({ port, username: site.user, password })
    expect((await run(byPassword, 'sqlite3 --version')).code).toBe(0)
    byPassword.end()
  })

  it('refuses a folder that is not its own', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'cvd-precious-'))
    writeFileSync(join(folder, 'precious'), 'x')
    await expect(startDemoSite({ folder })).rejects.toThrow(/not empty/)
    expect(readdirSync(folder)).toEqual(['precious'])
    rmSync(folder, { recursive: true })
  })
})

describe('stopping a demo site', () => {
  it('leaves no process and no file behind', async () => {
    const site = await startDemoSite({ appStartMs: 0, writeEveryMs: 20 })
    const client = await connect({ port: site.port, username: site.user, password: site.password })
    await run(client, 'setsid -f bash -c "trap : TERM HUP; while :; do sleep 0.1; done" </dev/null >/dev/null 2>&1')
    await open(client, 'sleep 300')
    const pid = await site.app.pid()
    expect(pid).not.toBeNull()
    expect(processesWith('CVD_BACKUP_STATE', site.state).length).toBeGreaterThanOrEqual(2)
    await site.stop()
    expect(processesWith('CVD_BACKUP_STATE', site.state)).toEqual([])
    expect(existsSync(`/proc/${pid}/fd/0`)).toBe(false)
    expect(existsSync(site.folder)).toBe(false)
    expect((await site.app.health()).status).toBe(0)
    await expect(connect({ port: site.port, username: site.user, password: site.password })).rejects.toThrow()
  })

  it('keeps a requested folder: same host key, same login, same rows', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'cvd-kept-'))
    const first = await startDemoSite({ folder, appStartMs: 0, writeEveryMs: 20 })
    sql(first.database, "INSERT INTO system_config (key, value) VALUES ('kept', 'yes')")
    const key = readFileSync(first.keyFile, 'utf8')
    await first.stop()
    const second = await startDemoSite({ folder, appStartMs: 0, writeEveryMs: 20 })
    expect(second.hostKeyFingerprint).toBe(first.hostKeyFingerprint)
    expect(readFileSync(second.keyFile, 'utf8')).toBe(key)
    expect(sql(second.database, "SELECT value FROM system_config WHERE key = 'kept'")).toBe('yes')
    await second.stop()
    rmSync(folder, { recursive: true })
  })

  it('enlarges the database on request', async () => {
    const site = await startDemoSite({ databaseMb: 3, appStartMs: 0 })
    const pages = Number(sql(site.database, 'SELECT page_count * page_size FROM pragma_page_count, pragma_page_size'))
    expect(pages).toBeGreaterThan(3_500_000)
    expect(pages).toBeLessThan(8_000_000)
    await site.stop()
  })
})
