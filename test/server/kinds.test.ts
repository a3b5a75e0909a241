/** Backups of files and of the whole system on real servers: what is in them, and the application and configuration restored. */
import { createHash } from 'node:crypto'
import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest'
import { showPath } from '../../src-shared/domain/backup-path.ts'
import { archiveReport } from '../../src-shared/domain/kit-backups.ts'
import { Cli } from '../support/cli.ts'
import { must as mustRun } from '../support/command.ts'
import { treeState } from '../support/kit/tree.ts'
import { restored } from '../support/restores.ts'
import { ServerSite } from '../support/server-site.ts'
import { apartOn, besides, environment, folderOf, publish, restart, served, treeOn } from '../support/server-trees.ts'
import type { Server } from '../support/servers/server.ts'
import { onBoth } from '../support/servers/shared.ts'

const socketLeftOut = 'Not in the backup, as it is not a file, folder or link: /opt/cvd/app/cvd.sock'
const sha256 = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex')

onBoth('every kind of backup', (server: Server) => {
  let at: ServerSite
  let scratch: string

  beforeEach(async () => {
    at = await ServerSite.fresh(server)
    scratch = mkdtempSync(join(tmpdir(), 'cvd-kinds-'))
  })
  afterEach(async () => {
    await at[Symbol.asyncDispose]()
    rmSync(scratch, { recursive: true, force: true })
  })
  afterAll(() => server.reset())

  const pathOf = (path: string) => join(server.folder, 'root', showPath(path))
  /** Unpacks a backup with nothing but tar, in a folder of this machine. */
  const unpacked = async (file: string, name: string) => {
    const folder = join(scratch, name)
    await mustRun('/bin/sh', ['-c', 'mkdir "$1" && tar -xpzf "$2" --numeric-owner -C "$1"', 'sh', folder, file])
    return folder
  }
  const running = async () => {
    expect(await server.must('systemctl is-active cvd cvd-writer nginx')).toBe('active\nactive\nactive')
    expect((await server.health()).status).toBe(200)
    await server.writes(2)
  }

  test('is made on the command line, holds what is live, and is verified', async () => {
    await publish(server, 'one')
    await server.must(
      `mkdir -p /etc/systemd/system/cvd.service.d && printf '[Service]\\nLimitNOFILE=4096\\n' > /etc/systemd/system/cvd.service.d/limits.conf && systemctl daemon-reload`,
    )
    const cli = new Cli(scratch)
    const password = server.password === undefined ? [] : ['--sudo', 'password', '--password-stdin']
    const asked = server.password === undefined ? [] : ['--password-stdin']
    const input = server.password === undefined ? '' : `${server.password}\n`
    const login = ['--host', server.address, '--user', server.user, '--key', server.keyFile]
    const accept = ['--accept-host-key', server.hostKeyFingerprint]
    await cli.json(['site', 'add', 'Depot', ...login, ...password, ...accept], { input })
    const files: Record<string, string> = {}
    for (const kind of ['application', 'config', 'systemd', 'system']) {
      const made = await cli.json(['backup', 'Depot', kind, ...asked], { input })
      expect(made.result).toMatchObject({ outcome: 'succeeded' })
      const { backup, warnings, fingerprint } = archiveReport.parse(made.result.data)
      expect(warnings).toEqual(server.spec.health === 'unix' && /app|system$/.test(kind) ? [socketLeftOut] : [])
      expect(backup).toMatchObject({ kind, origin: 'manual', verdict: 'verified', fingerprint: true })
      files[kind] = pathOf(backup.path)
      expect(sha256(files[kind])).toBe(fingerprint.sha256)
    }
    const { application = '', config = '', systemd = '', system = '' } = files
    const app = await unpacked(application, 'application')
    expect(treeState(app)).toEqual(treeOn(server, 'app'))
    expect(treeState(join(await unpacked(config, 'config'), 'config'))).toEqual(treeOn(server, 'config'))
    // .env is in it, so nobody but its reader may read the backup.
    expect((lstatSync(config).mode & 0o777).toString(8)).toBe('600')
    const units = await unpacked(systemd, 'systemd')
    const etc = join(server.folder, 'root/etc')
    const same = (one: string, other: string) => expect(sha256(one)).toBe(sha256(other))
    same(join(units, 'cvd.service'), join(etc, 'systemd/system/cvd.service'))
    same(join(units, 'cvd.service.d/limits.conf'), join(etc, 'systemd/system/cvd.service.d/limits.conf'))

    const [top = ''] = readdirSync(await unpacked(system, 'system'))
    const inside = join(scratch, 'system', top)
    same(join(inside, 'config/cvd.service'), join(etc, 'systemd/system/cvd.service'))
    same(join(inside, 'config/nginx-cvd.conf'), join(etc, 'nginx/sites-available/cvd'))
    expect(treeState(join(inside, 'config/config'))).toEqual(treeOn(server, 'config'))
    expect(treeState(await unpacked(join(inside, 'application/app.tar.gz'), 'inner'))).toEqual(treeOn(server, 'app'))
    await mustRun('gunzip', [join(inside, 'database/cvd.db.gz')])
    const counts = await mustRun('sqlite3', [
      join(inside, 'database/cvd.db'),
      "PRAGMA integrity_check; SELECT 'Users: ' || count(*) FROM users; SELECT 'Service Orders: ' || count(*) FROM service_orders",
    ])
    const [integrity, ...lines] = counts.split('\n')
    expect(integrity).toBe('ok')
    expect(readFileSync(join(inside, 'MANIFEST.txt'), 'utf8').split('\n')).toEqual(expect.arrayContaining(lines))

    const verified = await cli.json(
      ['verify', 'Depot', ...Object.values(files).map((one) => one.slice(one.lastIndexOf('/') + 1)), ...asked],
      { input },
    )
    expect(verified.result).toMatchObject({ outcome: 'succeeded' })
    await running()
  })

  test('of the application is restored: its code is served, nothing of the later tree is left; undo and redo', async () => {
    await publish(server, 'one')
    const one = treeOn(server, 'app')
    const backup = await at.backUp('application')
    await publish(server, 'two')
    await server.must('cd /opt/cvd/app && rm -r static/one .only-one && chmod 700 writer.py')
    const two = treeOn(server, 'app')
    const kept = apartOn(server)
    expect(await served(server, 'one', 'two')).toEqual(['one', 'two'])

    const entry = await at.restore(backup)
    const report = restored(entry)
    expect(await served(server, 'one', 'two')).toEqual(['one'])
    expect(treeOn(server, 'app')).toEqual(one)
    expect(apartOn(server)).toEqual(kept)
    expect(report).toMatchObject({ health: { healthy: true }, parts: [{ part: 'application', kind: 'tree' }] })
    const [safety = ''] = besides(server)
    expect(besides(server)).toEqual([expect.stringMatching(/^app\.pre-restore\.\d{8}_\d{6}$/)])
    expect(report.safetyCopy).toBe(`/opt/cvd/${safety}`)
    expect(treeOn(server, safety)).toEqual(two)
    await running()

    const undone = restored(await at.undo(entry.remoteOperation ?? ''))
    expect(await served(server, 'one', 'two')).toEqual(['one', 'two'])
    expect(treeOn(server, 'app')).toEqual(two)
    expect(apartOn(server)).toEqual(kept)
    await running()

    restored(await at.undo(undone.operation))
    expect(await served(server, 'one', 'two')).toEqual(['one'])
    expect(treeOn(server, 'app')).toEqual(one)
    expect(apartOn(server)).toEqual(kept)
    await running()
  })

  test('of the configuration is restored: .env byte for byte, with its mode and owner; undo and redo', async () => {
    const env = join(folderOf(server, 'config'), '.env')
    const owner = lstatSync(env)
    // Bytes that a copy by text would change: no line end at the end, spaces, and a comment that is not UTF-8.
    const bytes = Buffer.concat([
      readFileSync(env),
      Buffer.from('# caf\xe9 \t\r\nCVD_GREETING="first  one" ', 'latin1'),
    ])
    writeFileSync(env, bytes)
    await server.must(
      'mkdir -p /opt/cvd/config/.certs && echo pem > /opt/cvd/config/.certs/one.pem && chmod 400 /opt/cvd/config/.certs/one.pem && chown -R cvdapp:www-data /opt/cvd/config',
    )
    await restart(server)
    const one = treeOn(server, 'config')
    const backup = await at.backUp('config')
    writeFileSync(env, `${bytes.toString('latin1').replace('first', 'second')}\nNEW=1\n`, 'latin1')
    await server.must(
      'chmod 644 /opt/cvd/config/.env; rm -r /opt/cvd/config/.certs; echo later > /opt/cvd/config/later.json; chown cvdapp:www-data /opt/cvd/config/later.json',
    )
    await restart(server)
    const two = treeOn(server, 'config')
    expect(await environment(server, 'CVD_GREETING')).toBe('second  one')
    const application = treeOn(server, 'app')

    const entry = await at.restore(backup)
    restored(entry)
    expect(readFileSync(env).equals(bytes)).toBe(true)
    const found = lstatSync(env)
    expect([found.mode & 0o7777, found.uid, found.gid]).toEqual([0o600, owner.uid, owner.gid])
    expect(treeOn(server, 'config')).toEqual(one)
    expect(await environment(server, 'CVD_GREETING')).toBe('first  one')
    expect(await environment(server, 'NEW')).toBe('')
    expect(treeOn(server, 'app')).toEqual(application)
    await running()

    const undone = restored(await at.undo(entry.remoteOperation ?? ''))
    expect(treeOn(server, 'config')).toEqual(two)
    expect(await environment(server, 'CVD_GREETING')).toBe('second  one')
    await running()

    restored(await at.undo(undone.operation))
    expect(treeOn(server, 'config')).toEqual(one)
    expect(readFileSync(env).equals(bytes)).toBe(true)
    expect(await environment(server, 'CVD_GREETING')).toBe('first  one')
    await running()
  })
})
