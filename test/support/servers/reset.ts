/** The script that resets a server to its initial state. */

// Removes wrappers of the server's programs and background units (`test-…`) left by tests. Hanging processes (a
// failpoint, a stopped process) are killed: in the units of operations, and in the sessions of kits without one;
// repeatedly, as a killed process may just have started another. Without the mark of an open transaction nothing is
// recovered. Locks end with their processes.
export const endHanging = `mkdir -p /opt/cvd/data
rm -f /usr/local/sbin/* /tmp/gate-* /var/lib/cvd-backup/unfinished
kits='/cvd-backup/kit/[0-9a-f]{64}/cvd-backup'
for turn in $(seq 100); do
  systemctl kill --kill-who=all --signal=KILL 'test-*.service' 'cvd-backup-*.service' 2>/dev/null
  for pid in $(pgrep -f "$kits"); do
    session=$(ps -o sid= -p "$pid" | tr -d ' ')
    if [ "\${session:-0}" = 0 ]; then kill -KILL "$pid" 2>/dev/null; else pkill -KILL -s "$session"; fi
  done
  units=$(systemctl list-units --no-legend --state=active,activating,deactivating,reloading 'test-*.service' 'cvd-backup-*.service')
  [ -n "$units$(pgrep -f "$kits work")" ] || break
  sleep 0.1
done
rm -f /var/lib/cvd-backup/failpoint /home/*/.local/state/cvd-backup/failpoint
systemctl disable --quiet --now cvd-backup-recover 2>/dev/null
rm -f /etc/systemd/system/cvd-backup-recover.service
flock -w 20 /opt/cvd/data true
`

export const renew = `set -e
systemctl stop cvd
lsof -t +D /opt/cvd/data 2>/dev/null | xargs -r kill -KILL || true
awk '$1 == "limited" { print $2 }' /proc/mounts | sort -r | while read -r folder; do umount "$folder"; done
chattr -i /opt/cvd/data
find /opt/cvd -mindepth 1 -maxdepth 1 -regextype egrep -not -regex '.*/(app|backups|config|data|logs)' -exec rm -rf {} +
find /opt/cvd/data /opt/cvd/logs -mindepth 1 -delete
find /opt/cvd/backups -mindepth 1 -not -path /opt/cvd/backups/app -not -path /opt/cvd/backups/system -delete
rm -rf /var/lib/cvd-backup /root/.local /home/*/.local
rm -rf /etc/systemd/system/cvd*.service.d /etc/systemd/system/cvd-extra.service /etc/pip.conf /srv/index
find /etc/systemd/system /etc/nginx/sites-* -maxdepth 1 '(' -name '*.pre-restore.*' -o -name '.cvd-backup-*' ')' -exec rm -rf {} +
echo WRITER_INTERVAL_MS=200 > /etc/default/cvd-writer
chown -R cvdapp:www-data /opt/cvd/data /opt/cvd/logs /opt/cvd/backups
`
