/**
 * A server's schedule at another time: what its services, or a cron, run sees a moved clock (libfaketime). The clock of the machine
 * stays, so nothing else notices. The server's own cron is off meanwhile.
 */
import type { Server } from './server.ts'

const library = '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1'
const folder = '/usr/local/lib/moved-clock'
const offset = `${folder}/offset`

/**
 * The units of a schedule start the kit with `env -i`, and the kit starts what reads data the same way: so the library comes
 * with `env`. All of them share one semaphore, which every user may open.
 */
const prepare = `set -eu
systemctl stop cron
mkdir -p ${folder} && cp /usr/bin/env ${folder}/env.real && printf '+0\\n' >${offset}
systemd-run --quiet --unit=moved-clock --setenv=LD_PRELOAD=${library} --setenv=FAKETIME=+0 sleep infinity
until p=$(systemctl show -p MainPID --value moved-clock) && [ -e /dev/shm/sem.faketime_sem_$p ] && [ -e /dev/shm/faketime_shm_$p ]; do sleep 0.1; done
chmod 666 /dev/shm/sem.faketime_sem_$p /dev/shm/faketime_shm_$p
cat >${folder}/variables <<END
LD_PRELOAD=${library}
FAKETIME_TIMESTAMP_FILE=${offset}
FAKETIME_SHARED="/faketime_sem_$p /faketime_shm_$p"
NO_FAKE_STAT=1
END
cat >${folder}/env <<'END'
#!/bin/bash
[[ \${1-} == -i ]] || exec ${folder}/env.real "$@"
shift
. ${folder}/variables
exec ${folder}/env.real -i LD_PRELOAD="$LD_PRELOAD" FAKETIME_TIMESTAMP_FILE="$FAKETIME_TIMESTAMP_FILE" \\
  FAKETIME_SHARED="$FAKETIME_SHARED" NO_FAKE_STAT=1 "$@"
END
chmod 755 ${folder}/env
mkdir -p /etc/systemd/system/cvd-backup-.service.d
printf '[Unit]\\nStartLimitIntervalSec=0\\n[Service]\\nBindReadOnlyPaths=${folder}/env:/usr/bin/env\\n' >/etc/systemd/system/cvd-backup-.service.d/moved-clock.conf
systemctl daemon-reload`

const restore = `systemctl stop moved-cron moved-clock 2>/dev/null
rm -rf ${folder} /etc/systemd/system/cvd-backup-.service.d
systemctl daemon-reload && systemctl start cron`

/** A unit whose `env` is ours, and in which there is no systemd but its journal. */
const withoutSystemd = `-p TemporaryFileSystem=/run/systemd -p BindPaths=/run/systemd/journal -p BindReadOnlyPaths=${folder}/env:/usr/bin/env`

export class MovedClock implements AsyncDisposable {
  readonly #server: Server

  private constructor(server: Server) {
    this.#server = server
  }

  static async on(server: Server): Promise<MovedClock> {
    await server.must(restore)
    await server.must(prepare)
    return new MovedClock(server)
  }

  /** Has what runs from now on see `time` (milliseconds). */
  async set(time: number): Promise<void> {
    await this.#server.must(`printf '%+d\\n' "$((${Math.round(time / 1000)} - $(date +%s)))" >${offset}`)
  }

  /** Runs a command line as on a server without systemd; returns its output. */
  async withoutSystemd(line: string): Promise<string> {
    return await this.#server.must(
      `systemd-run --quiet --wait --pipe --collect ${withoutSystemd} /usr/bin/env -i PATH="$PATH" /bin/bash -c '${line}'`,
    )
  }

  /** Starts a real cron at the moved time, where there is no systemd. The one before ends. */
  async startCron(): Promise<void> {
    await this.#server.must(
      `systemctl stop moved-cron 2>/dev/null; . ${folder}/variables; systemd-run --quiet --collect --unit=moved-cron ${withoutSystemd} -p KillMode=process \\
        --setenv=LD_PRELOAD="$LD_PRELOAD" --setenv=FAKETIME_TIMESTAMP_FILE="$FAKETIME_TIMESTAMP_FILE" --setenv=FAKETIME_SHARED="$FAKETIME_SHARED" /usr/sbin/cron -f -L 3`,
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.must(restore)
  }
}
