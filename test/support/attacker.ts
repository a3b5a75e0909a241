/** Plays the application's user as an attacker on a real server, and checks what he must never reach. */

import { alongside } from './server-faults.ts'
import type { Server } from './servers/server.ts'

/** A folder of root with a database that only root may read; the attacker must never get its text. */
export const stranger = '/srv/stranger'
const secret = 'nobody-but-root-4711'

/** Runs a command line as the application's user. */
export async function asApplication(server: Server, line: string): Promise<string> {
  return await server.must('setpriv --reuid=cvdapp --regid=www-data --clear-groups /bin/bash -c "$(cat)"', {
    stdin: line,
  })
}

export async function makeStranger(server: Server): Promise<void> {
  await server.must(`rm -rf /srv/stranger /srv/sticky && mkdir -m 755 -p ${stranger} && mkdir -m 1777 /srv/sticky && cd ${stranger} &&
    sqlite3 cvd.db "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO users VALUES (1, '${secret}');
      CREATE TABLE devices (id INTEGER PRIMARY KEY); INSERT INTO devices VALUES (1);
      CREATE TABLE service_orders (id INTEGER PRIMARY KEY); INSERT INTO service_orders VALUES (1);" &&
    chmod 600 cvd.db && echo precious > precious && chmod 644 precious && rm -f /var/tmp/taken`)
}

/** The attacker's targets: every file outside the CVD root that no operation of the kit may change. */
export async function outside(server: Server): Promise<string> {
  return await server.must(
    `find /srv /etc /root /home /usr/local /var/tmp /var/lib /tmp -xdev \\( -path /var/lib/cvd-backup -o -path '/var/lib/systemd/*' -o -path '/tmp/systemd-private-*' -o -path '/var/tmp/systemd-private-*' -o -path /etc/systemd/system/cvd-backup-recover.service -o -path '/etc/systemd/system/multi-user.target.wants*' -o -path /etc/systemd/system -o -path '/tmp/gate-*' -o -path /srv/sticky \\) -prune -o ! -path /tmp ! -path /var/tmp ! -path /srv/sticky -printf '%p %i %s %T@ %m %U %G\\n' | sort`,
  )
}

/** Lists where the secret occurs below the CVD root, in plain and compressed files. */
export async function given(server: Server): Promise<string> {
  return await server.must(
    `{ grep -rlF '${secret}' /opt/cvd 2>/dev/null; find /opt/cvd -name '*.gz' -exec sh -c 'gzip -dc "$1" 2>/dev/null | grep -qF "${secret}" && echo "$1"' - {} \\;; } || true`,
  )
}

/**
 * Replaces folders and files of the CVD root with links to root's folder as fast as possible, and stops or kills
 * processes that run as the application's user for a backup.
 */
export async function raceOf(server: Server): Promise<AsyncDisposable> {
  const script = `cd /opt/cvd || exit 1
    swap() { # NAME
      mv -T "$1" "$1.away" 2>/dev/null || return
      ln -sT ${stranger} "$1" 2>/dev/null
      rm -f "$1" 2>/dev/null
      mv -nT "$1.away" "$1" 2>/dev/null
    }
    hide() { # WORK-FOLDER
      mv -T "$1" "$1.away" 2>/dev/null || return
      ln -sT ${stranger}/new "$1" 2>/dev/null
      (( RANDOM % 3 )) || return
      rm -f "$1"
      mv -nT "$1.away" "$1" 2>/dev/null
    }
    while :; do
      for one in logs backups data; do swap "$one"; done
      for one in backups/.cvd-backup-???????? data/.cvd-backup-????????; do [[ ! -e $one ]] || hide "$one"; done
      for one in data/cvd.db data/cvd.db-wal data/cvd.db-shm; do
        (( RANDOM % 8 )) || { ln -sT ${stranger}/cvd.db "$one.link" 2>/dev/null && mv -T "$one" "$one.kept" 2>/dev/null && mv -T "$one.link" "$one" && rm -f "$one" && mv -nT "$one.kept" "$one" 2>/dev/null; }
      done
      (( RANDOM % 5 )) || for pid in $(pgrep -u cvdapp -x 'sqlite3|dd|bash' | grep -vx "$$"); do
        [[ $(tr '\\0' ' ' </proc/$pid/cmdline 2>/dev/null) != *cvd-backup* && $(cat /proc/$pid/comm 2>/dev/null) == bash ]] || kill -$( (( RANDOM % 2 )) && echo KILL || echo STOP) "$pid" 2>/dev/null
      done
    done`
  await server.must('cat > /srv/sticky/attack && chmod 755 /srv/sticky/attack', {
    stdin: `#!/bin/bash\n${script}\n`,
  })
  return await alongside(
    server,
    'attacker',
    'exec setpriv --reuid=cvdapp --regid=www-data --clear-groups /bin/bash /srv/sticky/attack',
  )
}

/** Restores the name of everything that the attacker renamed. */
export async function repair(server: Server): Promise<void> {
  await server.must(`rm -f /srv/sticky/attack; pkill -CONT -u cvdapp || true
    cd /opt/cvd; for one in logs backups data; do [ ! -L "$one" ] || rm -f "$one"; [ -e "$one" ] || mv -T "$one.away" "$one"; done
    find . -xdev -type l -lname '/srv/*' -delete
    cd data; [ -e cvd.db ] || for kept in cvd.away cvd.db.kept $(ls -t cvd.db.pre-restore.*[0-9] 2>/dev/null); do [ ! -e "$kept" ] || { cp -p "$kept" cvd.db; break; }; done
    rm -rf /opt/cvd/*/.cvd-backup-* cvd.away cvd.db*.kept`)
}
