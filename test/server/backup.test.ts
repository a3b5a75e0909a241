/** Inspection and database backups on real servers, under writers that never pause. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Site } from '../../src-main/store/sites.ts'
import { showPath } from '../../src-shared/domain/backup-path.ts'
import { reportOf, ServerDesk } from '../support/server-desk.ts'
import { checkIndependently, gate, leftBehind } from '../support/server-faults.ts'
import { onBoth } from '../support/servers/shared.ts'

onBoth('a backup', (server) => {
  const { name } = server
  const wal = server.spec.journal === 'wal'
  const compressor = name === 'north' ? 'igzip' : 'gzip'
  let desk: ServerDesk
  let site: Site

  beforeAll(async () => {
    await server.reset()
    desk = new ServerDesk()
    site = await desk.add(server)
  })
  afterAll(async () => {
    await desk?.[Symbol.asyncDispose]()
    await server.reset()
  })

  it('inspect reports every fact as the server itself does', async () => {
    const seen = await desk.inspect(site)
    const [machineId, zone, kernel, os, now] = (
      await server.must(
        'cat /etc/machine-id; readlink -f /etc/localtime | sed \'s|.*/zoneinfo/||\'; uname -r; . /etc/os-release; echo "$PRETTY_NAME"; date +%s%3N',
      )
    ).split('\n')
    expect(seen.host).toEqual({
      ...{ name, machineId, os, kernel, login: 'root', uid: 0 },
      rights: { readDatabase: true, writeBackups: true, controlServices: true, keepState: true },
    })
    expect(seen.time.zone).toBe(zone)
    expect(Math.abs(seen.time.now - Number(now))).toBeLessThan(30_000)
    expect(seen.time.offset).toBe(await server.must('date +%:z'))
    expect(seen.layout).toMatchObject({
      root: '/opt/cvd',
      found: true,
      parts: { app: true, data: true, config: true, backups: true, logs: true },
      owner: 'cvdapp:www-data',
    })
    // Decided when the site was added, and kept on the server.
    expect(
      await server.must(
        'grep ^owner= /var/lib/cvd-backup/*/policy /var/lib/cvd-backup/policy 2>/dev/null | cut -d: -f2-',
      ),
    ).toContain('owner=cvdapp:www-data')
    expect(seen.database).toMatchObject({
      path: '/opt/cvd/data/cvd.db',
      present: true,
      pageSize: 4096,
      userVersion: 14,
      journalMode: server.spec.journal,
      owner: 'cvdapp:www-data',
      mode: '755',
      keyTables: [
        { table: 'users', rows: 12 },
        { table: 'devices', rows: 48 },
        { table: 'service_orders', rows: expect.any(Number) },
      ],
    })
    // Gunicorn opens the database for each request; the writer always has it open.
    expect(seen.database.holders).toContainEqual(
      expect.objectContaining({
        user: 'cvdapp',
        service: 'cvd-writer',
        command: 'python',
      }),
    )
    expect(seen.services).toEqual([{ name: 'cvd', manager: 'systemd', state: 'active', enabled: 'enabled' }])
    expect(seen.health).toMatchObject({ probe: server.probe, configured: true, healthy: true, status: 200 })
    expect(seen.lock).toEqual({ held: false, holder: null })
    expect(seen.unfinished).toEqual([])
    expect(seen.backups).toEqual([])
    expect(seen.compressor).toBe(compressor)
    const tools = Object.fromEntries(seen.tools.map((tool) => [tool.name, tool.version]))
    expect(tools.sqlite3).toBe((await server.must('sqlite3 -version')).split(' ')[0])
    expect(Object.keys(tools).includes('igzip')).toBe(name === 'north')
    const free = Number(await server.must('df -B1 --output=avail /opt/cvd/data | tail -n 1'))
    const disk = seen.disk.find(({ purpose }) => purpose === 'database')
    expect(Math.abs((disk?.free ?? 0) - free)).toBeLessThan(2_000_000_000)
    const problems = seen.problems.map(({ code }) => code).sort()
    expect(problems).toEqual(['no-backups', ...(tools.sqlite3 === '3.40.1' ? ['sqlite-version'] : [])])
    expect(await leftBehind(server)).toEqual([])
  })

  it('a backup with writes every 5 ms completes, matches its fingerprint, and makes no write fail', async () => {
    await server.setWriterInterval(5)
    await server.writes(20)
    const { lines } = await server.writer()
    const from = await server.query('SELECT count(*) FROM sales')
    const report = await desk.backUp(site)
    const to = await server.query('SELECT count(*) FROM sales')
    await server.writes(20)
    expect((await server.writer(lines)).errors).toEqual([])
    const path = showPath(report.backup.path)
    expect(path).toMatch(/^\/opt\/cvd\/backups\/cvd_backup_\d{8}_\d{6}\.db\.gz$/)
    expect(report.compressor).toBe(compressor)
    expect(report.backup).toMatchObject({
      ...{ kind: 'database', origin: 'manual', verdict: 'verified', fingerprint: true, hold: false },
    })
    if (wal) expect(report.writersBlockedMs).toBe(0)
    else expect(report.writersBlockedMs).toBeGreaterThan(0)
    expect(report.writersBlockedMs).toBeLessThanOrEqual(report.ms)
    const checked = await checkIndependently(server, path)
    const { fingerprint } = report
    expect(checked).toEqual({
      sha256: fingerprint.sha256,
      size: fingerprint.size,
      databaseSha256: fingerprint.databaseSha256,
      databaseSize: fingerprint.databaseSize,
      integrity: 'ok',
      userVersion: 14,
      journalMode: fingerprint.journalMode,
      foreignKeyViolations: fingerprint.foreignKeyViolations,
      rows: Object.fromEntries(fingerprint.tables.map(({ table, rows }) => [table, rows])),
    })
    expect(fingerprint.pageCount * fingerprint.pageSize).toBe(checked.databaseSize)
    expect(fingerprint.foreignKeyViolations).toBe(2)
    expect(fingerprint.commit).toBe(await server.must('git -C /opt/cvd/app rev-parse HEAD', { user: 'cvdapp' }))
    // One state of the live database, between the beginning and the end.
    expect(checked.rows.sales).toBeGreaterThanOrEqual(Number(from))
    expect(checked.rows.sales).toBeLessThanOrEqual(Number(to))
    expect(await server.must(`stat -c '%U:%G %a' ${path}`)).toBe('cvdapp:www-data 640')
    expect(await leftBehind(server)).toEqual([path])
    expect(await desk.listed(site, path)).toMatchObject({ verdict: 'verified', fingerprint: true, origin: 'manual' })
    await server.setWriterInterval(200)
  })

  it("writes the runbook's log, so that its monitoring still works", async () => {
    const report = await desk.backUp(site)
    const log = (await server.readFile('/opt/cvd/logs/backup.log')).split('\n').filter(Boolean).slice(-2)
    expect(log[0]).toMatch(/^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\] Backup completed - Size: \d+KB, User records: 12$/)
    expect(log[1]).toMatch(new RegExp(`^\\[.{19}\\] Backup compressed: ${report.backup.path}$`))
    expect(await server.must('stat -c %U:%G /opt/cvd/logs/backup.log')).toBe('cvdapp:www-data')
  })

  it('names a scheduled backup as the runbook does', async () => {
    const { backup } = await desk.backUp(site, '--scheduled')
    expect(backup).toMatchObject({
      path: expect.stringMatching(/\/cvd_auto_\d{8}_\d{6}\.db\.gz$/),
      origin: 'scheduled',
    })
  })

  it('never reuses a name: two backups of one second are both kept', async () => {
    await using held = await gate(server, compressor, '*-c*')
    const started = desk.start(site, 'database')
    await held.reached()
    // Every name of this second and the next ones is taken.
    const taken = await server.must(
      'cd /opt/cvd/backups && t=$(date +%s) && for i in 0 1 2 3; do f=cvd_backup_$(date -d @$((t + i)) +%Y%m%d_%H%M%S).db.gz; echo other > "$f"; echo "$PWD/$f"; done',
    )
    await held.open()
    const { backup } = reportOf(await desk.settled(started))
    expect(taken.split('\n')).not.toContain(showPath(backup.path))
    expect(await server.must(`cat ${taken.replaceAll('\n', ' ')}`)).toBe('other\nother\nother\nother')
    await server.must(`rm ${taken.replaceAll('\n', ' ')}`)
  })
})
