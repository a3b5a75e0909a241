/** A whole site brought back from a system backup on real servers: all parts or none. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { planRestore } from '../../src-main/operations/plan-restore.ts'
import type { JournalEntry } from '../../src-main/store/operations.ts'
import { recovered, restored } from '../support/restores.ts'
import { must } from '../support/server-desk.ts'
import { gate } from '../support/server-faults.ts'
import { ServerSite } from '../support/server-site.ts'
import { besides } from '../support/server-trees.ts'
import { nginxSite, publishAll, unit, type WholeState, wholeState } from '../support/server-whole.ts'
import type { Server } from '../support/servers/server.ts'
import { onBoth } from '../support/servers/shared.ts'

const app = '/opt/cvd/app'

/** What is wrong with a backup: done to the files of version one on disk, not to what runs. */
const faults = {
  'nginx refuses its site': [nginxSite, `sed -i 's/server_name/server_nonsense/' ${nginxSite}`],
  'its unit does not start': [unit, `sed -i 's#^ExecStart=#ExecStartPre=/bin/false\\n&#' ${unit}`],
  'it never becomes healthy': [
    `${app}/app.py`,
    `echo 'app.view_functions["health"] = lambda: ("no", 503)' >> ${app}/app.py`,
  ],
  'its environment cannot be built': [
    `${app}/requirements.txt`,
    `echo 'cvd-no-such-package==1.0' >> ${app}/requirements.txt`,
  ],
} as const
type Fault = keyof typeof faults

onBoth('a restore of a whole site', (server: Server) => {
  let at: ServerSite
  /** Of version one: a sound backup, and one with each fault. Version two runs. */
  let sound: string
  let one: WholeState
  const faulty = new Map<Fault, string>()

  const prepare = async () => {
    at = await ServerSite.fresh(server, { health_timeout: '6' })
    await publishAll(server, 'one')
    one = await wholeState(server)
    sound = await at.backUp('system')
    for (const [fault, [file, script]] of Object.entries(faults)) {
      await server.must(`cp -p ${file} /root/sound && ${script}`)
      faulty.set(fault as Fault, await at.backUp('system'))
      await server.must(`cp -p /root/sound ${file} && rm /root/sound`)
    }
    await publishAll(server, 'two')
  }
  beforeAll(prepare)
  // Every test ends with version two. What one leaves behind when it fails must not affect the next.
  afterEach(async ({ task }) => {
    if (task.result?.state !== 'fail') return
    await at[Symbol.asyncDispose]()
    await prepare()
  })
  afterAll(async () => {
    await at[Symbol.asyncDispose]()
    await server.reset()
  })

  const running = async () => {
    await server.waitHealthy()
    expect(await server.must('systemctl is-active cvd cvd-writer nginx')).toBe('active\nactive\nactive')
    await recovered(server)
    await server.writes(2)
  }
  const pids = () => server.must('systemctl show -P MainPID -P ActiveEnterTimestampMonotonic cvd cvd-writer nginx')
  const faultyBackup = (fault: Fault): string => faulty.get(fault) ?? ''
  const restore = (backup: string, ...options: string[]): Promise<JournalEntry> =>
    at.desk.settled(at.startUnplanned('system', backup, ...options))

  test.each([
    ['nginx refuses its site', 'service'],
    ['its unit does not start', 'service'],
    ['it never becomes healthy', 'unhealthy'],
  ] as const)('is rolled back in every part when %s', async (fault, code) => {
    const two = await wholeState(server)
    expect(await restore(faultyBackup(fault))).toMatchObject({ outcome: 'rolled back', code })
    expect(await wholeState(server)).toEqual(two)
    expect(besides(server)).toEqual([])
    await running()
  })

  test('changes and stops nothing when the virtual environment cannot be built', async () => {
    const [two, before] = [await wholeState(server), await pids()]
    const backup = faultyBackup('its environment cannot be built')
    const { plan } = must(await planRestore(at.desk.console.context, at.site, backup))
    // This server reaches no index at all; what Debian has satisfies the others when the environment is built.
    const evidence = expect.stringContaining('No matching distribution found')
    expect(plan.checks).toContainEqual(expect.objectContaining({ check: 'packages', state: 'warning', evidence }))
    const entry = await restore(backup)
    expect(entry).toMatchObject({ outcome: 'failed', code: 'checks-failed' })
    expect(entry.message).toContain('cvd-no-such-package')
    expect(await pids()).toBe(before)
    expect(await wholeState(server)).toEqual(two)
    expect(besides(server)).toEqual([])
    await running()
  })

  test('brings back database, application, configuration, nginx and unit at once; undo brings all of it back', async () => {
    const two = await wholeState(server)
    expect(two).toMatchObject({ devices: '40', greeting: 'two', workers: 'workers 3', header: 'two' })
    const report = restored(await at.restore(sound))
    expect([...new Set(report.parts.map(({ part }) => part))].sort()).toEqual([
      'application',
      'config',
      'database',
      'nginx',
      'systemd',
    ])
    expect(await wholeState(server)).toEqual(one)
    await running()
    restored(await at.undo(report.operation))
    expect(await wholeState(server)).toEqual(two)
    await running()
  })

  test('changes and stops nothing when the disk becomes full while it is unpacked', async () => {
    const two = await wholeState(server)
    const used = Number(await server.must('systemctl stop cvd; du -sb /opt/cvd | cut -f1'))
    await server.limitDisk('/opt/cvd', used + 250_000_000)
    try {
      const [before, entries] = [await pids(), await server.must('ls -A /opt/cvd')]
      await using held = await gate(server, 'tar', '-xpf*')
      const ended = restore(sound)
      await Promise.race([
        held.reached(),
        ended.then((entry) => {
          throw new Error(`${entry.code}: ${entry.message}`)
        }),
      ])
      await server.run('cat /dev/zero > /opt/cvd/filler')
      await held.open()
      expect(await ended).toMatchObject({ outcome: 'failed', code: 'no-space' })
      await server.must('rm -f /opt/cvd/filler')
      expect(await pids()).toBe(before)
      expect(await server.must('ls -A /opt/cvd')).toBe(entries)
    } finally {
      await server.releaseDisk('/opt/cvd')
    }
    // Copied to that disk and back: the same files with other inodes.
    expect({ ...(await wholeState(server)), apart: [] }).toEqual({ ...two, apart: [] })
    await running()
  })
})
