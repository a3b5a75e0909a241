import { createHash } from 'node:crypto'

export const suite = 'bookworm'

export const packages = [
  'systemd',
  'systemd-sysv',
  'dbus',
  'libpam-systemd',
  'openssh-server',
  'nginx-light',
  'sqlite3',
  'python3',
  'python3-venv',
  'python3-flask',
  'gunicorn',
  'curl',
  'sudo',
  'git',
  'procps',
  'iproute2',
  'lsof',
  'tar',
  'gzip',
  'pigz',
  'isal',
  'tzdata',
  'cron',
  'faketime',
]

/**
 * Runs once in every new root file system, by bash in a chroot. The venv is created here because that takes seconds and
 * is the same on every server.
 */
export const finishing = `set -eu
rm -f /etc/ssh/ssh_host_* /etc/machine-id /var/lib/dbus/machine-id /etc/nginx/sites-enabled/default
systemctl mask --quiet apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer \\
  console-getty.service systemd-udevd.service
systemctl disable --quiet e2scrub_reap.service || true
mkdir -p /opt/cvd/app
python3 -m venv --system-site-packages /opt/cvd/app/venv
cat > /opt/cvd/app/venv/bin/gunicorn <<'END'
#!/opt/cvd/app/venv/bin/python
import sys
from gunicorn.app.wsgiapp import run
sys.exit(run())
END
chmod 755 /opt/cvd/app/venv/bin/gunicorn
rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /usr/share/doc /usr/share/man /usr/share/locale
`

/** Changes whenever the resulting root file system would change. */
export function recipeHash(): string {
  return createHash('sha256')
    .update(JSON.stringify([suite, packages, finishing]))
    .digest('hex')
    .slice(0, 12)
}
