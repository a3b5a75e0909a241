/**
 * Compatibility with the runbook's own scripts for files and whole systems: they restore our backups, we restore theirs.
 * RUNBOOK_DIR names their folder.
 */
import { lstatSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { packageIndex } from '../support/package-index.ts'
import { change, restored } from '../support/restores.ts'
import { ServerSite } from '../support/server-site.ts'
import {
  apartOn,
  changeCode,
  environment,
  folderOf,
  greet,
  publish,
  restart,
  served,
  treeOn,
} from '../support/server-trees.ts'
import { sharedServers } from '../support/servers/shared.ts'

const { RUNBOOK_DIR: runbook = '' } = process.env
const { north: server } = sharedServers()
const scripts = ['restore_application.sh', 'disaster_recovery.sh', 'backup_application.sh', 'backup_system.sh']

describe.skipIf(runbook === '')(`the runbook${runbook === '' ? ' (RUNBOOK_DIR is not set)' : ''}`, () => {
  let at: ServerSite

  beforeEach(async () => {
    at = await ServerSite.fresh(server)
    await server.must('mkdir -p /root/runbook')
    for (const name of scripts) await server.writeFile(`/root/runbook/${name}`, readFileSync(join(runbook, name)))
    // The address that its scripts probe.
    await changeCode(server, '\n\n@app.get("/health")\ndef plain_health():\n    return health()\n')
    await publish(server, 'one')
    return () => at[Symbol.asyncDispose]()
  })
  afterAll(async () => {
    await server.must('rm -rf /root/runbook')
    await server.reset()
  })

  const script = (name: string, argument = '', stdin = '') =>
    server.run(`bash /root/runbook/${name} ${argument}`, { stdin })
  const theirs = async (pattern: RegExp) => {
    const found = (await at.desk.inspect(at.site)).backups.find(({ path }) => pattern.test(path))
    if (!found) throw new Error(`no backup like ${pattern}`)
    return found
  }
  const files = (lines: readonly string[], hidden: boolean) =>
    lines.filter((line) => line.startsWith('.') === hidden && !line.startsWith('. '))

  it('restores our backup of the application; hidden files stay as they were (H7)', async () => {
    const one = treeOn(server, 'app')
    const backup = await at.backUp('application')
    await publish(server, 'two')
    const two = treeOn(server, 'app')
    const done = await script('restore_application.sh', backup)
    expect(done).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Application restore completed successfully'),
    })
    await server.waitHealthy()
    expect(await served(server, 'one', 'two')).toEqual(['one'])
    // It also leaves a copy of the virtual environment behind.
    const now = treeOn(server, 'app').filter((line) => !line.startsWith('venv_current'))
    const contents = (lines: readonly string[]) =>
      files(lines, false).map((line) => line.split(' ').with(2, '').join(' '))
    expect(contents(now)).toEqual(contents(one))
    expect(files(now, true)).toEqual(files(two, true))
    await server.writes(2)
  })

  it('rebuilds the site from our system backup', async () => {
    await greet(server, 'one')
    const users = await server.query('SELECT count(*) FROM users')
    const config = treeOn(server, 'config')
    const backup = await at.backUp('system')
    await change(server, 'DELETE FROM users WHERE id > 3')
    await publish(server, 'two')
    await server.must(
      `echo '{}' > /opt/cvd/config/settings.json; echo '# later' >> /etc/nginx/sites-available/cvd
      sed -i 's/--workers 4/--workers 3/' /etc/systemd/system/cvd.service; systemctl daemon-reload; systemctl restart cvd`,
    )
    await using _index = await packageIndex(server)
    const done = await script('disaster_recovery.sh', backup, 'yes\n')
    expect(done.stdout).not.toContain('ERROR')
    expect(done).toMatchObject({ code: 0, stdout: expect.stringContaining('DISASTER RECOVERY COMPLETED SUCCESSFULLY') })
    expect(done.stdout).toContain(`Database Records: ${users} users`)
    await server.waitHealthy()
    expect(await server.query('SELECT count(*) FROM users')).toBe(users)
    expect(await served(server, 'one', 'two')).toEqual(['one'])
    const contents = (lines: readonly string[]) => lines.map((line) => line.split(' ').with(2, '').join(' '))
    expect(contents(treeOn(server, 'config'))).toEqual(contents(config))
    expect(await server.must('grep -c later /etc/nginx/sites-available/cvd || true')).toBe('0')
    expect(await server.must('grep -o "workers [0-9]" /etc/systemd/system/cvd.service')).toBe('workers 4')
    await server.writes(2)
  })

  it('makes archives that we list, verify and restore, hidden files too; undo', async () => {
    await greet(server, 'one')
    await server.must('chmod 600 /opt/cvd/config/.env')
    await restart(server)
    const [app, config] = [treeOn(server, 'app'), treeOn(server, 'config')]
    const env = readFileSync(join(folderOf(server, 'config'), '.env'))
    expect(await script('backup_application.sh')).toMatchObject({ code: 0 })
    expect(await script('backup_system.sh')).toMatchObject({ code: 0 })
    const archives = {
      application: await theirs(/\/cvd_app_\d{8}_\d{6}\.tar\.gz$/),
      config: await theirs(/\/cvd_config_\d{8}_\d{6}\.tar\.gz$/),
      systemd: await theirs(/\/cvd_systemd_\d{8}_\d{6}\.tar\.gz$/),
      system: await theirs(/\/cvd_system_\d{8}_\d{6}\.tar\.gz$/),
    }
    for (const [kind, { kind: found, origin }] of Object.entries(archives)) {
      expect({ found, origin }).toEqual({ found: kind, origin: 'manual' })
    }
    const { backups } = await at.desk.verify(at.site, ...Object.values(archives).map(({ path }) => path))
    expect(backups.map(({ verdict, basis }) => `${verdict} ${basis}`)).toEqual(Array(4).fill('verified content'))

    await publish(server, 'two')
    await greet(server, 'two')
    const [laterApp, laterConfig] = [treeOn(server, 'app'), treeOn(server, 'config')]
    const kept = apartOn(server)
    const application = restored(await at.restore(archives.application.path))
    expect(treeOn(server, 'app')).toEqual(app)
    expect(apartOn(server)).toEqual(kept)
    expect(await served(server, 'one', 'two')).toEqual(['one'])
    const configuration = restored(await at.restore(archives.config.path))
    expect(treeOn(server, 'config')).toEqual(config)
    expect(readFileSync(join(folderOf(server, 'config'), '.env')).equals(env)).toBe(true)
    expect((lstatSync(join(folderOf(server, 'config'), '.env')).mode & 0o777).toString(8)).toBe('600')
    expect(await environment(server, 'CVD_GREETING')).toBe('one')

    restored(await at.undo(configuration.operation))
    restored(await at.undo(application.operation))
    expect(treeOn(server, 'config')).toEqual(laterConfig)
    expect(treeOn(server, 'app')).toEqual(laterApp)
    expect(await environment(server, 'CVD_GREETING')).toBe('two')
    expect(await served(server, 'one', 'two')).toEqual(['one', 'two'])
    await server.writes(2)
  })
})
