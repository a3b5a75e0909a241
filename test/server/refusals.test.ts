/** What is refused on real servers, and that nothing ran. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Confirmation } from '../../src-main/operations/confirm.ts'
import { inspectSite } from '../../src-main/operations/inspect.ts'
import { makeBackup } from '../../src-main/operations/make-backup.ts'
import { planRestore } from '../../src-main/operations/plan-restore.ts'
import { restorePart } from '../../src-main/operations/restore-part.ts'
import { undoRestore } from '../../src-main/operations/undo.ts'
import type { Site } from '../../src-main/store/sites.ts'
import { showPath } from '../../src-shared/domain/backup-path.ts'
import { failureOf, must, ServerDesk } from '../support/server-desk.ts'
import { failedLogins, logins, otherHostKeys, refusedPasswords, saidMore } from '../support/server-logins.ts'
import { onBoth, sharedServers } from '../support/servers/shared.ts'

const { north, south } = sharedServers()

beforeAll(() => Promise.all([north.reset(), south.reset()]))
afterAll(() => Promise.all([north.reset(), south.reset()]))

describe('a host key', () => {
  it('that was not accepted: no login, nothing stored', async () => {
    await using desk = new ServerDesk()
    const before = await logins(north)
    const refused = failureOf(await desk.tryToAdd(north, { accept: [] }))
    expect(refused).toMatchObject({
      code: 'host-key-unknown',
      message: expect.stringContaining(north.hostKeyFingerprint),
    })
    const other = failureOf(await desk.tryToAdd(north, { accept: [south.hostKeyFingerprint] }))
    expect(other.code).toBe('host-key-unknown')
    expect(await logins(north)).toBe(before)
    expect(desk.console.context.store.sites.list()).toEqual([])
  })

  it('that is revoked: refused even if accepted', async () => {
    await using desk = new ServerDesk()
    const before = await logins(north)
    const lines = north.hostKeys.map(({ line }) => `@revoked * ${line}\n`)
    writeFileSync(join(desk.folder, 'known_hosts'), lines.join(''))
    expect(failureOf(await desk.tryToAdd(north)).code).toBe('host-key-revoked')
    expect(await logins(north)).toBe(before)
  })

  it('that has changed: refused, nothing runs, accepting it has no effect', async () => {
    await using desk = new ServerDesk()
    const site = await desk.add(north)
    await using _keys = await otherHostKeys(north)
    const before = await logins(north)
    const operations = (await north.run('ls /var/lib/cvd-backup/operations')).stdout
    const refused = failureOf(await inspectSite(desk.console.context, site))
    expect(refused).toMatchObject({
      code: 'host-key-changed',
      message: expect.stringContaining(north.hostKeyFingerprint),
    })
    expect(failureOf(await makeBackup(desk.console.context, desk.console.runner, site)).code).toBe('host-key-changed')
    const shown = /is now \S+ (SHA256:\S+); the known key/.exec(refused.message)?.[1] ?? ''
    expect(shown).toMatch(/^SHA256:/)
    const accepted = failureOf(await desk.console.context.links.open(site, { accept: [shown] }))
    expect(accepted.code).toBe('host-key-changed')
    expect(await logins(north)).toBe(before)
    expect((await north.run('ls /var/lib/cvd-backup/operations')).stdout).toBe(operations)
  })
})

describe('a password', () => {
  it('that is wrong is tried once, and never retried automatically', async () => {
    await using desk = new ServerDesk()
    const before = [await failedLogins(south), await logins(south)] as const
    expect(failureOf(await desk.tryToAdd(south, { password: 'not-it-2261' })).code).toBe('auth-failed')
    expect(await saidMore(() => failedLogins(south), before[0])).toBe(before[0] + 1)
    expect(await logins(south)).toBe(before[1])
    expect(desk.console.context.store.sites.list()).toEqual([])
  })

  it('for sudo that is wrong is tried once, and nothing ran', async () => {
    await using desk = new ServerDesk()
    const before = await refusedPasswords(south)
    expect(failureOf(await desk.tryToAdd(south, { sudoPassword: 'not-it-2262' })).code).toBe('wrong-sudo-password')
    expect(await saidMore(() => refusedPasswords(south), before)).toBe(before + 1)
    expect(await south.must('ls -A /var/lib | grep -c cvd-backup || true')).toBe('0')
    // The same console, with the right one.
    expect((await desk.tryToAdd(south)).ok).toBe(true)
  })
})

onBoth('a restore', (server) => {
  const { name } = server
  let desk: ServerDesk
  let site: Site
  let backup: string

  beforeAll(async () => {
    await server.reset()
    desk = new ServerDesk()
    site = await desk.add(server)
    backup = (await desk.backUp(site)).backup.path
  })
  afterAll(() => desk?.[Symbol.asyncDispose]())

  let since: string
  const started = () =>
    server.must('systemctl show cvd -P ActiveEnterTimestampMonotonic; stat -c %i /opt/cvd/data/cvd.db')
  beforeEach(async () => {
    since = await started()
  })
  // Refused means: the service was not touched, and the database is the same file.
  afterEach(async ({ task }) => {
    if (!task.name.startsWith('H10')) expect(await started()).toBe(since)
  })
  const confirmed: Confirmation = { confirm: name, reason: 'a test' }
  const ask = (confirmation = confirmed) =>
    restorePart(desk.console.context, desk.console.runner, site, showPath(backup), confirmation)
  /** Like a console that skips its own checks: does the server refuse? */
  const restore = (...options: string[]) => desk.run(site, 'restore', 'database', { path: backup }, ...options)

  it('that is not confirmed is refused by the console and by the server', async () => {
    expect(failureOf(await ask({ ...confirmed, confirm: 'other' })).code).toBe('not-confirmed')
    expect(failureOf(await ask({ ...confirmed, reason: ' ' })).code).toBe('not-confirmed')
    expect(await restore('--confirm', 'other', '--reason', 'x')).toMatchObject({ code: 'not-confirmed' })
    expect(await restore('--confirm', name)).toMatchObject({ outcome: 'failed', code: 'not-confirmed' })
  })

  it('of a backup other than the planned one is refused', async () => {
    const entry = await restore('--confirm', name, '--reason', 'x', '--expect-sha256', 'f'.repeat(64))
    expect(entry).toMatchObject({ outcome: 'failed', code: 'plan-stale' })
  })

  it('on another machine than the added one is refused by the console and by the server', async () => {
    const id = await server.readFile('/etc/machine-id')
    // A server that was rebuilt from an image, with the same keys.
    await server.writeFile('/etc/machine-id', `${'0123456789abcdef'.repeat(2)}\n`)
    try {
      const refused = failureOf(await ask())
      expect(refused).toMatchObject({ code: 'wrong-site', message: expect.stringContaining(id) })
      expect(failureOf(await makeBackup(desk.console.context, desk.console.runner, site)).code).toBe('wrong-site')
      expect(await restore('--confirm', name, '--reason', 'x', '--expect-machine', id)).toMatchObject({
        ...{ outcome: 'failed', code: 'wrong-site' },
      })
    } finally {
      await server.writeFile('/etc/machine-id', `${id}\n`)
    }
  })

  it('by a login without rights is refused before anything is done', async () => {
    await using clerks = new ServerDesk('clerk@desk')
    const other = await clerks.add(server, { login: 'unprivileged' })
    const { context: inner, runner } = clerks.console
    await server.must(`chmod 644 ${showPath(backup)}`)
    expect(failureOf(await restorePart(inner, runner, other, showPath(backup), confirmed)).code).toBe('checks-failed')
    const options = ['--confirm', name, '--reason', 'x']
    expect(await clerks.run(other, 'restore', 'database', { path: backup }, ...options)).toMatchObject({
      ...{ outcome: 'failed', code: 'no-rights', unchanged: expect.stringContaining('nothing was changed') },
    })
    const foreign = failureOf(
      await undoRestore(inner, runner, other, '20260101T000000Z-restore-aaaaaa', { ...confirmed, confirm: 'x' }),
    )
    expect(foreign.code).toBe('not-confirmed')
  })

  it('H10, H11: while another administrator restores is refused with that name; reading still works', async () => {
    const failpoint = '/var/lib/cvd-backup/failpoint'
    await server.must(`echo 'staged pause' > ${failpoint}`)
    await using second = new ServerDesk('second@desk')
    try {
      const ready = desk.stepped('ready', 'done')
      const first = must(await ask())
      await ready
      const there = await second.add(server)
      const { remoteOperation } = desk.console.context.store.operations.byId(first.id) ?? {}
      const { lock } = await second.inspect(there)
      expect(lock).toMatchObject({
        held: true,
        holder: { command: 'restore', who: 'tester@desk', operation: remoteOperation },
      })
      const busy = { outcome: 'failed', code: 'busy', message: expect.stringContaining('tester@desk') }
      const asked = must(await makeBackup(second.console.context, second.console.runner, there))
      expect(await second.settled(asked)).toMatchObject(busy)
      const refused = failureOf(
        await restorePart(second.console.context, second.console.runner, there, showPath(backup), confirmed),
      )
      expect(refused).toMatchObject({ code: 'checks-failed', message: expect.stringContaining('tester@desk') })
      const forced = ['--confirm', name, '--reason', 'x']
      expect(await second.run(there, 'restore', 'database', { path: backup }, ...forced)).toMatchObject(busy)
      expect(await second.run(there, 'recover')).toMatchObject(busy)
      // Reading does not wait.
      expect((await second.verify(there, backup)).backups).toMatchObject([{ verdict: 'verified' }])
      const { plan } = must(await planRestore(second.console.context, there, showPath(backup)))
      expect(plan.tables.length).toBeGreaterThan(30)
      expect(plan.checks).toContainEqual(expect.objectContaining({ check: 'lock', state: 'failed' }))
      // None of this disturbed the first one, which completes.
      expect(await started()).toBe(since)
      await server.must(`rm ${failpoint}`)
      expect(await desk.settled(first)).toMatchObject({ outcome: 'succeeded' })
      expect((await second.inspect(there)).lock).toEqual({ held: false, holder: null })
    } finally {
      await server.must(`rm -f ${failpoint}`)
    }
  })
})
