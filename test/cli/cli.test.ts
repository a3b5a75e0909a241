/** The whole command line, each command in its own process, over a real OpenSSH server, on a site with the real kit. */
import { execFileSync, spawnSync } from 'node:child_process'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { missingForDemo } from '../../src-main/demo/requirements.ts'
import { type DemoSite, startDemoSite } from '../../src-main/demo/site.ts'
import { archiveReport, backupReport } from '../../src-shared/domain/kit-backups.ts'
import { restorePlan, restoreReport } from '../../src-shared/domain/kit-restore.ts'
import { inspection } from '../../src-shared/domain/kit-site.ts'
import { Cli } from '../support/cli.ts'
import { missing } from '../support/prerequisites.ts'
import { makeKey, makeUser, type Sshd, sshdNeeds, startSshd, type TestUser } from '../support/sshd.ts'

const lacks = [...missingForDemo().map(({ what }) => what), missing(sshdNeeds)].filter(Boolean).join(', ')

describe.skipIf(lacks !== '')(`the command line ${lacks}`, () => {
  let demo: DemoSite
  let sshd: Sshd
  let user: TestUser
  let cli: Cli
  let home: string
  let login: string[]
  let backup: string
  let restored: string

  beforeAll(async () => {
    demo = await startDemoSite({ appStartMs: 50 })
    home = mkdtempSync(join(tmpdir(), 'cvd-cli-'))
    const key = await makeKey(home, 'admin')
    writeFileSync(join(demo.folder, 'authorized_keys'), `${key.publicText}\n`)
    // The site's own environment: its tools, and its state beside it.
    const env = Object.entries(demo.env).filter(([name]) => ['PATH', 'CVD_BACKUP_STATE'].includes(name))
    sshd = await startSshd({
      config: [
        `SetEnv ${env.map(([name, value]) => `${name}=${value}`).join(' ')}`,
        `AuthorizedKeysFile ${join(demo.folder, 'authorized_keys')}`,
      ],
    })
    user = await makeUser()
    cli = new Cli(home)
    login = ['--host', sshd.host, '--port', String(sshd.port), '--user', 'root', '--key', key.privateFile]
  })
  afterAll(async () => {
    await user?.remove()
    await sshd?.stop()
    await demo?.stop()
    rmSync(home, { recursive: true, force: true })
  })

  const sql = (text: string) =>
    execFileSync('sqlite3', ['-cmd', '.timeout 10000', demo.database, text], { encoding: 'utf8' })
  const count = (table: string) => Number(sql(`SELECT count(*) FROM ${table}`))
  /** A folder for another console. */
  const desk = (name: string) => {
    mkdirSync(join(home, name))
    return join(home, name)
  }
  const accept = () => ['--accept-host-key', sshd.hostKey.fingerprint]
  const logins = () => sshd.log().split('Accepted ').length - 1

  test('help for every command', async () => {
    const { code, stdout } = await cli.run(['--help'])
    expect(code).toBe(0)
    const commands = Array.from(stdout.matchAll(/^ {2}([a-z]+) /gm), (match) => match[1] ?? '')
    expect(commands).toEqual(
      expect.arrayContaining(['site', 'inspect', 'backups', 'backup', 'verify', 'plan', 'restore', 'undo', 'follow']),
    )
    const help = await cli.run(['restore', '--help'])
    expect([help.code, help.stdout]).toEqual([0, expect.stringContaining('--confirm <name>')])
  })

  test('usage errors: exit 2, on stderr for people, as the result in JSON', async () => {
    expect(await cli.run(['frobnicate'])).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('unknown'),
    })
    expect(await cli.json(['restore', 'Depot'])).toMatchObject({ code: 2, result: { code: 'usage' } })
    expect(await cli.json(['inspect', 'Nowhere'])).toMatchObject({ code: 2, result: { code: 'no-such-site' } })
    expect(await cli.json(['site', 'add', 'Depot', '--host', 'x', '--user', 'y'])).toMatchObject({ code: 2 })
  })

  test('an unknown host key: exit 4, with its fingerprint and the command that accepts it', async () => {
    const refused = await cli.run(['site', 'add', 'Depot', ...login])
    expect(refused).toMatchObject({ code: 4, stdout: '' })
    expect(refused.stderr).toContain(`--accept-host-key ${sshd.hostKey.fingerprint}`)
    expect(logins()).toBe(0)
    const other = await cli.json(['site', 'add', 'Depot', ...login, '--accept-host-key', `SHA256:${'A'.repeat(43)}`])
    expect(other).toMatchObject({ code: 4, result: { code: 'host-key-unknown' } })
  })

  test('a wrong password or an unused address: exit 3, and nothing is stored', async () => {
    const target = ['--host', sshd.host, '--port', String(sshd.port), '--user', user.name, '--password-stdin']
    const wrong = await cli.json(['site', 'add', 'Depot', ...target, ...accept()], { input: 'not-it-7261\n' })
    expect(wrong).toMatchObject({ code: 3, result: { code: 'auth-failed' } })
    const nowhere = await cli.json([
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
    expect((await cli.json(['site', 'list'])).result.data).toEqual({ sites: [] })
    expect(await cli.run(['site', 'add', 'Depot', ...login])).toMatchObject({ code: 4 })
  })

  test('a site is added: inspected, pinned, stored in private files', async () => {
    const added = await cli.run(['site', 'add', 'Depot', ...login, ...accept()])
    expect(added.stderr).not.toContain('failed')
    expect(added).toMatchObject({ code: 0, stdout: expect.stringContaining('Depot was added.') })
    for (const file of ['console.db', 'known_hosts'])
      expect(statSync(join(home, 'data', file)).mode & 0o777).toBe(0o600)
    expect(statSync(join(home, 'data')).mode & 0o777).toBe(0o700)
    const again = await cli.json(['site', 'add', 'depot', ...login])
    expect(again).toMatchObject({ code: 4, result: { code: 'name-taken' } })
    expect(await cli.json(['site', 'list'])).toMatchObject({
      code: 0,
      result: { data: { sites: [{ name: 'Depot' }] } },
    })
  })

  test('inspect, show and check', async () => {
    const { code, result } = await cli.json(['inspect', 'depot'])
    expect(code).toBe(0)
    const seen = inspection.parse(result.data)
    expect(seen).toMatchObject({ health: { healthy: true }, database: { present: true } })
    const shown = await cli.run(['site', 'show', 'Depot'])
    expect(shown.stdout).toContain(seen.host.machineId)
    const checked = await cli.json(['site', 'check', 'Depot'])
    expect([0, 1]).toContain(checked.code)
  })

  test('a backup: one event per line, its steps, and the result last', async () => {
    const { code, events, result } = await cli.json(['backup', 'Depot', 'database'])
    expect([code, result.outcome]).toEqual([0, 'succeeded'])
    backup = backupReport.parse(result.data).backup.path
    const steps = events.filter((event) => event.kind === 'step' && event.state === 'done').map(({ step }) => step)
    expect(steps).toEqual(['check', 'copy', 'compress', 'publish'])
    expect(events.filter(({ kind }) => kind === 'result')).toHaveLength(1)
    expect(events.some(({ kind }) => kind === 'operation')).toBe(true)
  })

  test('a backup of every other kind, listed as verified; and none of an unknown one', async () => {
    for (const kind of ['application', 'config', 'systemd', 'system']) {
      const made = await cli.json(['backup', 'Depot', kind])
      expect([made.code, made.result.message]).toEqual([0, expect.stringContaining('backed up to')])
      expect(archiveReport.parse(made.result.data)).toMatchObject({
        backup: { kind, verdict: 'verified' },
        warnings: [],
      })
    }
    const { result } = await cli.json(['backups', 'Depot'])
    const { backups } = inspection.pick({ backups: true }).parse(result.data)
    expect(new Set(backups.map(({ kind }) => kind)).size).toBe(5)
    expect(await cli.json(['backup', 'Depot', 'everything'])).toMatchObject({ code: 2, result: { code: 'usage' } })
  })

  test('the list of backups, verification, and the list afterwards', async () => {
    const name = backup.slice(backup.lastIndexOf('/') + 1)
    const before = await cli.run(['backups', 'Depot'])
    expect(before.stdout).toMatch(/^BACKUP +KIND +ORIGIN +TAKEN +AGE +SIZE +VERDICT/)
    expect(before.stdout).toContain(name)
    expect(await cli.json(['verify', 'Depot'])).toMatchObject({ code: 2 })
    expect(await cli.json(['verify', 'Depot', 'no-such.db.gz'])).toMatchObject({
      code: 1,
      result: { code: 'not-found' },
    })
    const verified = await cli.json(['verify', 'Depot', name])
    expect(verified).toMatchObject({
      code: 0,
      result: { data: { backups: [{ verdict: 'verified', basis: 'fingerprint' }] } },
    })
    expect(await cli.json(['hold', 'Depot', name, '--reason', 'keep'])).toMatchObject({ code: 0 })
    const after = await cli.run(['backups', 'Depot'])
    expect(after.stdout.split('\n').find((line) => line.includes(name))).toMatch(/verified \d+ \w+ ago {2,}held/)
    expect(await cli.json(['release', 'Depot', name])).toMatchObject({ code: 0 })
  })

  test('deletes a file that is not a backup, and never a backup', async () => {
    const leftover = join(demo.root, 'backups/cvd_backup_20240101_000000.db.gz.part')
    writeFileSync(leftover, 'half of it')
    utimesSync(leftover, 1_704_067_200, 1_704_067_200)
    const name = basename(leftover)
    const confirmed = ['--confirm', 'Depot', '--reason', 'left by a copy']
    expect(await cli.json(['delete', 'Depot', name, '--confirm', 'depot', '--reason', 'x'])).toMatchObject({
      code: 4,
      result: { code: 'not-confirmed' },
    })
    expect(await cli.json(['delete', 'Depot', name, basename(backup), ...confirmed])).toMatchObject({
      code: 1,
      result: { code: 'not-found' },
    })
    expect(existsSync(leftover)).toBe(true)
    expect(await cli.json(['delete', 'Depot', name, ...confirmed])).toMatchObject({ code: 0 })
    expect([existsSync(leftover), existsSync(backup)]).toEqual([false, true])
  })

  test('downloads a backup and uploads it again, with words for people and objects for programs', async () => {
    const name = basename(backup)
    const folder = desk('downloads')
    const got = await cli.run(['download', 'Depot', name, '--to', folder])
    expect([got.code, got.stderr]).toEqual([0, ''])
    expect(got.stdout).toContain('(equal to the fingerprint of the backup)')
    expect(readFileSync(join(folder, name)).equals(readFileSync(backup))).toBe(true)
    const again = await cli.json(['download', 'Depot', name, '--to', folder])
    expect(again).toMatchObject({ code: 4, result: { code: 'name-taken' } })
    const forced = await cli.json(['download', 'Depot', name, '--to', folder, '--force'])
    expect(forced).toMatchObject({ code: 0, result: { data: { file: join(folder, name), basis: 'fingerprint' } } })
    expect(forced.events.map(({ kind }) => kind)).toContain('progress')

    const file = join(folder, 'cvd_backup_20240203_040506.db.gz')
    writeFileSync(file, readFileSync(backup))
    const sent = await cli.run(['upload', 'Depot', file])
    expect([sent.code, sent.stderr]).toEqual([0, ''])
    const there = join(demo.root, 'backups', basename(file))
    expect(sent.stdout).toContain(there)
    expect(readFileSync(there).equals(readFileSync(backup))).toBe(true)
    writeFileSync(file, 'another')
    expect(await cli.json(['upload', 'Depot', file])).toMatchObject({ code: 4, result: { code: 'name-taken' } })
    expect(await cli.json(['upload', 'Depot', join(folder, 'nothing.db')])).toMatchObject({
      code: 1,
      result: { code: 'local-file' },
    })
    rmSync(there)
  })

  test('the plan shows what would be lost, in a table and in words', async () => {
    sql('DELETE FROM devices WHERE id <= 5')
    const name = backup.slice(backup.lastIndexOf('/') + 1)
    const { code, stdout } = await cli.run(['plan', 'Depot', 'database', name])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^TABLE +LIVE +BACKUP +WOULD BE LOST +WOULD COME BACK +CHANGED +MOMENTS$/m)
    expect(stdout).toMatch(/^devices +\d+ +\d+ +\d+ +5 +\d+ +\d{4}-\d\d-\d\d/m)
    expect(stdout).toContain('would be gone')
    expect(stdout).toMatch(/^You would lose .*5 rows would come back/m)
    const { result } = await cli.json(['plan', 'Depot', 'database', name])
    expect(restorePlan.parse(result.data).possible).toBe(true)
  })

  test('a restore is refused without the right name, before any connection', async () => {
    const before = logins()
    const refused = await cli.json(['restore', 'Depot', 'database', backup, '--confirm', 'depot', '--reason', 'x'])
    expect(refused).toMatchObject({ code: 4, result: { code: 'not-confirmed' } })
    const mute = await cli.json(['restore', 'Depot', 'database', backup, '--confirm', 'Depot', '--reason', ' '])
    expect(mute).toMatchObject({ code: 4, result: { code: 'not-confirmed' } })
    expect(logins()).toBe(before)
  })

  test('a restore brings the rows back, and reports its downtime and how to undo it', async () => {
    const rows = count('devices')
    const { code, stdout, stderr } = await cli.run([
      'restore',
      'Depot',
      'database',
      backup,
      '--confirm',
      'Depot',
      '--reason',
      'lost rows',
    ])
    expect(stderr).not.toContain('failed')
    expect(code).toBe(0)
    expect(stdout).toMatch(/Stop the service.*\[down /)
    expect(stdout).toMatch(/^down {4}\d/m)
    restored = /undo "Depot" (\S+)/.exec(stdout)?.[1] ?? ''
    expect(count('devices')).toBe(rows + 5)
    expect(await demo.app.health()).toMatchObject({ status: 200 })
  })

  test('undo reverts it', async () => {
    const rows = count('devices')
    const undone = await cli.json(['undo', 'Depot', restored, '--confirm', 'Depot', '--reason', 'a test'])
    expect(undone).toMatchObject({ code: 0, result: { outcome: 'succeeded' } })
    expect(restoreReport.parse(undone.result.data).downMs).toBeGreaterThan(0)
    expect(count('devices')).toBe(rows - 5)
  })

  test('operations, following an ended one, cancelling an ended one', async () => {
    const listed = await cli.run(['operations', 'Depot'])
    expect(listed.stdout).toMatch(/^ID +OPERATION/)
    expect(listed.stdout.split('\n').find((line) => line.includes(restored))).toMatch(/succeeded.*lost rows/)
    const followed = await cli.json(['follow', 'Depot', restored])
    expect(followed).toMatchObject({ code: 0, result: { outcome: 'succeeded' } })
    expect(followed.events.some((event) => event.kind === 'step' && event.step === 'swap')).toBe(true)
    expect(await cli.json(['cancel', 'Depot', restored])).toMatchObject({ code: 4, result: { code: 'checks-failed' } })
    expect(await cli.json(['follow', 'Depot', '20200101T000000Z-database-abcdef'])).toMatchObject({ code: 1 })
  })

  test('Ctrl-C detaches; the operation continues, and another console follows it to its end', async () => {
    // Its worker pauses before the result, so it cannot have ended before the Ctrl-C.
    const failpoint = join(demo.state, 'failpoint')
    writeFileSync(failpoint, 'outcome pause\n')
    onTestFinished(() => rmSync(failpoint, { force: true }))
    let interrupted = false
    const left = await cli.json(['backup', 'Depot', 'database'], {
      onOutput: (stdout, child) => {
        if (interrupted || !stdout.includes('"kind":"operation"')) return
        interrupted = true
        child.kill('SIGINT')
      },
    })
    expect(left).toMatchObject({ code: 130, result: { code: 'detached' } })
    const { operation } = left.result.data as { operation: string }
    rmSync(failpoint)
    expect(await cli.json(['follow', 'Depot', operation])).toMatchObject({ code: 0, result: { outcome: 'succeeded' } })
    const other = new Cli(desk('colleague'))
    const added = await other.json(['site', 'add', 'The same', ...login, ...accept()])
    expect(added.code).toBe(0)
    expect(await other.json(['follow', 'The same', operation])).toMatchObject({
      code: 0,
      result: { outcome: 'succeeded' },
    })
  })

  test('a password and a passphrase from stdin: used, and never stored', async () => {
    const byPassword = new Cli(desk('password'))
    const target = ['--host', demo.host, '--port', String(demo.port), '--user', demo.user, '--password-stdin']
    const wanted = ['site', 'add', 'Demo', ...target, '--accept-host-key', demo.hostKeyFingerprint]
    const added = await byPassword.run(wanted, { input: `${demo.password}\n` })
    expect(added).toMatchObject({ code: 0, stderr: expect.stringContaining('asked for again') })
    expect(await byPassword.json(['inspect', 'Demo'])).toMatchObject({ code: 3 })
    const inspected = await byPassword.json(['--password-stdin', 'inspect', 'Demo'], { input: demo.password })
    expect(inspected.code).toBe(0)

    const byKey = new Cli(desk('passphrase'))
    const passphrase = 'a phrase of 8163 words'
    const key = await makeKey(home, 'locked', { passphrase })
    appendFileSync(join(demo.folder, 'authorized_keys'), `${key.publicText}\n`)
    const place = ['--host', sshd.host, '--port', String(sshd.port), '--user', 'root', '--key', key.privateFile]
    const locked = ['site', 'add', 'Locked', ...place, ...accept()]
    expect(await byKey.json(locked)).toMatchObject({ code: 3, result: { code: 'key-needs-passphrase' } })
    const opened = await byKey.json([...locked, '--passphrase-stdin'], { input: `${passphrase}\n` })
    expect(opened.code).toBe(0)

    const output = JSON.stringify([added, inspected, opened])
    for (const secret of [demo.password, passphrase]) {
      expect(output).not.toContain(secret)
      expect(spawnSync('grep', ['-rFl', '--', secret, join(home, 'password'), join(home, 'passphrase')]).status).toBe(1)
    }
  })

  test('a changed host key: exit 4, without a way to accept it', async () => {
    const file = join(home, 'data', 'known_hosts')
    const good = readFileSync(file, 'utf8')
    const other = await makeKey(home, 'other')
    const [type, blob] = other.publicText.split(' ')
    writeFileSync(file, `[${sshd.host}]:${sshd.port} ${type} ${blob}\n`)
    const refused = await cli.json(['inspect', 'Depot'])
    expect(refused).toMatchObject({ code: 4, result: { code: 'host-key-changed' } })
    const check = await cli.run(['site', 'check', 'Depot'])
    expect(check.code).toBe(4)
    expect(check.stderr).not.toContain('--accept-host-key')
    writeFileSync(file, good)
    expect(await cli.json(['inspect', 'Depot'])).toMatchObject({ code: 0 })
  })

  test('another machine at the same address: nothing is changed on it', async () => {
    const db = new Sqlite(join(home, 'data', 'console.db'))
    const pinned = db.prepare('SELECT machine_id FROM sites').pluck().get()
    db.prepare(`UPDATE sites SET machine_id = 'another'`).run()
    const before = readdirSync(join(demo.state, 'operations')).length
    for (const command of [
      ['backup', 'Depot', 'database'],
      ['restore', 'Depot', 'database', backup, '--confirm', 'Depot', '--reason', 'x'],
      ['undo', 'Depot', restored, '--confirm', 'Depot', '--reason', 'x'],
      ['hold', 'Depot', backup],
      ['verify', 'Depot', '--all'],
    ]) {
      expect(await cli.json(command)).toMatchObject({ code: 4, result: { code: 'wrong-site' } })
    }
    expect(readdirSync(join(demo.state, 'operations')).length).toBe(before)
    const edited = await cli.json(['site', 'edit', 'Depot', '--accept-machine', String(pinned), '--name', 'Depot 2'])
    expect(edited).toMatchObject({ code: 0, result: { data: { site: { name: 'Depot 2', machineId: pinned } } } })
    db.close()
  })

  test('a newer store gives a message, not a crash', async () => {
    const newer = new Cli(desk('newer'))
    await newer.run(['site', 'list'])
    const db = new Sqlite(join(home, 'newer', 'data', 'console.db'))
    db.pragma('user_version = 99')
    db.close()
    expect(await newer.json(['site', 'list'])).toMatchObject({ code: 1, result: { code: 'store-newer' } })
  })

  test('a site is removed only by its name; the server keeps everything', async () => {
    expect(await cli.json(['site', 'remove', 'Depot 2'])).toMatchObject({ code: 2 })
    expect(await cli.json(['site', 'remove', 'Depot 2', '--confirm', 'Depot'])).toMatchObject({ code: 4 })
    expect(await cli.json(['site', 'remove', 'Depot 2', '--confirm', 'Depot 2'])).toMatchObject({ code: 0 })
    expect((await cli.json(['site', 'list'])).result.data).toEqual({ sites: [] })
    expect(readFileSync(backup).length).toBeGreaterThan(0)
  })
})
