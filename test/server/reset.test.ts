/** A test that was broken off must not spoil the next one: `reset` ends whatever still runs on a server. */
import { expect, it } from 'vitest'
import { restoreDatabase } from '../../src-main/operations/restore-database.ts'
import { showPath } from '../../src-shared/domain/backup-path.ts'
import { must, ServerDesk } from '../support/server-desk.ts'
import { gate } from '../support/server-faults.ts'
import { sharedServers } from '../support/servers/shared.ts'
import { waitUntil } from '../support/wait.ts'

const { south: server } = sharedServers()

it('ends a restore that hangs in its transaction, and an operation of a login without rights', async () => {
  await server.reset()
  await using desk = new ServerDesk()
  const site = await desk.add(server)
  const { backup } = await desk.backUp(site)
  await server.must(`chmod 644 ${showPath(backup.path)}; echo 'staged pause' > /var/lib/cvd-backup/failpoint`)
  const ready = desk.stepped('ready', 'done')
  const confirmation = { confirm: 'south', reason: 'reset' }
  must(await restoreDatabase(desk.console.desk, desk.console.runner, site, showPath(backup.path), confirmation))
  await ready
  await using clerks = new ServerDesk('clerk@desk')
  const other = await clerks.add(server, { login: 'unprivileged' })
  const held = await gate(server, 'gzip', '*-dc*')
  clerks.start(other, 'verify', { path: backup.path })
  await held.reached()
  await server.reset()
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
}, 120_000)
