/** A whole site brought back from a system backup on real servers: all parts or none. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeEach, expect, test } from 'vitest'
import type { Site } from '../../src-main/store/sites.ts'
import { archiveReport } from '../../src-shared/domain/kit-backups.ts'
import {
  beginRestore,
  change,
  clearFailpoint,
  nameOf,
  paused,
  restore,
  restored,
  setFailpoint,
  state,
  undo,
} from '../support/restores.ts'
import { ServerDesk } from '../support/server-desk.ts'
import { apartOn, besides, environment, greet, publish, served, treeOn } from '../support/server-trees.ts'
import type { Server } from '../support/servers/server.ts'
import { onBoth } from '../support/servers/shared.ts'
import { waitUntil } from '../support/wait.ts'

const unit = '/etc/systemd/system/cvd.service'
const nginx = '/etc/nginx/sites-available/cvd'

onBoth('a restore of a whole site', (server: Server) => {
  let desk: ServerDesk
  let site: Site

  beforeEach(async () => {
    await server.reset()
    desk = new ServerDesk()
    site = await desk.add(server, { health: server.probe })
    await desk.setPolicy(site, { health_timeout: '6' })
    return async () => {
      clearFailpoint(server)
      await desk[Symbol.asyncDispose]()
    }
  })
  afterAll(() => server.reset())

  const etc = (file: string) => readFileSync(join(server.folder, 'root', file), 'utf8')
  /** Everything that a restore could change: on disk, and as systemd, nginx and the application run it. */
  const seen = async () => ({
    app: treeOn(server, 'app'),
    config: treeOn(server, 'config'),
    apart: apartOn(server),
    unit: etc(unit),
    nginx: etc(nginx),
    devices: await server.query('SELECT count(*) FROM devices'),
    versions: await served(server, 'one', 'two'),
    greeting: await environment(server, 'CVD_GREETING'),
    workers: await server.must('systemctl show -P ExecStart cvd | grep -o "workers [0-9]"'),
    header: await server.must(
      `curl -s -D - -o /dev/null http://127.0.0.1/api/health | sed -n 's/^X-Site: //p' | tr -d '\\r'`,
    ),
    enabled: await server.must('systemctl is-enabled cvd; readlink /etc/nginx/sites-enabled/cvd'),
  })
  const become = async (version: string) => {
    await publish(server, version)
    await greet(server, version)
    if (version === 'one') return
    await change(server, 'DELETE FROM devices WHERE id > 40')
    await server.must(
      `sed -i 's/--workers 4/--workers 3/' ${unit} && sed -i 's/server_name _;/& add_header X-Site ${version};/' ${nginx}
      systemctl daemon-reload && systemctl restart cvd && nginx -t && systemctl reload nginx`,
    )
    await server.waitHealthy()
    await server.must(
      `until curl -s -D - -o /dev/null http://127.0.0.1/api/health | grep -q X-Site; do sleep 0.1; done`,
    )
  }
  const make = async (): Promise<string> => {
    const entry = await desk.run(site, 'system')
    if (entry.outcome !== 'succeeded') throw new Error(`${entry.code}: ${entry.message}`)
    return archiveReport.parse(entry.data).backup.path
  }
  const running = async () => {
    await server.waitHealthy()
    expect(await server.must('systemctl is-active cvd cvd-writer nginx')).toBe('active\nactive\nactive')
    // The mark goes once the outcome is on disk.
    await waitUntil(
      'the transaction to be closed',
      async () => (await server.run(`test -e ${state}/unfinished`)).code !== 0,
    )
    await server.writes(2)
  }
  /** A backup of site one, made while `file` had `change` applied to it on disk alone; then site two runs. */
  const brokenBackup = async (file: string, script: string): Promise<string> => {
    await become('one')
    await server.must(`cp -p ${file} /root/sound && sed -i '${script}' ${file}`)
    const backup = await make()
    await server.must(`cp -p /root/sound ${file} && rm /root/sound`)
    await become('two')
    return backup
  }

  test('brings back database, application, configuration, nginx and unit at once; undo brings all of it back', async () => {
    await become('one')
    const one = await seen()
    const backup = await make()
    await become('two')
    const two = await seen()
    expect(two).toMatchObject({ devices: '40', greeting: 'two', workers: 'workers 3', header: 'two' })
    const entry = await restore(desk, site, backup)
    const report = restored(entry)
    expect(report.parts.map(({ part }) => part).sort()).toEqual([
      'application',
      'config',
      'database',
      'nginx',
      'systemd',
    ])
    expect(await seen()).toEqual({ ...one, apart: two.apart })
    await running()
    restored(await undo(desk, site, report.operation))
    expect(await seen()).toEqual(two)
    await running()
  })

  test.each([
    ['nginx refuses its site', nginx, 's/server_name/server_nonsense/'],
    ['its unit does not start', unit, 's#^ExecStart=.*#ExecStart=/opt/cvd/app/venv/bin/nothing#'],
  ])('is rolled back in every part when %s', async (_why, file, script) => {
    const backup = await brokenBackup(file, script)
    const two = await seen()
    const entry = await restore(desk, site, backup)
    expect(entry).toMatchObject({ outcome: 'rolled back' })
    expect(await seen()).toEqual(two)
    expect(besides(server)).toEqual([])
    await running()
  })

  test.each([
    ['swapping-application', 'rolled back'],
    ['swapped', 'succeeded'],
  ])('has one whole state after a power cut at %s', async (phase, outcome) => {
    await become('one')
    const one = await seen()
    const backup = await make()
    await become('two')
    const two = await seen()
    await setFailpoint(server, `${phase} pause`)
    const entry = await beginRestore(desk, site, backup)
    await paused(server)
    const operation = await nameOf(desk, entry)
    await desk.console.runner.detach()
    await server.powerOff()
    clearFailpoint(server)
    await server.boot()
    await waitUntil('the outcome', async () => {
      const read = await server.run(`sed -n s/^outcome=//p ${state}/operations/${operation}/outcome`)
      return read.stdout.trim() === outcome
    })
    await running()
    expect(await seen()).toEqual(outcome === 'succeeded' ? { ...one, apart: two.apart } : two)
  })
})
