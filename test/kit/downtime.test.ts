/** What a restore does while the service is down: how many processes it starts, and what it writes to disk, in order. */
import { execFileSync } from 'node:child_process'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, type TestContext } from 'vitest'
import { WorkingSite } from '../support/kit/working-site.ts'
import { ORDINARY } from '../support/scratch-site.ts'

const root = process.getuid?.() === 0

/** A program that logs its call and then becomes the system's program, in the same process. */
const telling = (name: string) =>
  `#!/bin/bash\nprintf '%s\\n' "${name} $*" >>"\${0%/*}/../log"\nexec /usr/bin/${name} "$@"\n`

/** The kit logs when it requests the stop, and when the site is healthy; each with the last PID by then. */
const marks = (log: string) => `
mark() { local last; read -r last </proc/sys/kernel/ns_last_pid; printf '%s\\n' "$1 $last" >>'${log}'; }
eval "true_$(declare -f services_do)"
services_do() { [[ $1 != stop ]] || mark down; true_services_do "$@"; }
eval "true_$(declare -f health_ask)"
health_ask() { true_health_ask "$@" || return; mark healthy; }`

/** The service program, which logs its own processes: between its two marks. It is up once it answers. */
const service = (program: string, socket: string, log: string) => `#!/bin/bash
mark() { local last; read -r last </proc/sys/kernel/ns_last_pid; printf '%s\\n' "$1 $last" >>'${log}'; }
mark "service $1"
'${program}' "$@"
status=$?
[[ $1 != start ]] || until curl -s --unix-socket '${socket}' http://localhost/ >/dev/null; do sleep 0.01; done
mark served
exit "$status"
`

interface Downtime {
  /** The processes that the restore starts; each call of the service program counts as one, whatever it starts itself. */
  readonly processes: number
  /** The calls of the service and the changes to files, in order. */
  readonly order: readonly string[]
}

/** One restore in a namespace where nobody else starts processes, so that PIDs count them. */
function restore(test: TestContext, ...behaviour: readonly string[]): Downtime {
  const programs = { sync: telling('sync'), mv: telling('mv'), perl: telling('perl') }
  const site = new WorkingSite({ wal: true, programs, owner: ORDINARY })
  test.onTestFinished(() => site.remove())
  const log = join(site.folder, 'log')
  const real = join(site.folder, 'bin/service')
  const backup = site.backup('cvd_backup_20260110_120000.db.gz')
  site.service('stop')
  site.behave(...behaviour)
  const program = join(site.folder, 'bin/telling')
  writeFileSync(program, service(real, site.socket, log))
  chmodSync(program, 0o755)
  site.policy({ service_program: program })
  const kit = readFileSync(site.kit, 'utf8')
  writeFileSync(
    site.kit,
    kit.replace(/\nmain "\$@"\n$/, () => `${marks(log)}\nmain "$@"\n`),
  )
  const script = `'${real}' start cvd && /bin/bash --noprofile --norc "$@"; status=$?; '${real}' stop cvd; exit "$status"`
  const words = ['/bin/bash', '-c', script, 'restore', site.kit, '--root', site.root, ...site.restoring(backup)]
  execFileSync('unshare', ['--pid', '--fork', '--mount-proc', '--kill-child', ...words], {
    env: { PATH: process.env.PATH, HOME: site.folder, CVD_BACKUP_STATE: site.state },
    stdio: 'pipe',
  })
  return downtime(readFileSync(log, 'utf8').replaceAll(/\.pre-restore\.\d{8}_\d{6}/g, '.kept'))
}

function downtime(log: string): Downtime {
  const lines = log.split('\n')
  const from = lines.findIndex((line) => line.startsWith('down '))
  const to = lines.findIndex((line, index) => index > from && line.startsWith('healthy '))
  const between = lines.slice(from, to + 1)
  const number = (line = '') => Number(line.split(' ').at(-1))
  let processes = number(between.at(-1)) - number(between[0])
  for (const [index, line] of between.entries()) {
    if (line.startsWith('served ')) processes -= number(line) - number(between[index - 1])
  }
  const order = between
    .filter((line) => !/^(served|down|healthy) /.test(line))
    .map((line) => line.replace(/^(service \w+) \d+$/, '$1').replace(/\/[^ ]*\/journal$/, 'journal'))
    // By mv or by perl, whichever renames without copying here.
    .map((line) => line.replace(/^(mv --no-copy -nT -- |perl .* -- -?\d+ )/, 'rename '))
    .map((line) => line.replaceAll(/\/proc\/self\/fd\/\d+\//g, 'held/'))
  return { processes, order }
}

describe.runIf(root)('while the service is down, a restore', () => {
  it('starts at most 13 processes, and syncs twice', (test) => {
    const { processes, order } = restore(test)
    expect(order).toEqual([
      'service stop',
      'service status',
      'sync -- journal',
      'rename cvd.db cvd.db.kept',
      'rename held/staged.db cvd.db',
      'sync -- held/. held/. journal',
      'service start',
    ])
    expect(processes).toBeLessThanOrEqual(13)
  })

  it('starts two more for the sidecars of a service that crashed', (test) => {
    const { processes, order } = restore(test, 'unclean')
    expect(order.filter((line) => !line.startsWith('service'))).toEqual([
      'sync -- journal',
      'rename cvd.db cvd.db.kept',
      'rename cvd.db-wal cvd.db.kept-wal',
      'rename cvd.db-shm cvd.db.kept-shm',
      'rename held/staged.db cvd.db',
      'sync -- held/. held/. journal',
    ])
    expect(processes).toBeLessThanOrEqual(15)
  })
})
