/** A restored application whose virtual environment has to be rebuilt, on real servers, with pip and an index of packages. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { treeState } from '../support/kit/tree.ts'
import { packageIndex } from '../support/package-index.ts'
import { clearFailpoint, paused, recovered, restored, setFailpoint } from '../support/restores.ts'
import { ServerSite } from '../support/server-site.ts'
import { besides, changeCode, folderOf, publish, treeOn } from '../support/server-trees.ts'
import type { Server } from '../support/servers/server.ts'
import { onBoth } from '../support/servers/shared.ts'

const app = '/opt/cvd/app'
const labelled = `

@app.get("/api/label")
def label():
    import cvd_labels
    return cvd_labels.LABEL
`

onBoth('a virtual environment', (server: Server) => {
  let at: ServerSite
  let index: AsyncDisposable
  /** Of an application that wants a module which the live environment lacks: with its own gunicorn, and without. */
  const backups = { complete: '', lacking: '' }
  let one: readonly string[]

  beforeAll(async () => {
    at = await ServerSite.fresh(server, { health_timeout: '20' })
    index = await packageIndex(server)
    await changeCode(server, labelled)
    // The one that the system has is in no environment's folder, from which the service starts it.
    await server.writeFile(`${app}/requirements.txt`, 'Flask>=2.2,<3\ngunicorn>=20.1,<24\ncvd-labels>=1.0\n')
    backups.lacking = await at.backUp('application')
    await server.writeFile(`${app}/requirements.txt`, 'Flask>=2.2,<3\ngunicorn==20.1.0.post1\ncvd-labels>=1.0\n')
    one = treeOn(server, 'app')
    backups.complete = await at.backUp('application')
    await server.must(`cd ${app} && git checkout --quiet -- app.py requirements.txt`, { user: 'cvdapp' })
    await publish(server, 'two')
  })
  afterAll(async () => {
    await index?.[Symbol.asyncDispose]()
    await at?.[Symbol.asyncDispose]()
    await server.reset()
  })

  const pids = () => server.must('systemctl show -P MainPID -P ActiveEnterTimestampMonotonic cvd cvd-writer')
  /** Without what python compiles for itself. */
  const environment = () => treeState(folderOf(server, 'app/venv')).filter((line) => !line.includes('__pycache__'))
  const imports = async () => (await server.run(`${app}/venv/bin/python -c "import cvd_labels"`)).code === 0

  test('that would lack the program which the service starts ends the restore before anything stops', async () => {
    const [two, old, before] = [treeOn(server, 'app'), environment(), await pids()]
    const entry = await at.desk.settled(at.startUnplanned('application', backups.lacking))
    expect(entry).toMatchObject({ outcome: 'failed', code: 'checks-failed' })
    expect(entry.message).toContain('requirements.txt does not bring gunicorn')
    expect(await pids()).toBe(before)
    expect(treeOn(server, 'app')).toEqual(two)
    expect(environment()).toEqual(old)
    expect(besides(server)).toEqual([])
  })

  test('is rebuilt from the index before anything stops if requirements.txt differs; undo brings the old one back', async () => {
    const [two, old, before] = [treeOn(server, 'app'), environment(), await pids()]
    expect(await imports()).toBe(false)
    await setFailpoint(server, 'staged pause')
    const entry = await at.begin(backups.complete)
    await paused(server)
    const built = await server.must(
      'ls -d /opt/cvd/.cvd-backup-*/staged.tree/venv/lib/python3*/site-packages/cvd_labels.py',
    )
    expect(built.split('\n')).toHaveLength(1)
    expect(await pids()).toBe(before)
    expect((await server.health()).status).toBe(200)
    clearFailpoint(server)
    const report = restored(await at.desk.settled(entry))

    await server.waitHealthy()
    expect(treeOn(server, 'app')).toEqual(one)
    expect(await server.health('/api/label')).toEqual({ status: 200, body: 'a label' })
    expect(await imports()).toBe(true)
    expect(environment()).not.toEqual(old)
    // Its programs name the place where it is now, and it belongs to the owner of the application.
    expect(await server.must(`head -n 1 ${app}/venv/bin/pip`)).toMatch(`#!${app}/venv/bin/python`)
    expect(await server.must(`find ${app}/venv ! -user cvdapp | wc -l`)).toBe('0')

    await recovered(server)
    restored(await at.undo(report.operation))
    await server.waitHealthy()
    expect(treeOn(server, 'app')).toEqual(two)
    expect(environment()).toEqual(old)
    expect((await server.health('/api/label')).status).toBe(404)
    expect(await server.must('systemctl is-active cvd cvd-writer')).toBe('active\nactive')
    await server.writes(2)
  })
})
