/** Inspection and database backups on real servers, under writers that never pause. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeBackup } from '../../src-main/operations/make-backup.ts'
import { planRestore } from '../../src-main/operations/plan-restore.ts'
import type { Site } from '../../src-main/store/sites.ts'
import { showPath } from '../../src-shared/domain/backup-path.ts'
import { must, reportOf, ServerDesk } from '../support/server-desk.ts'
import { alongside, checkIndependently, gate, growDatabase, leftBehind, smallDisk } from '../support/server-faults.ts'
import { sharedServers } from '../support/servers/shared.ts'
import { waitUntil } from '../support/wait.ts'

const { north, south } = sharedServers()

afterAll(() => Promise.all([north.reset(), south.reset()]))

describe.each([
  ['north', north],
  ['south', south],
] as const)('on %s', (name, server) => {
  const wal = server.spec.journal === 'wal'
  const compressor = name === 'north' ? 'igzip' : 'gzip'
  let desk: ServerDesk
  let site: Site

  beforeAll(async () => {
    await server.reset()
    desk = new ServerDesk()
    site = await desk.add(server)
  })
  afterAll(() => desk?.[Symbol.asyncDispose]())

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

  it('H12: killed while compressing, it leaves no file with a final name, and the next operation cleans up', async () => {
    await server.must('rm -f /opt/cvd/backups/cvd_*')
    await using held = await gate(server, compressor, '*-c*', { output: true })
    const started = desk.start(site, 'database')
    await held.reached()
    const remoteOperation = await waitUntil('the id on the server', async () => {
      return desk.console.context.store.operations.byId(started.id)?.remoteOperation ?? undefined
    })
    expect(await leftBehind(server)).toContainEqual(expect.stringMatching(/\.cvd-backup-[^/]+\/reader\/copy\.db$/))
    await server.must(`systemctl kill --kill-who=all --signal=KILL cvd-backup-${remoteOperation}`)
    const entry = await desk.settled(started)
    await held[Symbol.asyncDispose]()
    expect(entry).toMatchObject({ outcome: 'unknown', code: 'interrupted' })
    expect(await server.must('ls /opt/cvd/backups')).toBe('app\nsystem')
    const interrupted = (await desk.operations(site))[0]
    expect(interrupted).toMatchObject({ id: remoteOperation, state: 'interrupted', outcome: null })
    // A lock file without a lock stops nobody.
    const { backup } = await desk.backUp(site)
    expect(await leftBehind(server)).toEqual([showPath(backup.path)])
    expect(await desk.run(site, 'recover')).toMatchObject({ outcome: 'succeeded' })
    const closed = (await desk.operations(site)).find(({ id }) => id === remoteOperation)
    expect(closed).toMatchObject({ state: 'ended', outcome: 'failed', code: 'interrupted' })
  })

  it('cancelled in the middle, it reports that and leaves nothing behind', async () => {
    await server.must('rm -f /opt/cvd/backups/cvd_*')
    const log = await server.readFile('/opt/cvd/logs/backup.log')
    await using held = await gate(server, compressor, '*-c*', { output: true })
    const started = desk.start(site, 'database')
    await held.reached()
    expect(must(await desk.console.runner.cancel(site, started.id))).toMatchObject({ outcome: 'cancelled' })
    expect(await desk.settled(started)).toMatchObject({ outcome: 'cancelled', code: 'cancelled' })
    await held[Symbol.asyncDispose]()
    expect(await leftBehind(server)).toEqual([])
    // The processes have ended too, and a cancel is not an error in the log that monitoring reads.
    expect((await server.run(`pgrep -x ${compressor}`)).stdout).toBe('')
    expect(await server.readFile('/opt/cvd/logs/backup.log')).toBe(log)
  })

  it('H17: without the needed space it writes nothing, and logs one error', async () => {
    await server.must('rm -f /opt/cvd/backups/cvd_* /opt/cvd/logs/backup.log')
    await using _small = await smallDisk(server, '/opt/cvd/backups', 10_000_000)
    const entry = await desk.run(site, 'database')
    expect(entry).toMatchObject({ outcome: 'failed', code: 'no-space' })
    expect(entry.message).toMatch(/\d+ MB are needed, \d+ MB are free/)
    expect(await leftBehind(server)).toEqual([])
    const { problems, logErrors } = await desk.inspect(site)
    expect(logErrors).toEqual([expect.objectContaining({ file: 'backup.log', text: expect.stringContaining('ERROR') })])
    expect(problems.map(({ code }) => code)).toEqual(expect.arrayContaining(['log-errors']))
  })

  it.each([
    ['copied', 'sqlite3', '*/data/cvd.db'],
    ['compressed', compressor, '*-c*'],
  ])('H17: a disk that fills up while it is %s leaves nothing behind', async (_when, program, pattern) => {
    await using _small = await smallDisk(server, '/opt/cvd/backups', 40_000_000)
    await using held = await gate(server, program, pattern)
    const started = desk.start(site, 'database')
    await held.reached()
    await server.run('head -c 100000000 /dev/zero > /opt/cvd/backups/filler')
    await held.open()
    const entry = await desk.settled(started)
    expect(entry).toMatchObject({
      outcome: 'failed',
      code: 'no-space',
      unchanged: expect.stringContaining('only read'),
    })
    expect(await leftBehind(server)).toEqual(['/opt/cvd/backups/filler'])
    await server.must('rm /opt/cvd/backups/filler')
    expect(await server.health()).toMatchObject({ status: 200 })
  })

  it('reports in advance what an unprivileged login cannot do, and does not try it', async () => {
    await server.must('rm -f /opt/cvd/backups/cvd_* /opt/cvd/backups/filler')
    const { backup } = await desk.backUp(site)
    await server.must(`chmod 644 ${showPath(backup.path)}`)
    await using clerks = new ServerDesk('clerk@desk')
    const other = await clerks.add(server, { login: 'unprivileged' })
    const seen = await clerks.inspect(other)
    expect(seen.host).toMatchObject({
      login: 'clerk',
      rights: { readDatabase: true, writeBackups: false, controlServices: false, keepState: true },
    })
    const entry = must(await makeBackup(clerks.console.context, clerks.console.runner, other))
    expect(await clerks.settled(entry)).toMatchObject({ outcome: 'failed', code: 'no-rights' })
    const { plan } = must(await planRestore(clerks.console.context, other, showPath(backup.path)))
    expect(plan.possible).toBe(false)
    expect(plan.checks).toContainEqual(expect.objectContaining({ check: 'rights', state: 'failed' }))
    expect(await leftBehind(server)).toEqual([showPath(backup.path)])
  })
})

describe('H1: a copy under load', () => {
  /** The copying process only. */
  const copier = '^sqlite3 -batch -bail -init /dev/null -readonly /opt/cvd/data/cvd.db$'

  it('completes on a WAL database, where a bare .backup restarts for ever', async () => {
    await north.reset()
    await using desk = new ServerDesk()
    const site = await desk.add(north)
    await growDatabase(north, 400)
    await north.setWriterInterval(5)
    await north.writes(20)
    const { lines } = await north.writer()
    const began = performance.now()
    const report = await desk.backUp(site)
    const seconds = (performance.now() - began) / 1000
    expect(report.backup.verdict).toBe('verified')
    expect((await north.writer(lines)).errors).toEqual([])
    expect(report.writersBlockedMs).toBe(0)
    // It only copies, without compressing or checking anything; it has twice that time, the machine and the disk for itself,
    // and is not done. (Beside ours, the writer would be kept waiting at times, and a pause is all that it needs.)
    await north.must('sync')
    const bare = `timeout ${Math.ceil(2 * seconds)} sqlite3 /opt/cvd/data/cvd.db ".backup /tmp/bare.db"`
    expect((await north.run(`${bare}; code=$?; rm -f /tmp/bare.db*; exit $code`)).code).toBe(124)
  })

  it('waits for the lock of a rollback-journal database, where a bare .backup fails at once', async () => {
    await south.reset()
    await using desk = new ServerDesk()
    const site = await desk.add(south)
    await south.must('systemctl stop cvd-writer')
    await using lock = await exclusiveLock()
    const bare = await south.run('sqlite3 /opt/cvd/data/cvd.db ".backup /tmp/bare.db"; rm -f /tmp/bare.db')
    expect(bare.stderr).toContain('database is locked')
    const copying = desk.stepped('copy')
    const started = desk.start(site, 'database')
    await copying
    await waitUntil('the copy to wait', async () => (await south.run(`pgrep -f '${copier}'`)).code === 0)
    await lock[Symbol.asyncDispose]()
    expect(await desk.settled(started)).toMatchObject({ outcome: 'succeeded' })
    await south.must('systemctl start cvd-writer')
  })

  it('gives up on a rollback-journal database after blocking its writers for the allowed time', async () => {
    await south.reset()
    await using desk = new ServerDesk()
    const site = await desk.add(south)
    await growDatabase(south, 100)
    await desk.setPolicy(site, { writer_block_limit: '1' })
    const { lines } = await south.writer()
    // A stalled disk: the copying process stops itself after reading the first page, and keeps its lock.
    await south.writeFile(
      '/usr/local/sbin/sqlite3',
      `#!/bin/bash
      [[ $* == *'-readonly /opt/cvd/data/cvd.db' ]] || exec /usr/bin/sqlite3 "$@"
      exec /usr/bin/sqlite3 "$@" < <(sed 's/^\\.backup /.shell kill -STOP $PPID\\n&/')\n`,
    )
    await south.must('chmod 755 /usr/local/sbin/sqlite3')
    const entry = await desk.run(site, 'database')
    await south.must('rm /usr/local/sbin/sqlite3')
    expect(entry).toMatchObject({ outcome: 'failed', code: 'block-limit', next: expect.stringContaining('WAL') })
    expect(await leftBehind(south)).toEqual([])
    expect((await south.run('pgrep -x sqlite3')).stdout).toBe('')
    await south.writes()
    expect((await south.writer(lines)).errors).toEqual([])
    await desk.setPolicy(site, { writer_block_limit: '30' })
    const report = await desk.backUp(site)
    expect(report.writersBlockedMs).toBeGreaterThan(0)
    expect(report.writersBlockedMs).toBeLessThan(30_000)
  })

  it('fails with the reason if the database stays locked', async () => {
    await south.reset()
    await using desk = new ServerDesk()
    const site = await desk.add(south)
    await desk.setPolicy(site, { busy_timeout: '300' })
    await south.must('systemctl stop cvd-writer')
    await using _lock = await exclusiveLock()
    expect(await desk.run(site, 'database')).toMatchObject({ outcome: 'failed', code: 'database-locked' })
    expect(await leftBehind(south)).toEqual([])
  })
})

/** Another program's exclusive transaction, until disposed. */
async function exclusiveLock(): Promise<AsyncDisposable> {
  const program =
    "import sqlite3, time; c = sqlite3.connect('/opt/cvd/data/cvd.db', isolation_level=None, timeout=10); c.execute('BEGIN EXCLUSIVE'); open('/run/locked', 'w'); time.sleep(600)"
  await south.must('rm -f /run/locked')
  const lock = await alongside(south, 'exclusive-lock', `exec python3 -c "${program}"`)
  await waitUntil('the lock', async () => (await south.run('test -e /run/locked')).code === 0)
  return lock
}
