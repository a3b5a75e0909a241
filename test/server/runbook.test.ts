/**
 * Compatibility with the runbook's own scripts: they restore our backups, we restore theirs. The scripts are not part of the
 * project: RUNBOOK_DIR names their folder.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { planRestore } from '../../src-main/operations/plan-restore.ts'
import { restorePart } from '../../src-main/operations/restore-part.ts'
import { undoRestore } from '../../src-main/operations/undo.ts'
import type { Site } from '../../src-main/store/sites.ts'
import { showPath } from '../../src-shared/domain/backup-path.ts'
import type { BackupReport } from '../../src-shared/domain/kit-backups.ts'
import { must, ServerDesk } from '../support/server-desk.ts'
import { sharedServers } from '../support/servers/shared.ts'

const { RUNBOOK_DIR: runbook = '' } = process.env
const { north: server } = sharedServers()

describe.skipIf(runbook === '')(`the runbook${runbook === '' ? ' (RUNBOOK_DIR is not set)' : ''}`, () => {
  let desk: ServerDesk
  let site: Site

  beforeAll(async () => {
    await server.reset()
    desk = new ServerDesk()
    site = await desk.add(server)
    await server.must('mkdir -p /root/runbook')
    for (const name of ['restore_database.sh', 'backup_database.sh', 'backup_database_auto.sh']) {
      await server.writeFile(`/root/runbook/${name}`, readFileSync(join(runbook, name)))
    }
  })
  afterAll(async () => {
    await desk?.[Symbol.asyncDispose]()
    await server.must('rm -rf /root/runbook')
    await server.reset()
  })

  const script = (name: string, argument = '') => server.run(`bash /root/runbook/${name} ${argument}`)
  const marked = () => server.query('SELECT count(*) FROM service_orders WHERE total_units = 888888')
  const mark = () =>
    server.must("sqlite3 -cmd '.timeout 10000' /opt/cvd/data/cvd.db", {
      stdin: 'INSERT INTO service_orders (route_id, created_by, total_units) VALUES (1, 1, 888888);\n',
    })
  const newest = async (pattern: RegExp) => {
    const found = (await desk.inspect(site)).backups.find(({ path }) => pattern.test(path))
    if (!found) throw new Error(`no backup like ${pattern}`)
    return found
  }
  let ours: BackupReport

  it('H16: its restore of our backup rolls back by itself, because its health address answers 404', async () => {
    ours = await desk.backUp(site)
    await mark()
    const done = await script('restore_database.sh', showPath(ours.backup.path))
    expect(done.stdout).toContain('Backup integrity verified')
    expect(done.stdout).toContain('Database restore verification successful')
    expect(done).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('Original database restored due to service failure'),
    })
    // What it put back is its copy of the running database, without what was in the WAL (H8).
    await server.waitHealthy()
  })

  it('restores our backup if /health answers', async () => {
    // The address that the runbook probes, in the application itself.
    await server.must(
      `cd /opt/cvd/app && printf '\\n\\n@app.get("/health")\\ndef plain_health():\\n    return health()\\n' >> app.py && systemctl restart cvd`,
    )
    await server.waitHealthy()
    const done = await script('restore_database.sh', showPath(ours.backup.path))
    expect(done.stderr).not.toContain('Error')
    expect(done).toMatchObject({ code: 0, stdout: expect.stringContaining('health check passed') })
    await server.waitHealthy()
    expect(await marked()).toBe('0')
    const rows = Object.fromEntries(ours.fingerprint.tables.map(({ table, rows }) => [table, rows]))
    for (const table of ['users', 'devices', 'products', 'locations']) {
      expect(await server.query(`SELECT count(*) FROM ${table}`)).toBe(String(rows[table]))
    }
    // What it left counts as a safety copy for us, too.
    expect(await newest(/cvd\.db\.pre-restore\.\d{8}_\d{6}$/)).toMatchObject({ origin: 'safety', kind: 'database' })
    await server.writes()
  })

  it('makes a backup that we list, verify by content, restore, and undo', async () => {
    expect(await script('backup_database.sh')).toMatchObject({ code: 0 })
    const backup = await newest(/\/cvd_backup_\d{8}_\d{6}\.db\.gz$/)
    expect(backup).toMatchObject({ kind: 'database', origin: 'manual', fingerprint: false, verdict: 'never' })
    expect(backup.path).not.toBe(ours.backup.path)
    const { backups } = await desk.verify(site, backup.path)
    expect(backups).toMatchObject([{ verdict: 'verified', basis: 'content' }])
    expect(await newest(/\/cvd_backup_\d{8}_\d{6}\.db\.gz$/)).toMatchObject({ path: backup.path, verdict: 'verified' })
    await mark()
    const { plan } = must(await planRestore(desk.console.context, site, backup.path))
    expect(plan).toMatchObject({ possible: true })
    expect(plan.checks).toContainEqual(expect.objectContaining({ check: 'fingerprint', state: 'warning' }))
    const orders = plan.tables.find(({ table }) => table === 'service_orders')
    expect(orders?.onlyLive).toBeGreaterThanOrEqual(1)
    expect(plan.lossSeconds).toBeGreaterThanOrEqual(0)
    expect(plan.lossSeconds).toBeLessThan(600)
    const confirmation = { confirm: site.name, reason: 'the runbook made it' }
    const { context: inner, runner } = desk.console
    const restored = await desk.settled(must(await restorePart(inner, runner, site, backup.path, confirmation)))
    expect(restored).toMatchObject({ outcome: 'succeeded' })
    expect(await marked()).toBe('0')
    const undone = await desk.settled(must(await undoRestore(inner, runner, site, restored.id, confirmation)))
    expect(undone).toMatchObject({ outcome: 'succeeded' })
    expect(await marked()).toBe('1')
    await server.writes()
  })

  it('makes a scheduled backup that we list as scheduled', async () => {
    expect(await script('backup_database_auto.sh')).toMatchObject({ code: 0 })
    const backup = await newest(/\/cvd_auto_/)
    expect(backup).toMatchObject({ kind: 'database', origin: 'scheduled', fingerprint: false })
    expect((await desk.verify(site, backup.path)).backups).toMatchObject([{ verdict: 'verified', basis: 'content' }])
  })
})
