/** H16: how a site's health is probed, and what a restore does when the answer is wrong or unknown. */
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { planRestore } from '../../src-main/operations/plan-restore.ts'
import { restorePart } from '../../src-main/operations/restore-part.ts'
import type { Site } from '../../src-main/store/sites.ts'
import { restoreReport } from '../../src-shared/domain/kit-restore.ts'
import { failureOf, must, ServerDesk } from '../support/server-desk.ts'
import type { Server } from '../support/servers/server.ts'
import { sharedServers } from '../support/servers/shared.ts'

const { north, south } = sharedServers()
let desk: ServerDesk

beforeEach(() => {
  desk = new ServerDesk()
})
afterEach(() => desk[Symbol.asyncDispose]())
afterAll(() => Promise.all([north.reset(), south.reset()]))

/** A site with a backup, and an order that was entered later: a restore removes it. */
async function prepare(server: Server, health?: string): Promise<{ site: Site; backup: string }> {
  await server.reset()
  const { site } = must(await desk.tryToAdd(server, health === undefined ? {} : { health }))
  const { backup } = await desk.backUp(site)
  await server.must("sqlite3 -cmd '.timeout 10000' /opt/cvd/data/cvd.db", {
    stdin: 'INSERT INTO service_orders (route_id, created_by, total_units) VALUES (1, 1, 777777);\n',
  })
  return { site, backup: backup.path }
}
const newOrders = (server: Server) => server.query('SELECT count(*) FROM service_orders WHERE total_units = 777777')
const restore = async (site: Site, backup: string, siteIsDown = false) => {
  const confirmation = { confirm: site.name, reason: 'health', siteIsDown }
  return desk.settled(must(await restorePart(desk.console.context, desk.console.runner, site, backup, confirmation)))
}

describe('a site with no health setting', () => {
  const probe = 'http://127.0.0.1:5000/api/health'

  it('is probed at /api/health if /health is 404, and a restore succeeds without any setting', async () => {
    const { site, backup } = await prepare(north)
    await desk.setPolicy(site, { health: '' })
    expect((await north.health('/health')).status).toBe(404)
    expect((await desk.inspect(site)).health).toMatchObject({ probe, configured: false, healthy: true, status: 200 })
    const entry = await restore(site, backup)
    expect(entry).toMatchObject({ outcome: 'succeeded', code: 'ok' })
    expect(restoreReport.parse(entry.data).health).toMatchObject({ probe, healthy: true })
    expect(await newOrders(north)).toBe('0')
    expect((await north.health()).status).toBe(200)
  })

  it('keeps the address that answered when it was added, and can be restored with it when it is down', async () => {
    const { site, backup } = await prepare(north)
    expect((await desk.inspect(site)).health).toMatchObject({ probe, configured: true, healthy: true })
    // Nothing answers any more: the database and the service are gone.
    await north.must('systemctl stop cvd cvd-writer && : >/opt/cvd/data/cvd.db && rm -f /opt/cvd/data/cvd.db-*')
    expect((await desk.inspect(site)).health).toMatchObject({ probe, healthy: false })
    const entry = await restore(site, backup, true)
    expect(entry).toMatchObject({
      outcome: 'succeeded',
      code: 'ok',
      message: expect.stringContaining('was not healthy before'),
    })
    expect((await north.health()).status).toBe(200)
    expect(await north.query('SELECT count(*) > 0 FROM service_orders')).toBe('1')
  })

  it('is not restored if no usual address answers, and reports what to set', async () => {
    const { site, backup } = await prepare(south)
    const seen = await desk.inspect(site)
    expect(seen.health).toMatchObject({ probe: null, configured: false, healthy: false, status: null })
    expect(seen.problems).toContainEqual(expect.objectContaining({ code: 'health-unknown' }))
    const { plan } = must(await planRestore(desk.console.context, site, backup))
    expect(plan).toMatchObject({ possible: false })
    const confirmation = { confirm: site.name, reason: 'health' }
    const refused = await restorePart(desk.console.context, desk.console.runner, site, backup, confirmation)
    expect(failureOf(refused)).toMatchObject({ code: 'checks-failed', next: expect.stringContaining('health=') })
    const forced = ['--confirm', 'south', '--reason', 'x']
    const entry = await desk.run(site, 'restore', 'database', { path: backup }, ...forced)
    expect(entry).toMatchObject({ outcome: 'failed', code: 'health-unknown' })
    expect(await newOrders(south)).toBe('1')
    await desk.setPolicy(site, { health: south.probe })
    expect(await restore(site, backup)).toMatchObject({ outcome: 'succeeded' })
    expect(await newOrders(south)).toBe('0')
  })
})

describe.each([
  ['north', north, 'http://127.0.0.1:5000/health', '404'],
  ['south', south, 'unix:/opt/cvd/app/cvd.sock:/health', '404'],
  ['north', north, 'http://127.0.0.1:5999/api/health', '000'],
] as const)('a wrong probe on %s', (_name, server, probe, status) => {
  it(`${probe}: the restore is refused; if the user states that the site is down, it rolls back`, async () => {
    const { site, backup } = await prepare(server, probe)
    // Enough time for the service to start and answer, and for the writer to write.
    await desk.setPolicy(site, { health_timeout: '10' })
    const seen = await desk.inspect(site)
    expect(seen.health).toMatchObject({ probe, configured: true, healthy: false })
    expect(seen.problems).toContainEqual(expect.objectContaining({ code: 'unhealthy' }))
    const { plan } = must(await planRestore(desk.console.context, site, backup))
    expect(plan.checks).toContainEqual(expect.objectContaining({ check: 'health', state: 'failed' }))
    const forced = ['--confirm', server.name, '--reason', 'x']
    const refused = await desk.run(site, 'restore', 'database', { path: backup }, ...forced)
    expect(refused).toMatchObject({
      outcome: 'failed',
      code: 'health-fails',
      unchanged: expect.stringContaining('nothing'),
    })
    expect(await newOrders(server)).toBe('1')

    const entry = await restore(site, backup, true)
    expect(entry).toMatchObject({
      ...{ outcome: 'rolled back', code: 'unhealthy', next: expect.stringContaining('policy health=') },
      unchanged: expect.stringContaining('The previous database is back'),
    })
    expect(entry.message).toContain(`${probe} answered ${status}`)
    expect(await newOrders(server)).toBe('1')
    await server.waitHealthy()
    const after = await desk.inspect(site)
    expect(after.unfinished).toEqual([])
    expect(after.services).toMatchObject([{ state: 'active' }])
    // The old database, and the writer's rows in the rejected one: nothing is discarded silently.
    const beside = await server.must('ls -A /opt/cvd/data | grep -v "^cvd.db\\(-wal\\|-shm\\|-journal\\)\\?$" || true')
    const rejected = beside.split('\n').filter((file) => !/-(wal|shm|journal)$/.test(file))
    expect(rejected).toEqual([expect.stringMatching(/^cvd\.db\.rejected\.\d{8}_\d{6}$/)])
    expect(entry.unchanged).toContain(rejected[0])
  })
})

describe('a service that could not be stopped and started', () => {
  it.each([
    ['does not exist', 'no-such-unit', 'There is no service no-such-unit on this server.'],
    ['is masked', 'masked-unit', 'The service masked-unit is masked: it cannot be started.'],
  ])('%s: is reported, and no restore begins', async (_, unit, words) => {
    const { site, backup } = await prepare(north)
    await north.must('ln -sf /dev/null /etc/systemd/system/masked-unit.service && systemctl daemon-reload')
    await desk.setPolicy(site, { service: `cvd ${unit}` })
    const seen = await desk.inspect(site)
    expect(seen.problems).toContainEqual(expect.objectContaining({ code: 'service-unknown', text: words }))
    const { plan } = must(await planRestore(desk.console.context, site, backup))
    expect(plan.checks).toContainEqual(expect.objectContaining({ check: 'service', state: 'failed' }))
    const forced = ['--confirm', 'north', '--reason', 'x']
    const entry = await desk.run(site, 'restore', 'database', { path: backup }, ...forced)
    expect(entry).toMatchObject({ outcome: 'failed', code: 'service', message: words })
    await north.must('rm /etc/systemd/system/masked-unit.service && systemctl daemon-reload')
    expect((await north.health()).status).toBe(200)
  })
})
