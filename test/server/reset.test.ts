/** An aborted test must not affect the next one: `reset` ends whatever still runs on a server. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { renameSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, expect, it } from 'vitest'
import { restorePart } from '../../src-main/operations/restore-part.ts'
import { showPath } from '../../src-shared/domain/backup-path.ts'
import { command } from '../support/command.ts'
import { must, ServerDesk } from '../support/server-desk.ts'
import { gate } from '../support/server-faults.ts'
import { initOf } from '../support/servers/machine.ts'
import { load } from '../support/servers/registry.ts'
import type { Server } from '../support/servers/server.ts'
import { onBoth, sharedServers } from '../support/servers/shared.ts'
import { waitUntil } from '../support/wait.ts'

const { north, south: server } = sharedServers()
const machineOf = ({ number }: Server) => load(number).machine

afterAll(() => Promise.all([north.reset(), server.reset()]))

it('ends a restore that hangs in its transaction, and an operation of a login without rights', async () => {
  await server.reset()
  await using desk = new ServerDesk()
  const site = await desk.add(server)
  const { backup } = await desk.backUp(site)
  await server.must(`chmod 644 ${showPath(backup.path)}; echo 'staged pause' > /var/lib/cvd-backup/failpoint`)
  const ready = desk.stepped('ready', 'done')
  const confirmation = { confirm: 'south', reason: 'reset' }
  must(await restorePart(desk.console.context, desk.console.runner, site, showPath(backup.path), confirmation))
  await ready
  await using clerks = new ServerDesk('clerk@desk')
  const other = await clerks.add(server, { login: 'unprivileged' })
  const held = await gate(server, 'gzip', '*-dc*')
  clerks.start(other, 'verify', { path: backup.path })
  await held.reached()
  const before = machineOf(server)
  await server.reset()
  expect(machineOf(server)).toEqual(before)
  const kits = () => server.run('pgrep -f "/kit/[0-9a-f]{64}/cvd-backup work"')
  await waitUntil('no worker', async () => (await kits()).stdout === '')
  await server.must('flock -n /opt/cvd/data true')
  expect(
    await server.must(
      'ls -A /var/lib/ | grep -c cvd-backup || true; ls -A /usr/local/sbin /opt/cvd/data | grep cvd-backup || true',
    ),
  ).toBe('0')
  expect((await server.health()).status).toBe(200)
  await using fresh = new ServerDesk()
  expect((await fresh.backUp(await fresh.add(server))).backup.verdict).toBe('verified')
})

// Some states on the one server, the others on the other.
onBoth('restores a server', (server) => {
  const machine = () => machineOf(server)
  const init = () => initOf(machine()) ?? 0
  let outside: ChildProcess | undefined

  afterEach(async () => {
    if (outside === undefined) return
    outside.kill('SIGKILL')
    await once(outside, 'close')
    outside = undefined
  })

  /** A process of the server that is never reaped: it was stopped, so nsenter stopped itself. */
  const neglected = async () => {
    outside = spawn('nsenter', ['--target', String(init()), '--pid', '--mount', 'sleep', '777'], { stdio: 'ignore' })
    await waitUntil('it to run', async () => (await server.run('pgrep -f "^sleep 777$"')).code === 0)
    await server.must('pkill -STOP -f "^sleep 777$"')
    const { pid } = outside
    await waitUntil(
      'nsenter to stop',
      async () => (await command('ps', ['-o', 'state=', `${pid}`])).stdout.trim() === 'T',
    )
  }
  const gone = () => waitUntil('its end', () => !server.hasPower)

  const states: readonly [string, () => Promise<unknown>][] = [
    ['that is off', () => server.powerOff()],
    ['that is shutting down', () => server.must('systemctl poweroff --no-block')],
    ['whose process 1 was killed', async () => process.kill(init(), 'SIGKILL')],
    ['whose process 1 hangs', async () => process.kill(init(), 'SIGSTOP')],
    ['whose nspawn was killed', async () => process.kill(machine()?.pid ?? 0, 'SIGKILL')],
    [
      'that has ended while its nspawn was stopped',
      async () => {
        process.kill(machine()?.pid ?? 0, 'SIGSTOP')
        await server.must('systemctl poweroff --no-block')
        await gone()
      },
    ],
    [
      'that cannot end because of an unreaped process',
      async () => {
        await neglected()
        process.kill(init(), 'SIGKILL')
        await gone()
      },
    ],
    ['without a data folder', () => server.must('systemctl stop cvd; mv /opt/cvd/data /opt/cvd/away')],
    [
      'whose application cannot be started',
      () => server.must(`${dropIn}; systemctl stop cvd; chattr +i /opt/cvd/data`),
    ],
  ]
  const share = server.name === 'north' ? 0 : 1
  it.each(states.filter((_, index) => index % 2 === share))('%s', async (_state, cause) => {
    await cause()
    await server.reset()
    expect((await server.health()).status).toBe(200)
    expect(await server.must('systemctl is-system-running')).toBe('running')
    expect(await server.must('ls /opt/cvd')).toBe('app\nbackups\nconfig\ndata\nlogs')
    expect(await server.query('SELECT count(*) FROM devices')).toBe('48')
  })
})

/** Keeps the application from starting. */
const dropIn =
  'mkdir -p /etc/systemd/system/cvd.service.d; printf "[Service]\\nExecStartPre=/bin/false\\n" > /etc/systemd/system/cvd.service.d/no.conf; systemctl daemon-reload'

it('lets a server shut down while a process from outside runs in it', async () => {
  await server.reset()
  const running = server.run('echo there >/run/there; sleep 777; exit 0')
  await waitUntil('it to run', async () => (await server.run('test -s /run/there')).code === 0)
  await server.must('systemctl poweroff --no-block')
  await server.waitOff()
  expect((await running).code).not.toBe(0)
  await expect(async () => server.run('true')).rejects.toThrow('no power')
  await server.boot()
})

it('says why a server does not boot', async () => {
  await server.reset()
  const program = join(server.folder, 'root/usr/lib/systemd/systemd')
  const away = `${program}.away`
  renameSync(program, away)
  try {
    await expect(server.boot()).rejects.toThrow(/south does not boot: systemd-nspawn has ended\n(.*\n)*.*No such file/)
  } finally {
    renameSync(away, program)
  }
  await server.boot()
})
