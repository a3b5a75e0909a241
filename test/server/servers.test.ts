import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { command } from '../support/command.ts'
import type { Server } from '../support/servers/server.ts'
import { onBoth, sharedServers } from '../support/servers/shared.ts'
import { accountNames, type Login } from '../support/servers/spec.ts'
import { waitUntil } from '../support/wait.ts'

const { north, south } = sharedServers()

/** OpenSSH's own client with strict host-key checking, by key or (through an askpass program) by password. */
function ssh(server: Server, login: Login, line: string, { password = false, stdin = '' } = {}) {
  const account = server.account(login)
  const strict = ['-o', 'StrictHostKeyChecking=yes', '-o', `UserKnownHostsFile=${server.folder}/known_hosts`]
  const how = password
    ? ['-o', 'PubkeyAuthentication=no', '-o', 'PreferredAuthentications=password']
    : ['-o', 'BatchMode=yes', '-o', 'IdentitiesOnly=yes', '-i', account.keyFile]
  const askpass = { SSH_ASKPASS: '/bin/cat', SSH_ASKPASS_REQUIRE: 'force' }
  const target = [`${account.user}@${server.address}`, line]
  if (!password) return command('ssh', ['-F', 'none', ...strict, ...how, ...target], stdin)
  const program = `#!/bin/sh\nexec cat ${server.folder}/password.${account.user}\n`
  return command(
    'bash',
    [
      '-c',
      'f=$(mktemp) && cat > "$f" && chmod 700 "$f" && SSH_ASKPASS=$f ssh "$@" < /dev/null; r=$?; rm -f "$f"; exit $r',
      'ssh',
      '-F',
      'none',
      ...strict,
      ...how,
      ...target,
    ],
    program,
    { env: { ...process.env, ...askpass } },
  )
}

onBoth('a test server', (server) => {
  beforeAll(() => server.reset())

  it('has the layout, owners and modes of a CVD server', async () => {
    const stat = await server.must(
      "cd /opt/cvd && stat -c '%n %U:%G %a' . app app/.git app/venv app/app.py data data/cvd.db config config/.env backups backups/app backups/system logs",
    )
    expect(stat.split('\n')).toEqual([
      '. cvdapp:www-data 755',
      'app cvdapp:www-data 755',
      'app/.git cvdapp:www-data 755',
      'app/venv cvdapp:www-data 755',
      'app/app.py cvdapp:www-data 755',
      'data cvdapp:www-data 755',
      'data/cvd.db cvdapp:www-data 755',
      'config cvdapp:www-data 755',
      'config/.env cvdapp:www-data 600',
      'backups cvdapp:www-data 755',
      'backups/app cvdapp:www-data 755',
      'backups/system cvdapp:www-data 755',
      'logs cvdapp:www-data 755',
    ])
    expect(await server.must('git -C /opt/cvd/app log --oneline', { user: 'cvdapp' })).toMatch(/CVD 2\.4\.1$/)
    expect(await server.must('grep include-system /opt/cvd/app/venv/pyvenv.cfg')).toBe(
      'include-system-site-packages = true',
    )
  })

  it('runs a hardened service with four gunicorn workers, nginx and sshd under systemd', async () => {
    const shown = await server.must(
      'systemctl show cvd -p User -p Group -p Restart -p RestartUSec -p NoNewPrivileges -p PrivateTmp -p ProtectSystem -p ReadWritePaths -p ActiveState',
    )
    const properties = Object.fromEntries(shown.split('\n').map((line) => line.split('=') as [string, string]))
    expect(properties).toMatchObject({
      User: 'cvdapp',
      Group: 'www-data',
      Restart: 'always',
      RestartUSec: '5s',
      NoNewPrivileges: 'yes',
      PrivateTmp: 'yes',
      ProtectSystem: 'strict',
      ActiveState: 'active',
    })
    expect(properties.ReadWritePaths).toContain('/opt/cvd/data')
    // One master and its four workers.
    const gunicorns = async () => (await server.must('pgrep -c -u cvdapp gunicorn')) === '5'
    await waitUntil('five gunicorn processes', gunicorns)
    expect(await server.must('systemctl is-active nginx ssh cvd-writer')).toBe('active\nactive\nactive')
    expect(await server.must('systemctl is-system-running')).toBe('running')
    // The hardening is in effect, not only configured.
    const escaped = await server.run(
      'nsenter --target "$(systemctl show -P MainPID cvd)" --mount touch /etc/written-by-cvd',
    )
    expect(escaped.stderr).toContain('Read-only file system')
  })

  it('answers on /api/health, also through nginx, and 404 on /health', async () => {
    expect(await server.health()).toEqual({ status: 200, body: '{"database":"connected","status":"healthy"}\n' })
    expect((await server.health('/health')).status).toBe(404)
    expect(await httpStatus(server.address, '/api/health')).toBe(200)
    expect(await httpStatus(server.address, '/health')).toBe(404)
    expect(JSON.parse((await server.health('/api/devices')).body)).toHaveLength(46)
  })

  it('accepts orders over HTTP', async () => {
    const where =
      server.spec.health === 'tcp' ? 'http://127.0.0.1:5000' : '--unix-socket /opt/cvd/app/cvd.sock http://cvd'
    const answer = await server.must(
      `curl -sf -H 'Content-Type: application/json' -d '{"total_units":4321}' ${where}/api/orders`,
    )
    const { id } = JSON.parse(answer) as { id: number }
    expect(await server.query(`SELECT total_units, status FROM service_orders WHERE id = ${id}`)).toBe('4321|pending')
  })

  it('has a database of 31 tables, 59 indexes and 2 triggers, with two foreign key violations', async () => {
    const counts = "SELECT type, count(*) FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' GROUP BY type ORDER BY type"
    expect(await server.query(counts)).toBe('index|59\ntable|31\ntrigger|2')
    expect(await server.query('PRAGMA journal_mode')).toBe(server.spec.journal)
    expect(await server.query('PRAGMA user_version')).toBe('14')
    expect(await server.query('PRAGMA integrity_check')).toBe('ok')
    expect(await server.query('PRAGMA foreign_key_check')).toBe('planogram_slots|1081|products|0\nsales|1201|devices|1')
    expect(await server.query('SELECT (SELECT count(*) FROM users), (SELECT count(*) FROM devices)')).toBe('12|48')
    const size = Number(await server.must('stat -c %s /opt/cvd/data/cvd.db'))
    expect(size).toBeGreaterThan(1_500_000)
    expect(size).toBeLessThan(2_500_000)
  })

  it('is written to all the time, as its log truthfully records', async () => {
    await server.setWriterInterval(5)
    await server.writes(50)
    const report = await server.writer()
    expect(report.errors).toEqual([])
    expect(Number(await server.query('SELECT max(id) FROM sales'))).toBeGreaterThanOrEqual(report.lastSale)
    await server.setWriterInterval(200)
  })

  it('logs a write that failed', async () => {
    const { lines } = await server.writer()
    await server.must('systemctl stop cvd-writer && cd /opt/cvd/data && mv cvd.db away && systemctl start cvd-writer')
    await waitUntil('a failed write', async () => (await server.writer(lines)).errors.length > 0)
    expect((await server.writer(lines)).errors[0]).toContain('unable to open database file')
    await server.must('mv /opt/cvd/data/away /opt/cvd/data/cvd.db')
    await server.writes()
  })

  it.each([
    ['missing', 'rm -f cvd.db*'],
    ['empty', 'rm -f cvd.db* && touch cvd.db'],
    ['corrupt', 'rm -f cvd.db-* && yes damage | dd of=cvd.db bs=4096 count=8 conv=notrunc status=none'],
    ['without its tables', 'rm -f cvd.db* && sqlite3 cvd.db "CREATE TABLE other (id)" && chown cvdapp cvd.db'],
  ])('is unhealthy when the database is %s', async (_what, line) => {
    await server.must(`systemctl stop cvd && cd /opt/cvd/data && ${line} && systemctl start cvd`)
    const { status, body } = await waitUntil('an answer', async () => {
      const answer = await server.health()
      return answer.status !== 0 && answer
    })
    expect(status).toBe(500)
    expect(JSON.parse(body)).toMatchObject({ status: 'unhealthy' })
    await server.reset()
  })

  it('stops the writer with the application and starts it again with it', async () => {
    await server.must('systemctl stop cvd')
    expect((await server.run('systemctl is-active cvd cvd-writer')).stdout).toBe('inactive\ninactive\n')
    expect((await server.run('lsof -t /opt/cvd/data/cvd.db')).stdout).toBe('')
    await server.must('systemctl start cvd')
    await server.waitHealthy()
    await server.writes()
  })

  it('admits every account by key, with its intended rights', async () => {
    for (const login of Object.keys(accountNames) as Login[]) {
      const result = await ssh(server, login, 'id -un')
      expect(result).toMatchObject({ code: 0, stdout: `${accountNames[login]}\n` })
    }
    expect((await ssh(server, 'sudo-passwordless', 'sudo -n id -u')).stdout).toBe('0\n')
    expect((await ssh(server, 'sudo-password', 'sudo -n id -u')).stderr).toContain('a password is required')
    const password = `${server.account('sudo-password').password}\n`
    expect((await ssh(server, 'sudo-password', 'sudo -S -p "" id -u', { stdin: password })).stdout).toBe('0\n')
    expect((await ssh(server, 'sudo-password', 'sudo -S -p "" id -u', { stdin: 'wrong\n' })).code).not.toBe(0)
    expect((await ssh(server, 'unprivileged', 'cat /opt/cvd/config/.env')).stderr).toContain('Permission denied')
  })

  it('admits accounts by password, but root by key only', async () => {
    expect((await ssh(server, 'sudo-password', 'id -un', { password: true })).stdout).toBe('admin\n')
    expect((await ssh(server, 'sudo-passwordless', 'id -un', { password: true })).stdout).toBe('deploy\n')
    expect(await server.must('sshd -T | grep -i permitrootlogin')).toBe('permitrootlogin without-password')
  })

  it('presents the host key whose fingerprint we know', async () => {
    const scanned = await command('ssh-keyscan', ['-t', 'ed25519', server.address])
    const printed = await command('ssh-keygen', ['-l', '-f', '-'], scanned.stdout)
    expect(printed.stdout.split(' ')[1]).toBe(server.hostKeyFingerprint)
  })

  it('loses packets while the link is down, and nothing else', async () => {
    await server.dropLink()
    expect((await ssh(server, 'root', 'true', {})).code).toBe(255)
    await server.writes()
    await server.restoreLink()
    await waitUntil('the way back', async () => (await ssh(server, 'root', 'true')).code === 0)
  })

  it('runs out of disk space where it is told to', async () => {
    await server.must('echo kept > /opt/cvd/backups/kept')
    await server.limitDisk('/opt/cvd/backups', 2_000_000)
    expect((await server.run('head -c 3000000 /dev/zero > /opt/cvd/backups/large')).stderr).toContain('No space left')
    await server.must('rm /opt/cvd/backups/large')
    await server.releaseDisk('/opt/cvd/backups')
    expect(await server.readFile('/opt/cvd/backups/kept')).toBe('kept')
    await server.limitDisk('/opt/cvd/data', 8_000_000)
    await server.writes()
    expect(await server.must('stat -f -c %T /opt/cvd/data')).toBe('tmpfs')
    await server.releaseDisk('/opt/cvd/data')
    await server.writes()
  })

  it('comes back after a power cut with every committed sale', async () => {
    await server.setWriterInterval(5)
    await server.writes(20)
    await server.powerOff()
    await expect(async () => server.run('true')).rejects.toThrow('no power')
    await server.boot()
    const { lastSale } = await server.writer()
    expect(Number(await server.query(`SELECT count(*) FROM sales WHERE id = ${lastSale}`))).toBe(1)
    expect(await server.query('PRAGMA integrity_check')).toBe('ok')
    await server.setWriterInterval(200)
  })
})

describe('two servers', () => {
  afterAll(() => Promise.all([north.reset(), south.reset()]))

  it('share no identities', async () => {
    const identity = (server: Server) => server.must('cat /etc/machine-id /etc/hostname /etc/ssh/ssh_host_*_key.pub')
    const [one, other] = await Promise.all([identity(north), identity(south)])
    const shared = one.split('\n').filter((line) => other.split('\n').includes(line))
    expect(shared).toEqual([])
    expect(north.address).not.toBe(south.address)
  })

  it('differ in compressors and time zone as configured', async () => {
    expect(await north.must('type -P igzip pigz gzip')).toBe('/usr/bin/igzip\n/usr/bin/pigz\n/usr/bin/gzip')
    expect((await south.run('type -P igzip pigz gzip')).stdout).toBe('/usr/bin/gzip\n')
    expect(await north.must('date +%Z')).toMatch(/^CES?T$/)
    expect(await south.must('date +%Z')).toMatch(/^E[SD]T$/)
  })

  it('start and stop independently', async () => {
    await north.powerOff()
    expect((await south.health()).status).toBe(200)
    await north.boot()
    expect((await north.health()).status).toBe(200)
  })
})

function httpStatus(host: string, path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request({ host, path, timeout: 10_000 }, (answer) => {
      answer.resume()
      resolve(answer.statusCode ?? 0)
    })
    asked.on('error', reject)
    asked.end()
  })
}
