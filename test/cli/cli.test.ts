/** The command line, each command in its own process, over a real OpenSSH server: sites, logins and machines. */
import { spawnSync } from 'node:child_process'
import { appendFileSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { backupReport } from '../../src-shared/domain/kit-backups.ts'
import { inspection } from '../../src-shared/domain/kit-site.ts'
import { Cli } from '../support/cli.ts'
import { CliSite, cliSiteLacks } from '../support/cli-site.ts'
import { makeKey } from '../support/sshd.ts'

describe.skipIf(cliSiteLacks !== '')(`the command line ${cliSiteLacks}`, () => {
  let site: CliSite
  let backup: string

  beforeAll(async () => {
    site = await CliSite.open()
  })
  afterAll(() => site?.[Symbol.asyncDispose]())

  test('help for every command', async () => {
    const { code, stdout } = await site.cli.run(['--help'])
    expect(code).toBe(0)
    const commands = Array.from(stdout.matchAll(/^ {2}([a-z]+) /gm), (match) => match[1] ?? '')
    expect(commands).toEqual(
      expect.arrayContaining(['site', 'inspect', 'backups', 'backup', 'verify', 'plan', 'restore', 'undo', 'follow']),
    )
    const help = await site.cli.run(['restore', '--help'])
    expect([help.code, help.stdout]).toEqual([0, expect.stringContaining('--confirm <name>')])
  })

  test('usage errors: exit 2, on stderr for people, as the result in JSON', async () => {
    expect(await site.cli.run(['frobnicate'])).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('unknown'),
    })
    expect(await site.cli.json(['restore', 'Depot'])).toMatchObject({ code: 2, result: { code: 'usage' } })
    expect(await site.cli.json(['inspect', 'Nowhere'])).toMatchObject({ code: 2, result: { code: 'no-such-site' } })
    expect(await site.cli.json(['site', 'add', 'Depot', '--host', 'x', '--user', 'y'])).toMatchObject({ code: 2 })
  })

  test('an unknown host key: exit 4, with its fingerprint and the command that accepts it', async () => {
    const refused = await site.cli.run(['site', 'add', 'Depot', ...site.login])
    expect(refused).toMatchObject({ code: 4, stdout: '' })
    expect(refused.stderr).toContain(`--accept-host-key ${site.sshd.hostKey.fingerprint}`)
    expect(site.logins()).toBe(0)
    const other = await site.cli.json([
      'site',
      'add',
      'Depot',
      ...site.login,
      '--accept-host-key',
      `SHA256:${'A'.repeat(43)}`,
    ])
    expect(other).toMatchObject({ code: 4, result: { code: 'host-key-unknown' } })
  })

  test('a wrong password or an unused address: exit 3, and nothing is stored', async () => {
    const target = [
      '--host',
      site.sshd.host,
      '--port',
      String(site.sshd.port),
      '--user',
      site.user.name,
      '--password-stdin',
    ]
    const wrong = await site.cli.json(['site', 'add', 'Depot', ...target, ...site.accept()], { input: 'not-it-7261\n' })
    expect(wrong).toMatchObject({ code: 3, result: { code: 'auth-failed' } })
    const nowhere = await site.cli.json([
      'site',
      'add',
      'Depot',
      '--host',
      '127.0.0.1',
      '--port',
      '1',
      '--user',
      'x',
      '--agent',
    ])
    expect(nowhere).toMatchObject({ code: 3 })
    expect((await site.cli.json(['site', 'list'])).result.data).toEqual({ sites: [] })
    expect(await site.cli.run(['site', 'add', 'Depot', ...site.login])).toMatchObject({ code: 4 })
  })

  test('a site is added: inspected, pinned, stored in private files', async () => {
    const added = await site.cli.run(['site', 'add', 'Depot', ...site.login, ...site.accept()])
    expect(added.stderr).not.toContain('failed')
    expect(added).toMatchObject({ code: 0, stdout: expect.stringContaining('Depot was added.') })
    for (const file of ['console.db', 'known_hosts'])
      expect(statSync(join(site.home, 'data', file)).mode & 0o777).toBe(0o600)
    expect(statSync(join(site.home, 'data')).mode & 0o777).toBe(0o700)
    const again = await site.cli.json(['site', 'add', 'depot', ...site.login])
    expect(again).toMatchObject({ code: 4, result: { code: 'name-taken' } })
    expect(await site.cli.json(['site', 'list'])).toMatchObject({
      code: 0,
      result: { data: { sites: [{ name: 'Depot' }] } },
    })
  })

  test('inspect, show and check', async () => {
    const { code, result } = await site.cli.json(['inspect', 'depot'])
    expect(code).toBe(0)
    const seen = inspection.parse(result.data)
    expect(seen).toMatchObject({ health: { healthy: true }, database: { present: true } })
    const shown = await site.cli.run(['site', 'show', 'Depot'])
    expect(shown.stdout).toContain(seen.host.machineId)
    const checked = await site.cli.json(['site', 'check', 'Depot'])
    expect([0, 1]).toContain(checked.code)
  })

  test('a password and a passphrase from stdin: used, and never stored', async () => {
    const byPassword = new Cli(site.desk('password'))
    const target = [
      '--host',
      site.demo.host,
      '--port',
      String(site.demo.port),
      '--user',
      site.demo.user,
      '--password-stdin',
    ]
    const wanted = ['site', 'add', 'Demo', ...target, '--accept-host-key', site.demo.hostKeyFingerprint]
    const added = await byPassword.run(wanted, { input: `${site.demo.password}\n` })
    expect(added).toMatchObject({ code: 0, stderr: expect.stringContaining('asked for again') })
    expect(await byPassword.json(['inspect', 'Demo'])).toMatchObject({ code: 3 })
    const inspected = await byPassword.json(['--password-stdin', 'inspect', 'Demo'], { input: site.demo.password })
    expect(inspected.code).toBe(0)

    const byKey = new Cli(site.desk('passphrase'))
    const passphrase = 'a phrase of 8163 words'
    const key = await makeKey(site.home, 'locked', { passphrase })
    appendFileSync(join(site.demo.folder, 'authorized_keys'), `${key.publicText}\n`)
    const place = [
      '--host',
      site.sshd.host,
      '--port',
      String(site.sshd.port),
      '--user',
      'root',
      '--key',
      key.privateFile,
    ]
    const locked = ['site', 'add', 'Locked', ...place, ...site.accept()]
    expect(await byKey.json(locked)).toMatchObject({ code: 3, result: { code: 'key-needs-passphrase' } })
    const opened = await byKey.json([...locked, '--passphrase-stdin'], { input: `${passphrase}\n` })
    expect(opened.code).toBe(0)

    const output = JSON.stringify([added, inspected, opened])
    for (const secret of [site.demo.password, passphrase]) {
      expect(output).not.toContain(secret)
      expect(
        spawnSync('grep', ['-rFl', '--', secret, join(site.home, 'password'), join(site.home, 'passphrase')]).status,
      ).toBe(1)
    }
  })

  test('a changed host key: exit 4, without a way to accept it', async () => {
    const file = join(site.home, 'data', 'known_hosts')
    const good = readFileSync(file, 'utf8')
    const other = await makeKey(site.home, 'other')
    const [type, blob] = other.publicText.split(' ')
    writeFileSync(file, `[${site.sshd.host}]:${site.sshd.port} ${type} ${blob}\n`)
    const refused = await site.cli.json(['inspect', 'Depot'])
    expect(refused).toMatchObject({ code: 4, result: { code: 'host-key-changed' } })
    const check = await site.cli.run(['site', 'check', 'Depot'])
    expect(check.code).toBe(4)
    expect(check.stderr).not.toContain('--accept-host-key')
    writeFileSync(file, good)
    expect(await site.cli.json(['inspect', 'Depot'])).toMatchObject({ code: 0 })
  })

  test('another machine at the same address: nothing is changed on it', async () => {
    backup = backupReport.parse((await site.cli.json(['backup', 'Depot', 'database'])).result.data).backup.path
    const db = new Sqlite(join(site.home, 'data', 'console.db'))
    const pinned = db.prepare('SELECT machine_id FROM sites').pluck().get()
    db.prepare(`UPDATE sites SET machine_id = 'another'`).run()
    const before = readdirSync(join(site.demo.state, 'operations')).length
    for (const command of [
      ['backup', 'Depot', 'database'],
      ['restore', 'Depot', 'database', backup, '--confirm', 'Depot', '--reason', 'x'],
      ['undo', 'Depot', '20260101T000000Z-restore-abcdef', '--confirm', 'Depot', '--reason', 'x'],
      ['hold', 'Depot', backup],
      ['verify', 'Depot', '--all'],
    ]) {
      expect(await site.cli.json(command)).toMatchObject({ code: 4, result: { code: 'wrong-site' } })
    }
    expect(readdirSync(join(site.demo.state, 'operations')).length).toBe(before)
    const edited = await site.cli.json([
      'site',
      'edit',
      'Depot',
      '--accept-machine',
      String(pinned),
      '--name',
      'Depot 2',
    ])
    expect(edited).toMatchObject({ code: 0, result: { data: { site: { name: 'Depot 2', machineId: pinned } } } })
    db.close()
  })

  test('a newer store gives a message, not a crash', async () => {
    const newer = new Cli(site.desk('newer'))
    await newer.run(['site', 'list'])
    const db = new Sqlite(join(site.home, 'newer', 'data', 'console.db'))
    db.pragma('user_version = 99')
    db.close()
    expect(await newer.json(['site', 'list'])).toMatchObject({ code: 1, result: { code: 'store-newer' } })
  })

  test('a site is removed only by its name; the server keeps everything', async () => {
    expect(await site.cli.json(['site', 'remove', 'Depot 2'])).toMatchObject({ code: 2 })
    expect(await site.cli.json(['site', 'remove', 'Depot 2', '--confirm', 'Depot'])).toMatchObject({ code: 4 })
    expect(await site.cli.json(['site', 'remove', 'Depot 2', '--confirm', 'Depot 2'])).toMatchObject({ code: 0 })
    expect((await site.cli.json(['site', 'list'])).result.data).toEqual({ sites: [] })
    expect(readFileSync(backup).length).toBeGreaterThan(0)
  })
})
