/** The application and the configuration restored from backups that do not work, and on full disks: the old state runs again. */
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeEach, expect, test } from 'vitest'
import type { JournalEntry } from '../../src-main/store/operations.ts'
import { paused, recovered, restored, setFailpoint, state } from '../support/restores.ts'
import { gate } from '../support/server-faults.ts'
import { ServerSite } from '../support/server-site.ts'
import {
  apartOn,
  besides,
  changeCode,
  environment,
  folderOf,
  publish,
  served,
  treeOn,
} from '../support/server-trees.ts'
import type { Server } from '../support/servers/server.ts'
import { onBoth } from '../support/servers/shared.ts'

onBoth('a restore of files', (server: Server) => {
  let at: ServerSite

  beforeEach(async () => {
    at = await ServerSite.fresh(server, { health_timeout: '6' })
    return () => at[Symbol.asyncDispose]()
  })
  afterAll(() => server.reset())

  /** A backup of code that has never run, as the next deployment shows; version two runs and is on disk. */
  const brokenBackup = async (python: string): Promise<string> => {
    await publish(server, 'one')
    await changeCode(server, python)
    const backup = await at.backUp('application')
    await server.must('cd /opt/cvd/app && git checkout --quiet -- app.py', { user: 'cvdapp' })
    await publish(server, 'two')
    return backup
  }
  /** The application and its environment as they are, to be compared later. */
  const snapshot = async () => {
    const app = treeOn(server, 'app')
    const config = treeOn(server, 'config')
    const kept = apartOn(server)
    return {
      isBack: async () => {
        expect(treeOn(server, 'app')).toEqual(app)
        expect(treeOn(server, 'config')).toEqual(config)
        expect(apartOn(server)).toEqual(kept)
        await isUp()
      },
    }
  }
  const isUp = async () => {
    expect(besides(server)).toEqual([])
    await recovered(server)
    await server.waitHealthy()
    expect(await server.must('systemctl is-active cvd cvd-writer nginx')).toBe('active\nactive\nactive')
    await server.writes(2)
  }
  const during = async (phase: string, backup: string, work: () => Promise<unknown>): Promise<JournalEntry> => {
    await setFailpoint(server, `${phase} pause`)
    const entry = await at.begin(backup)
    await paused(server)
    await work()
    // In the server: the host does not see a disk that was limited.
    await server.must(`rm -f ${state}/failpoint`)
    return await at.desk.settled(entry)
  }

  test('is rolled back when the restored code has a syntax error', async () => {
    const backup = await brokenBackup('\ndef broken(:\n')
    const old = await snapshot()
    const entry = await at.restore(backup)
    expect(entry).toMatchObject({ outcome: 'rolled back', code: 'unhealthy' })
    const report = restored(entry, 'rolled back')
    expect(report).toMatchObject({ safetyCopy: null, health: { healthy: true } })
    expect(report.downMs).toBeGreaterThan(6000)
    expect(await served(server, 'one', 'two')).toEqual(['two'])
    await old.isBack()
  })

  test('is rolled back at once when the service refuses to start with it', async () => {
    const backup = await brokenBackup('\ndef broken(:\n')
    const check = `/usr/bin/python3 -c "compile(open('app.py').read(), 'app.py', 'exec')"`
    await server.must(
      `d=/etc/systemd/system/cvd.service.d; mkdir -p $d && cat > $d/check.conf && systemctl daemon-reload`,
      { stdin: `[Service]\nExecStartPre=${check}\n` },
    )
    const old = await snapshot()
    const entry = await at.restore(backup)
    expect(entry).toMatchObject({ outcome: 'rolled back', code: 'service' })
    expect(restored(entry, 'rolled back').downMs).toBeLessThan(6000)
    expect(await served(server, 'one', 'two')).toEqual(['two'])
    await old.isBack()
  })

  test('is rolled back when the restored application runs and never becomes healthy', async () => {
    const backup = await brokenBackup('\napp.view_functions["health"] = lambda: ("no", 503)\n')
    const old = await snapshot()
    const entry = await at.restore(backup)
    expect(entry).toMatchObject({ outcome: 'rolled back', code: 'unhealthy' })
    expect(entry.message).toContain('503')
    expect(await served(server, 'one', 'two')).toEqual(['two'])
    await old.isBack()
  })

  test('is rolled back when the site is not healthy with the restored configuration', async () => {
    const env = join(folderOf(server, 'config'), '.env')
    appendFileSync(env, 'CVD_DATABASE=/nowhere/cvd.db\n')
    const backup = await at.backUp('config')
    await server.must(`sed -i '$d' /opt/cvd/config/.env && echo CVD_GREETING=mine >> /opt/cvd/config/.env`)
    await server.must('chown cvdapp:www-data /opt/cvd/config/.env; systemctl restart cvd')
    await server.waitHealthy()
    const old = await snapshot()
    const entry = await at.restore(backup)
    expect(entry).toMatchObject({ outcome: 'rolled back', code: 'unhealthy' })
    expect(await environment(server, 'CVD_GREETING')).toBe('mine')
    expect(await environment(server, 'CVD_DATABASE')).toBe('/opt/cvd/data/cvd.db')
    await old.isBack()
  })

  test.each(['lacks the space', 'becomes full while it is unpacked'])(
    'is refused when the disk %s, and nothing is stopped',
    async (when) => {
      await server.must(
        'head -c 20000000 /dev/urandom > /opt/cvd/app/large && chown cvdapp:www-data /opt/cvd/app/large',
      )
      await publish(server, 'one')
      const backup = await at.backUp('application')
      await publish(server, 'two')
      const app = treeOn(server, 'app')
      const used = Number(await server.must('systemctl stop cvd; du -sb /opt/cvd | cut -f1'))
      const room = when === 'lacks the space' ? 12_000_000 : 200_000_000
      await server.limitDisk('/opt/cvd', used + room)
      try {
        const since = 'systemctl show -P MainPID -P ActiveEnterTimestampMonotonic cvd cvd-writer'
        const before = await server.must(since)
        await using held = await gate(server, 'tar', '-xpf*')
        if (when === 'lacks the space') await held.open()
        const entry = at.startUnplanned('application', backup)
        if (when !== 'lacks the space') {
          await Promise.race([
            held.reached(),
            at.desk.settled(entry).then((one) => {
              throw new Error(`${one.code}: ${one.message}`)
            }),
          ])
          await server.run('cat /dev/zero > /opt/cvd/filler')
          await held.open()
        }
        expect(await at.desk.settled(entry)).toMatchObject({ outcome: 'failed', code: 'no-space' })
        await server.must('rm -f /opt/cvd/filler')
        expect(await server.must(since)).toBe(before)
        expect(await served(server, 'one', 'two')).toEqual(['one', 'two'])
        expect(await server.must('ls -A /opt/cvd')).toBe('app\nbackups\nconfig\ndata\nlogs')
      } finally {
        await server.releaseDisk('/opt/cvd')
      }
      expect(treeOn(server, 'app')).toEqual(app)
      await isUp()
    },
  )

  test.each(['stopping', 'swapping-application'])(
    'ends with one whole state when the disk of the journal is full from %s on',
    async (phase) => {
      await publish(server, 'one')
      const one = treeOn(server, 'app')
      const backup = await at.backUp('application')
      await publish(server, 'two')
      const old = await snapshot()
      await server.limitDisk(state, 8_000_000)
      try {
        const entry = await during(phase, backup, () => server.run(`cat /dev/zero > ${state}/filler`))
        expect(['succeeded', 'rolled back', 'failed']).toContain(entry.outcome)
        const fresh = entry.outcome === 'succeeded'
        expect(await served(server, 'one', 'two')).toEqual(fresh ? ['one'] : ['one', 'two'])
        await server.must(`rm -f ${state}/filler`)
        if (fresh) expect(treeOn(server, 'app')).toEqual(one)
        else await old.isBack()
      } finally {
        await server.must(`rm -f ${state}/filler`)
        await server.releaseDisk(state)
      }
    },
  )
})
