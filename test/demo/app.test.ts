import { execFileSync } from 'node:child_process'
import { copyFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type DemoSite, startDemoSite } from '../../src-main/demo/site.ts'

const sql = (database: string, text: string): string =>
  execFileSync('sqlite3', ['-cmd', '.timeout 10000', database, text], { encoding: 'utf8' }).trim()

describe("the demo's application", () => {
  let site: DemoSite
  const base = (): string => site.app.healthUrl.replace('/api/health', '')
  const status = async (path: string): Promise<number> => (await fetch(base() + path)).status

  beforeAll(async () => {
    site = await startDemoSite({ appStartMs: 50, writeEveryMs: 20 })
  })
  afterAll(() => site.stop())

  /** Runs a check with the database changed by `change`, then restores the good one. */
  async function withDatabase(change: (database: string) => void, check: () => Promise<void>): Promise<void> {
    await site.app.stop()
    sql(site.database, 'PRAGMA wal_checkpoint(TRUNCATE)')
    renameSync(site.database, `${site.database}.good`)
    try {
      change(site.database)
      await site.app.start()
      await expect.poll(async () => (await site.app.health()).status).not.toBe(0)
      await check()
    } finally {
      await site.app.stop()
      renameSync(`${site.database}.good`, site.database)
      await site.app.start()
      await site.app.healthy()
    }
  }

  it('is healthy after a real query, and has no /health', async () => {
    expect(await site.app.health()).toEqual({ status: 200, body: '{"status":"healthy","database":"connected"}' })
    expect(await status('/health')).toBe(404)
    expect(await (await fetch(`${base()}/api/summary`)).json()).toMatchObject({ users: 12, devices: 48 })
  })

  it('is not healthy without its database, and creates no empty one', async () => {
    await withDatabase(
      () => {},
      async () => {
        expect(await site.app.health()).toMatchObject({ status: 503, body: expect.stringContaining('missing') })
        expect(() => readFileSync(site.database)).toThrow(/ENOENT/)
      },
    )
  })

  it('is not healthy with an empty, foreign or damaged database', async () => {
    await withDatabase(
      (database) => writeFileSync(database, ''),
      async () =>
        expect(await site.app.health()).toMatchObject({ status: 503, body: expect.stringContaining('no such table') }),
    )
    await withDatabase(
      (database) => void sql(database, 'CREATE TABLE users (id INTEGER)'),
      async () => expect((await site.app.health()).body).toContain('no such table: devices'),
    )
    await withDatabase(
      (database) => {
        copyFileSync(`${database}.good`, database)
        const bytes = readFileSync(database)
        bytes.fill(0x5a, 0, 4096)
        writeFileSync(database, bytes)
      },
      async () =>
        expect(await site.app.health()).toMatchObject({ status: 503, body: expect.stringContaining('not a database') }),
    )
  })

  it('logs every failed write', async () => {
    const log = join(site.root, 'logs', 'app-writes.log')
    sql(site.database, "CREATE TRIGGER refuse BEFORE INSERT ON sales BEGIN SELECT RAISE(ABORT, 'no sales today'); END")
    await expect.poll(async () => (await site.app.writes()).failed).toBeGreaterThan(0)
    sql(site.database, 'DROP TRIGGER refuse')
    const { failed, lastError } = await site.app.writes()
    expect(lastError).toBe('no sales today')
    expect(
      readFileSync(log, 'utf8').match(/^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\] ERROR write failed: no sales today$/gm)
        ?.length,
    ).toBeGreaterThanOrEqual(failed)
  })

  it('waits for a lock instead of failing', async () => {
    const before = await site.app.writes()
    execFileSync('sqlite3', [site.database], { input: '.timeout 10000\nBEGIN IMMEDIATE;\n.shell sleep 0.5\nCOMMIT;\n' })
    await expect.poll(async () => (await site.app.writes()).succeeded).toBeGreaterThan(before.succeeded + 1)
    expect((await site.app.writes()).failed).toBe(before.failed)
  })

  it('has stored every acknowledged sale when it stops', async () => {
    await site.app.stop()
    const last = /stopped: \d+ writes, \d+ failed, last sale (\d+)\n$/.exec(
      readFileSync(join(site.root, 'logs', 'app.log'), 'utf8'),
    )
    expect(sql(site.database, 'SELECT max(id) FROM sales')).toBe(last?.[1])
    await site.app.start()
    await site.app.healthy()
  })
})
