/** Database backups on real servers that are killed, cancelled, or lack space or rights: nothing is left behind. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { makeBackup } from '../../src-main/operations/make-backup.ts'
import { planRestore } from '../../src-main/operations/plan-restore.ts'
import type { Site } from '../../src-main/store/sites.ts'
import { showPath } from '../../src-shared/domain/backup-path.ts'
import { must, ServerDesk } from '../support/server-desk.ts'
import { gate, leftBehind, smallDisk } from '../support/server-faults.ts'
import { onBoth } from '../support/servers/shared.ts'
import { waitUntil } from '../support/wait.ts'

onBoth('a backup that fails', (server) => {
  const compressor = server.name === 'north' ? 'igzip' : 'gzip'
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
