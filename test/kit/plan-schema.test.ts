import { chmodSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { restorePlan } from '../../src-shared/domain/kit-restore.ts'
import { Comparison } from '../support/comparison.ts'
import { ScratchSite } from '../support/scratch-site.ts'

const name = 'cvd_backup_20260110_120000.db.gz'

describe('the schema of a backup', () => {
  let both: Comparison
  beforeEach(() => {
    both = new Comparison()
  })
  afterEach(() => both.remove())

  it('is compared object by object, including its settings', () => {
    both.sql(
      both.backup,
      `CREATE TABLE routes (id INTEGER PRIMARY KEY, name TEXT, color TEXT);
       CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
       CREATE TABLE legacy (a); CREATE INDEX legacy_a ON legacy (a);
       CREATE INDEX same ON users (email); CREATE INDEX route_name ON routes (name);
       CREATE VIEW v AS SELECT 1; CREATE TRIGGER t AFTER INSERT ON users BEGIN SELECT 1; END;
       PRAGMA user_version = 13`,
    )
    both.sql(
      both.live,
      `CREATE TABLE routes (id INTEGER PRIMARY KEY, name TEXT NOT NULL DEFAULT 'x', driver_id INTEGER);
       CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT UNIQUE);
       CREATE TABLE metrics (a); CREATE INDEX metrics_a ON metrics (a);
       CREATE INDEX same ON users (email); CREATE INDEX route_name ON routes (name, id); CREATE INDEX by_driver ON routes (driver_id);
       CREATE VIEW v AS SELECT 2; CREATE VIEW w AS SELECT 1; CREATE TRIGGER audit AFTER INSERT ON users BEGIN SELECT 1; END;
       PRAGMA user_version = 14`,
    )
    const { schema } = both.found()
    const found = schema.differences.map(({ kind, name: what, table, state }) => `${state} ${kind} ${table} ${what}`)
    expect(found.sort()).toEqual([
      'differs column routes name',
      'differs index routes route_name',
      'differs view v v',
      'extra column routes color',
      'extra table legacy legacy',
      'extra trigger users t',
      'lacks column routes driver_id',
      'lacks constraint users UNIQUE (email)',
      'lacks index routes by_driver',
      'lacks table metrics metrics',
      'lacks trigger users audit',
      'lacks view w w',
    ])
    expect(schema.settings).toContainEqual({ name: 'user_version', live: '14', backup: '13' })
    expect(schema.differences.find(({ state, kind }) => state === 'differs' && kind === 'column')?.detail).toBe(
      "TEXT NOT NULL DEFAULT 'x' now, TEXT in the backup",
    )
  })

  it('matches despite different white space and journal mode', () => {
    both.sql(
      both.backup,
      'CREATE TABLE a (id INTEGER PRIMARY KEY,\n  b); CREATE INDEX i ON a (b)',
      'PRAGMA journal_mode = WAL',
    )
    both.sql(both.live, 'CREATE TABLE a (id INTEGER PRIMARY KEY, b); CREATE INDEX i   ON a (b)')
    expect(both.found().schema.differences).toEqual([])
  })
})

describe('a backup that lacks what the live schema has', () => {
  let site: ScratchSite
  let health: Server
  beforeEach(async () => {
    site = new ScratchSite()
    health = createServer((_, answer) => answer.end('{"status":"healthy"}'))
    await new Promise<void>((resolve) => health.listen(0, '127.0.0.1', resolve))
    const address = health.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const program = join(site.folder, 'service')
    writeFileSync(
      program,
      '#!/bin/bash\ncase $1 in start) : >"$0.runs" ;; stop) rm -f "$0.runs" ;; status) [[ -e $0.runs ]] ;; esac\n',
    )
    chmodSync(program, 0o755)
    writeFileSync(`${program}.runs`, '')
    const settings = [`service_program=${program}`, 'service_manager=program', `health=http://127.0.0.1:${port}/health`]
    expect((await site.run(['policy', ...settings])).exitCode).toBe(0)
    site.backup(name)
    site.sql(
      site.database,
      `ALTER TABLE routes ADD COLUMN driver_id INTEGER;
       CREATE TRIGGER audit AFTER INSERT ON users BEGIN SELECT 1; END; INSERT INTO routes (name) VALUES ('west')`,
    )
  })
  afterEach(async () => {
    await new Promise((resolve) => health.close(resolve))
    site.remove()
  })

  const restore = ['restore', 'database', name, '--confirm', hostname(), '--reason', 'test']
  const columns = () =>
    site.sql(site.database, "SELECT count(*) FROM pragma_table_info('routes'); SELECT count(*) FROM routes").trim()

  it('causes a warning that must be acknowledged', async () => {
    const plan = await site.ask(['plan', 'restore', 'database', name], restorePlan)
    expect(plan.possible).toBe(true)
    expect(plan.checks.find(({ check }) => check === 'schema')).toMatchObject({
      ...{ state: 'warning', acknowledge: true },
      evidence: 'no trigger audit on users; no column routes.driver_id',
    })
    expect(plan.checks.filter(({ acknowledge }) => acknowledge)).toHaveLength(1)
    expect(plan.tables.find(({ table }) => table === 'routes')).toMatchObject({
      columnsOnlyLive: ['driver_id'],
      onlyLive: 1,
    })
  })

  it('is not restored without acknowledgement, and nothing is changed', async () => {
    const refused = await site.run(restore)
    expect([refused.exitCode, refused.result.code]).toEqual([4, 'checks-failed'])
    expect(refused.result.message).toContain('no column routes.driver_id')
    expect(refused.result.next).toContain('--accept-schema')
    expect(columns()).toBe('3\n3')
  })

  it('is restored with it, and undone without asking again', async () => {
    const done = await site.run([...restore, '--accept-schema'])
    expect([done.result.message, done.exitCode]).toEqual([expect.stringContaining('was restored'), 0])
    expect(columns()).toBe('2\n2')
    const operations = await site.run(['operations', '--limit', '1'])
    const [restored] = (operations.result.data as { operations: { id: string }[] }).operations
    const undone = await site.run(['undo', restored?.id ?? '', '--confirm', hostname(), '--reason', 'test'])
    expect([undone.result.message, undone.exitCode]).toEqual([expect.stringContaining('was undone'), 0])
    expect(columns()).toBe('3\n3')
  })
})
