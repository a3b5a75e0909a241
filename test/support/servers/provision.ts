import { randomBytes } from 'node:crypto'
import { chmodSync, cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { must } from '../command.ts'
import { checkout } from './paths.ts'
import { accountNames, type ServerSpec } from './spec.ts'

const fixtures = join(checkout, 'test/fixtures/cvd')
const sql = join(checkout, 'src-main/demo/cvd')

/** Telemetry rows per megabyte of database, including their indexes. */
const unitsPerMb = 1028

const bindAddress = { tcp: '127.0.0.1:5000', unix: 'unix:/opt/cvd/app/cvd.sock' } as const

/** Turns a fresh copy of the root file system into the server of `spec`. */
export async function provision(
  root: string,
  spec: ServerSpec,
  machineId: string,
  passwords: Readonly<Record<string, string>>,
  publicKey: string,
): Promise<void> {
  identify(root, spec, machineId)
  if (spec.empty) rmSync(join(root, 'opt/cvd'), { recursive: true, force: true })
  else installApplication(root, spec)
  removeCompressors(root, spec)
  const accounts = Object.values(accountNames).filter((name) => name !== 'root')
  writeFileSync(join(root, 'root/authorized_keys'), publicKey)
  await inRoot(root, accountsScript, accounts)
  rmSync(join(root, 'root/authorized_keys'))
  await must('chroot', [root, 'chpasswd'], accounts.map((name) => `${name}:${passwords[name]}\n`).join(''))
  if (spec.empty) return
  await inRoot(root, siteUserScript, [])
  await makeDatabase(root, spec)
  await inRoot(root, ownershipScript, [])
}

function identify(root: string, spec: ServerSpec, machineId: string): void {
  const zone = spec.timezone ?? 'Etc/UTC'
  write(root, 'etc/machine-id', `${machineId}\n`)
  write(root, 'etc/hostname', `${spec.name}\n`)
  write(root, 'etc/hosts', `127.0.0.1 localhost\n127.0.1.1 ${spec.name}\n`)
  write(root, 'etc/timezone', `${zone}\n`)
  rmSync(join(root, 'etc/localtime'), { force: true })
  symlinkSync(`/usr/share/zoneinfo/${zone}`, join(root, 'etc/localtime'))
  write(root, 'etc/ssh/sshd_config.d/cvd.conf', 'KbdInteractiveAuthentication yes\nPermitRootLogin prohibit-password\n')
  write(root, 'etc/sudoers.d/deploy', 'deploy ALL=(ALL:ALL) NOPASSWD: ALL\n', 0o440)
}

function installApplication(root: string, spec: ServerSpec): void {
  const unix = spec.health === 'unix'
  const fill = (name: string, words: Readonly<Record<string, string>>): string =>
    Object.entries(words).reduce(
      (text, [word, value]) => text.replaceAll(`@${word}@`, value),
      readFileSync(join(fixtures, name), 'utf8'),
    )
  for (const folder of ['data', 'config', 'backups/app', 'backups/system', 'logs']) {
    mkdirSync(join(root, 'opt/cvd', folder), { recursive: true })
  }
  for (const name of ['app.py', 'writer.py', 'requirements.txt']) {
    cpSync(join(fixtures, name), join(root, 'opt/cvd/app', name))
  }
  write(root, 'opt/cvd/app/.gitignore', 'venv/\n__pycache__/\nai_cache.db\n*.sock\n')
  write(root, 'opt/cvd/config/settings.json', fill('settings.json', { NAME: spec.name }))
  write(
    root,
    'opt/cvd/config/.env',
    `SECRET_KEY=${randomBytes(24).toString('hex')}\nCVD_DATABASE=/opt/cvd/data/cvd.db\nCVD_ENVIRONMENT=production\n`,
    0o600,
  )
  write(root, 'etc/default/cvd-writer', 'WRITER_INTERVAL_MS=200\n')
  // A socket in the application's folder needs that folder writable for the service.
  const words = { BIND: bindAddress[spec.health], EXTRA_WRITE_PATHS: unix ? ' /opt/cvd/app' : '' }
  write(root, 'etc/systemd/system/cvd.service', fill('cvd.service', words))
  write(root, 'etc/systemd/system/cvd-writer.service', fill('cvd-writer.service', {}))
  write(root, 'etc/nginx/sites-available/cvd', fill('nginx-cvd.conf', { UPSTREAM: bindAddress[spec.health] }))
  symlinkSync('/etc/nginx/sites-available/cvd', join(root, 'etc/nginx/sites-enabled/cvd'))
}

function removeCompressors(root: string, spec: ServerSpec): void {
  const wanted: readonly string[] = spec.compressors ?? ['igzip', 'pigz']
  for (const name of ['igzip', 'pigz', 'unpigz']) {
    if (!wanted.includes(name.replace(/^un/, ''))) rmSync(join(root, 'usr/bin', name), { force: true })
  }
}

async function makeDatabase(root: string, spec: ServerSpec): Promise<void> {
  const read = (name: string): string => readFileSync(join(sql, name), 'utf8')
  const units = Math.round(Math.max(0, (spec.databaseMb ?? 0) - 1.7) * unitsPerMb)
  const grow =
    units === 0
      ? ''
      : `CREATE TEMP TABLE growth (units INTEGER); INSERT INTO growth VALUES (${units});\n${read('grow.sql')}`
  // Set the journal mode last: filling is faster without a log, and the file remembers the mode.
  const statements = `PRAGMA synchronous = OFF;\n${read('schema.sql')}\n${read('seed.sql')}\n${grow}\nPRAGMA journal_mode = ${spec.journal};\n`
  await must('chroot', [root, 'sqlite3', '-batch', '-bail', '/opt/cvd/data/cvd.db'], statements)
  await must(
    'chroot',
    [root, 'sqlite3', '/opt/cvd/app/ai_cache.db'],
    'CREATE TABLE cache (key TEXT PRIMARY KEY, value TEXT);',
  )
}

const siteUserScript = `set -eu
useradd --system --gid www-data --home-dir /opt/cvd --no-create-home --shell /bin/bash cvdapp
systemctl enable --quiet cvd.service cvd-writer.service
`

const accountsScript = `set -eu
for name in "$@"; do
  useradd --create-home --shell /bin/bash "$name"
done
usermod --append --groups sudo admin
install -d -m 700 /root/.ssh
install -m 600 /root/authorized_keys /root/.ssh/authorized_keys
for name in "$@"; do
  install -d -m 700 -o "$name" -g "$name" "/home/$name/.ssh"
  install -m 600 -o "$name" -g "$name" /root/authorized_keys "/home/$name/.ssh/authorized_keys"
done
ssh-keygen -A >/dev/null
systemctl enable --quiet ssh.service nginx.service
`

const ownershipScript = `set -eu
chown -R cvdapp:www-data /opt/cvd
chmod -R 755 /opt/cvd
chmod 600 /opt/cvd/config/.env
cd /opt/cvd/app
as() { setpriv --reuid=cvdapp --regid=www-data --clear-groups env HOME=/opt/cvd "$@"; }
as git init --quiet --initial-branch=main
as git -c user.name=CVD -c user.email=cvd@cvd.example add --all
as git -c user.name=CVD -c user.email=cvd@cvd.example commit --quiet --message 'CVD 2.4.1'
`

async function inRoot(root: string, script: string, args: readonly string[]): Promise<void> {
  await must('chroot', [root, '/bin/bash', '-s', '--', ...args], script)
}

function write(root: string, path: string, text: string, mode = 0o644): void {
  writeFileSync(join(root, path), text)
  chmodSync(join(root, path), mode)
}
