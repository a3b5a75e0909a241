/** A restore that cannot succeed: refused before any change, or rolled back completely. */
import { join } from 'node:path'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { restorePart } from '../../src-main/operations/restore-part.ts'
import type { JournalEntry } from '../../src-main/store/operations.ts'
import type { Site } from '../../src-main/store/sites.ts'
import { must } from '../support/command.ts'
import {
  beginRestore,
  change,
  clearFailpoint,
  committedSales,
  database,
  leftovers,
  missingFrom,
  paused,
  queryFile,
  restore,
  restored,
  setFailpoint,
} from '../support/restores.ts'
import { failureOf, ServerDesk } from '../support/server-desk.ts'
import type { Server } from '../support/servers/server.ts'
import { onBoth } from '../support/servers/shared.ts'

const unhealthy = '/opt/cvd/backups/cvd_backup_20260101_000000.db'

onBoth('a restore', (server: Server) => {
  let desk: ServerDesk
  let site: Site
  let backup: string
  let since: number

  beforeEach(async () => {
    await server.reset()
    desk = new ServerDesk()
    site = await desk.add(server, { health: server.probe })
    backup = (await desk.backUp(site)).backup.path
    await change(server, 'DELETE FROM devices WHERE id > 40')
    since = (await server.writer()).lines
    await server.writes(3)
    return async () => {
      clearFailpoint(server)
      await server.run('[ ! -e /tmp/holder ] || kill -- "-$(cat /tmp/holder)"; rm -f /tmp/holder')
      await desk[Symbol.asyncDispose]()
    }
  })
  afterAll(() => server.reset())

  /** The old state: running, healthy, with every committed row. */
  const oldState = async (apart: readonly number[] = []) => {
    await server.waitHealthy()
    await server.writes(2)
    expect(await server.must('systemctl is-active cvd cvd-writer')).toBe('active\nactive')
    expect(await server.query('SELECT count(*) FROM devices')).toBe('40')
    expect(await server.query('PRAGMA integrity_check')).toBe('ok')
    const sales = (await committedSales(server, since)).filter((id) => !apart.includes(id))
    expect(sales.length).toBeGreaterThanOrEqual(5)
    expect(missingFrom(sales, await server.query('SELECT id FROM sales'))).toEqual([])
    expect(await leftovers(server)).toBe('')
    expect((await server.run(`ls ${database}.pre-restore.*`)).stdout).toBe('')
  }
  const processes = () => server.must('systemctl show -P MainPID -P ActiveEnterTimestampMonotonic cvd cvd-writer')
  /** Calls the kit itself, bypassing the console's plan. */
  const unplanned = (): Promise<JournalEntry> =>
    desk.run(site, 'restore', 'database', { path: backup }, '--confirm', server.name, '--reason', 'x')
  /** A forgotten sqlite3 shell. */
  const hold = () =>
    server.must(
      `setsid -f sqlite3 ${database} '.timeout 10000' 'SELECT count(*) FROM users' '.shell echo $PPID > /tmp/holder; exec sleep 600' > /tmp/held 2>&1 < /dev/null
      until [ -s /tmp/holder ]; do sleep 0.05; done`,
    )
  const holder = async () => new RegExp(`sqlite3 \\(process ${await server.must('cat /tmp/holder')}\\b`)
  const during = async (phase: string, work: () => Promise<unknown>): Promise<JournalEntry> => {
    await setFailpoint(server, `${phase} pause`)
    const entry = await beginRestore(desk, site, backup)
    await paused(server)
    await work()
    clearFailpoint(server)
    return await desk.settled(entry)
  }

  test('is rolled back when the site is not healthy with the backup', async () => {
    await desk.setPolicy(site, { health_timeout: '10' })
    await server.must(
      `sqlite3 ${database} ".timeout 10000" ".backup ${unhealthy}" && sqlite3 ${unhealthy} "UPDATE users SET is_active = 0; PRAGMA journal_mode=delete"`,
    )
    const entry = await restore(desk, site, unhealthy)
    expect(entry).toMatchObject({ outcome: 'rolled back', code: 'unhealthy' })
    expect(entry.message).toContain('500')
    expect(entry.unchanged).toContain('The previous database is back, and the site answers')
    const report = restored(entry, 'rolled back')
    expect(report).toMatchObject({ safetyCopy: null, health: { healthy: true } })
    expect(report.downMs).toBeGreaterThan(10_000)
    // Rows written while the backup was being tried are in neither state, and are kept.
    const rejected = await server.must(`ls ${database}.rejected.*[0-9]`)
    expect(entry.unchanged).toContain(rejected)
    const tried = await queryFile(server, rejected, 'SELECT id FROM sales')
    const sales = await committedSales(server, since)
    const old = await server.query('SELECT id FROM sales')
    expect(missingFrom(sales, `${old}\n${tried}`)).toEqual([])
    expect(await queryFile(server, rejected, 'SELECT sum(is_active) FROM users')).toBe('0')
    await oldState(missingFrom(sales, old))
  })

  test('is rolled back even from a service that cannot be stopped and keeps the database open', async () => {
    await desk.setPolicy(site, { health_timeout: '10' })
    await server.must(
      `sqlite3 ${database} ".timeout 10000" ".backup ${unhealthy}" && sqlite3 ${unhealthy} "UPDATE users SET is_active = 0; PRAGMA journal_mode=delete"`,
    )
    // The first stop is the restore's, the second the rollback's.
    await server.writeFile(
      '/usr/local/sbin/systemctl',
      `#!/bin/bash
      if [[ $1 == stop ]]; then [[ ! -e /tmp/gate-stopped ]] || exit 1; : >/tmp/gate-stopped; fi
      exec /usr/bin/systemctl "$@"\n`,
    )
    await server.must('chmod 755 /usr/local/sbin/systemctl')
    const entry = await restore(desk, site, unhealthy)
    await server.must('rm -f /usr/local/sbin/systemctl /tmp/gate-stopped')
    expect(entry).toMatchObject({ outcome: 'rolled back', code: 'unhealthy' })
    const writer = async () => (await server.run('systemctl is-active cvd-writer')).stdout.trim()
    await expect.poll(writer, { timeout: 30_000 }).toBe('active')
    // No process still writes to the rejected database while answering as if nothing were wrong.
    expect((await server.run(`ls -l /proc/[0-9]*/fd | grep -E 'cvd.db (.deleted.|.*rejected)'`)).stdout).toBe('')
    const rejected = await server.must(`ls ${database}.rejected.*[0-9]`)
    const tried = await queryFile(server, rejected, 'SELECT id FROM sales')
    const sales = await committedSales(server, since)
    const old = await server.query('SELECT id FROM sales')
    expect(missingFrom(sales, `${old}\n${tried}`)).toEqual([])
    await oldState(missingFrom(sales, old))
  })

  test('is rolled back when the service does not start', async () => {
    const dropIn = '/etc/systemd/system/cvd.service.d'
    await server.must(
      `mkdir -p ${dropIn} && printf '[Service]\\nExecStartPre=/bin/sh -c "! ls /opt/cvd/data/*.pre-restore.*"\\n' > ${dropIn}/refuse.conf && systemctl daemon-reload`,
    )
    try {
      expect(await restore(desk, site, backup)).toMatchObject({ outcome: 'rolled back', code: 'service' })
      await oldState()
    } finally {
      await server.must(`rm -r ${dropIn} && systemctl daemon-reload`)
    }
  })

  test('is refused while another program has the database open, and names it', async () => {
    const before = await processes()
    await hold()
    const refused = failureOf(
      await restorePart(desk.console.context, desk.console.runner, site, backup, {
        confirm: site.name,
        reason: 'x',
      }),
    )
    expect(refused).toMatchObject({ code: 'checks-failed' })
    expect(refused.message).toMatch(await holder())
    const entry = await unplanned()
    expect(entry).toMatchObject({ outcome: 'failed', code: 'holders' })
    expect(entry.message).toMatch(await holder())
    expect(await processes()).toBe(before)
    await oldState()
  })

  test.each(['stopping', 'keeping'])('is rolled back when a program opens the database at %s', async (phase) => {
    const entry = await during(phase, hold)
    expect(entry).toMatchObject({ outcome: 'rolled back', code: 'holders' })
    expect(entry.message).toMatch(await holder())
    await oldState()
  })

  test('is refused when the disk lacks space for the extracted database', async () => {
    // Without the WAL, whose size depends on the writer, and which is removed when the service stops.
    const used = Number(await server.must('systemctl stop cvd; du -sb /opt/cvd/data | cut -f1'))
    await server.limitDisk('/opt/cvd/data', used + 1_000_000)
    const before = await processes()
    try {
      expect(await unplanned()).toMatchObject({ outcome: 'failed', code: 'no-space' })
      expect(await processes()).toBe(before)
    } finally {
      await server.releaseDisk('/opt/cvd/data')
    }
    // Not earlier: the writer's WAL might not fit on that disk either.
    await oldState()
  })

  test("is refused when the database's folder is not writable", async () => {
    const before = await processes()
    const folder = join(server.folder, 'root/opt/cvd/data')
    await must('chattr', ['+i', folder])
    try {
      expect(await unplanned()).toMatchObject({ outcome: 'failed', code: 'no-rights' })
    } finally {
      await must('chattr', ['-i', folder])
    }
    expect(await processes()).toBe(before)
    await oldState()
  })

  test('leaves the site running when the database is replaced meanwhile', async () => {
    const entry = await during('staged', () =>
      server.must(
        `cd /opt/cvd/data && sqlite3 cvd.db ".timeout 10000" ".backup other" && sqlite3 other "UPDATE users SET email = 'replaced' WHERE id = 1" && chown cvdapp:www-data other && mv other cvd.db`,
      ),
    )
    expect(entry).toMatchObject({ outcome: 'rolled back', code: 'internal' })
    expect(entry.message).toContain('Another program replaced cvd.db')
    await server.waitHealthy()
    await server.writes(2)
    expect(await server.query("SELECT count(*) > 0 FROM users WHERE email = 'replaced'")).toBe('1')
    expect(await leftovers(server)).toBe('')
    // And it can be restored then.
    restored(await restore(desk, site, backup))
    expect(await server.query('SELECT count(*) FROM devices')).toBe('48')
  })

  test("keeps separately what another program creates under the database's name", async () => {
    const entry = await during('swapping', () =>
      server.must(`sqlite3 ${database} 'CREATE TABLE strange (id); INSERT INTO strange VALUES (1)'`),
    )
    expect(entry).toMatchObject({ outcome: 'rolled back' })
    expect(await server.must(`sqlite3 ${database}.stray.* 'SELECT id FROM strange'`)).toBe('1')
    await server.must(`rm ${database}.stray.*`)
    await oldState()
  })

  test('restarts the services that were running, and no others', async () => {
    await server.must(
      `printf '[Service]\\nExecStart=/bin/sleep infinity\\n' > /etc/systemd/system/cvd-extra.service && systemctl daemon-reload`,
    )
    try {
      await desk.setPolicy(site, { service: 'cvd cvd-extra' })
      await setFailpoint(server, 'swapped fail')
      expect(await restore(desk, site, backup)).toMatchObject({ outcome: 'rolled back' })
      clearFailpoint(server)
      expect((await server.run('systemctl is-active cvd-extra')).stdout).toBe('inactive\n')
      await oldState()
    } finally {
      await server.must('systemctl stop cvd-extra; rm /etc/systemd/system/cvd-extra.service; systemctl daemon-reload')
    }
  })
})
