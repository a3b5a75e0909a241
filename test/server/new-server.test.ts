/**
 * A whole site brought back on a real server that was just built and has nothing of it, from a system backup alone: uploaded,
 * restored, running, and enabled. The runbook's backup, too, if RUNBOOK_DIR names the folder of its scripts.
 */
import { copyFileSync, lstatSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { uploadBackup } from '../../src-main/operations/upload.ts'
import { showPath } from '../../src-shared/domain/backup-path.ts'
import { packageIndex } from '../support/package-index.ts'
import { restored } from '../support/restores.ts'
import { failureOf, type HowToAdd, must, ServerDesk } from '../support/server-desk.ts'
import { ServerSite } from '../support/server-site.ts'
import { folderOf, greet, publish, served, treeOn } from '../support/server-trees.ts'
import { emptyServer } from '../support/servers/empty.ts'
import type { Server } from '../support/servers/server.ts'
import { sharedServers } from '../support/servers/shared.ts'

const { RUNBOOK_DIR: runbook = '' } = process.env

describe('a server without the site', () => {
  const { north } = sharedServers()
  let source: ServerSite
  let server: Server
  let folder: string

  beforeEach(async () => {
    source = await ServerSite.fresh(north, { include_venv: 'yes' })
    const built = await emptyServer()
    server = built
    folder = mkdtempSync(join(tmpdir(), 'cvd-new-server-'))
    return async () => {
      rmSync(folder, { recursive: true })
      await source[Symbol.asyncDispose]()
      await built[Symbol.asyncDispose]()
    }
  })
  afterAll(() => north.reset())

  /** What the site is, on the one server or the other; without the kit. */
  const siteOn = async (one: Server) => {
    const env = join(folderOf(one, 'config'), '.env')
    return {
      env: readFileSync(env).toString('latin1'),
      envMode: (lstatSync(env).mode & 0o7777).toString(8),
      envOwner: await one.must('stat -c %U:%G /opt/cvd/config/.env'),
      app: treeOn(one, 'app').map(withoutOwner),
      config: treeOn(one, 'config').map(withoutOwner),
      rows: await one.query(
        'SELECT (SELECT count(*) FROM users), (SELECT count(*) FROM devices), (SELECT count(*) FROM service_orders)',
      ),
      unit: await one.readFile('/etc/systemd/system/cvd.service'),
      nginx: await one.readFile('/etc/nginx/sites-available/cvd'),
      versions: await served(one, 'one', 'two'),
    }
  }
  /** The numbers of users differ between servers. */
  const withoutOwner = (line: string) => line.split(' ').toSpliced(3, 1).join(' ')

  /** Brings the backup there, and the site back from it. */
  const bringBack = async (path: string, how: HowToAdd = {}) => {
    const file = join(folder, basename(path))
    copyFileSync(join(north.folder, 'root', path), file)
    const desk = new ServerDesk()
    try {
      const refused = failureOf(await desk.tryToAdd(server, how))
      expect(refused).toMatchObject({ code: 'no-layout', next: expect.stringMatching(/mkdir \/opt\/cvd$/) })
      await server.must('mkdir -m 755 /opt/cvd')
      const site = await desk.add(server, how)
      expect(must(await uploadBackup(desk.console.context, site, file)).backup).toMatchObject({ kind: 'system' })
      const added = new ServerSite(server, desk, site)
      return restored(await added.restore(basename(file), { acceptFiles: true, newServer: true }))
    } finally {
      await desk[Symbol.asyncDispose]()
    }
  }
  const runs = async () => {
    await server.waitHealthy()
    expect(await server.must('systemctl is-active cvd nginx; systemctl is-enabled cvd')).toBe('active\nactive\nenabled')
    expect(await server.must('curl -s -o /dev/null -w "%{http_code}" http://127.0.0.1/api/health')).toBe('200')
    expect(await server.must('stat -c %U:%G /opt/cvd/data/cvd.db /opt/cvd/app/venv /opt/cvd/config/.env')).toBe(
      'cvdapp:www-data\ncvdapp:www-data\ncvdapp:www-data',
    )
  }

  it('has a running site from our backup, with its user, its environment and its links, and after a reboot, too', async () => {
    await publish(north, 'one')
    await north.must('systemctl stop cvd-writer')
    const site = await siteOn(north)
    const { parts } = await bringBack(showPath(await source.backUp('system')))
    expect(parts.map(({ part }) => part)).toEqual(
      expect.arrayContaining(['database', 'application', 'config', 'systemd', 'nginx']),
    )
    await runs()
    expect(await siteOn(server)).toEqual(site)
    await server.powerOff()
    await server.boot()
    await runs()
    expect(await siteOn(server)).toEqual(site)
  })

  it.skipIf(runbook === '')(
    'has one from a backup of the runbook, its environment built from a package index',
    async () => {
      await publish(north, 'one')
      await greet(north, 'one')
      await north.must('systemctl stop cvd-writer')
      await north.writeFile('/root/backup_system.sh', readFileSync(join(runbook, 'backup_system.sh')))
      await north.must('bash /root/backup_system.sh; rm /root/backup_system.sh')
      const { backups } = await source.desk.inspect(source.site)
      const theirs = backups.find(({ kind }) => kind === 'system')?.path ?? ''
      const site = await siteOn(north)
      await using _index = await packageIndex(server)
      // It does not say how the health of the site is asked for.
      await bringBack(showPath(theirs), { health: server.probe })
      await runs()
      expect(await siteOn(server)).toEqual(site)
      // Its packages are those of the index, none of the system's.
      expect(await server.must('grep include-system /opt/cvd/app/venv/pyvenv.cfg')).toBe(
        'include-system-site-packages = false',
      )
      await server.powerOff()
      await server.boot()
      await runs()
      expect(await siteOn(server)).toEqual(site)
    },
  )
})
