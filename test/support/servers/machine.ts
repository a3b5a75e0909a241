import { spawn } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, readlinkSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { childrenOf, isAlive, killProcess, type ProcessRef, processRef } from '../processes.ts'
import { waitUntil } from '../wait.ts'
import { networkName } from './network.ts'

/** The trees in which systemd keeps its control groups: one with cgroup 2, two on a hybrid system. */
function groupTrees(): string[] {
  const base = '/sys/fs/cgroup'
  if (existsSync(`${base}/cgroup.procs`)) return [base]
  return [`${base}/systemd`, `${base}/unified`].filter((tree) => existsSync(`${tree}/cgroup.procs`))
}

function groupsOf(number: number): string[] {
  return groupTrees().map((tree) => join(tree, networkName(number)))
}

/**
 * Powers a server on: systemd-nspawn boots the root file system in the server's own network. Answers as soon as
 * its process runs, long before anything answers in it. It outlives this process.
 */
export function powerOn(number: number, hostname: string, root: string, consoleLog: string): ProcessRef {
  const groups = groupsOf(number)
  for (const group of groups) mkdirSync(group, { recursive: true })
  const log = openSync(consoleLog, 'a')
  // A group of its own first: nspawn uses the group it is in, and two servers in one would disturb each other.
  const child = spawn(
    '/bin/sh',
    [
      '-c',
      'n=$1; shift; while [ "$n" -gt 0 ]; do echo $$ > "$1/cgroup.procs" || exit 1; shift; n=$((n - 1)); done; exec "$@"',
      'sh',
      String(groups.length),
      ...groups,
      'systemd-nspawn',
      '--quiet',
      '--boot',
      '--register=no',
      '--keep-unit',
      '--settings=no',
      '--link-journal=no',
      '--resolv-conf=off',
      '--timezone=off',
      `--hostname=${hostname}`,
      `--machine=${networkName(number)}`,
      `--directory=${root}`,
      `--network-namespace-path=/run/netns/${networkName(number)}`,
      '--console=pipe',
    ],
    { detached: true, stdio: ['ignore', log, log] },
  )
  closeSync(log)
  child.unref()
  const machine = child.pid === undefined ? undefined : processRef(child.pid)
  if (machine === undefined) throw new Error(`systemd-nspawn did not start; see ${consoleLog}`)
  return machine
}

/** The server's own process 1 as this machine numbers it; undefined while there is none that could be entered. */
export function initOf(machine: ProcessRef | null): number | undefined {
  if (machine === null || !isAlive(machine)) return undefined
  return childrenOf(machine.pid).find((pid) => namespaceIds(pid) > 1 && hasNamespaces(pid))
}

/** What is ending has left its namespaces; a server's process 1 then waits for all others, and is there for as long. */
function hasNamespaces(pid: number): boolean {
  try {
    readlinkSync(`/proc/${pid}/ns/mnt`)
    return true
  } catch {
    return false
  }
}

/**
 * The beginning of a command line whose rest runs in a server. A shell stays outside and waits: nsenter would stop for ever
 * when its child is stopped, as a shutdown does with every process for an instant; and a server is never off while somebody
 * outside has not fetched the end of one of its processes.
 */
export function enter(init: number): [string, ...string[]] {
  const namespaces = ['--mount', '--uts', '--ipc', '--net', '--pid', '--no-fork', '--root', '--wd']
  return ['nsenter', '--target', String(init), ...namespaces, '--', '/bin/sh', '-c', '"$@"; exit $?', 'sh']
}

/** In how many nested pid namespaces a process has a number. */
function namespaceIds(pid: number): number {
  try {
    const line = /^NSpid:\s*(.+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
    return line?.[1]?.split(/\s+/).length ?? 0
  } catch {
    return 0
  }
}

/** Pulls the plug: every process of the server ends in the same instant, and nothing can object. */
export async function cutPower(number: number, machine: ProcessRef | null): Promise<void> {
  const init = initOf(machine)
  if (init !== undefined) killProcess(processRef(init))
  if (machine !== null && isAlive(machine)) {
    killProcess(machine)
    await waitUntil('systemd-nspawn to be gone', () => !isAlive(machine), { everyMs: 20 })
  }
  await waitUntil('the processes of the server to be gone', () => groupsOf(number).every(emptyGroup), { everyMs: 20 })
}

/** Kills what is left in a group of ours, and removes it. True when it is gone. */
function emptyGroup(group: string): boolean {
  if (!existsSync(group)) return true
  for (const entry of readdirSync(group, { withFileTypes: true })) {
    if (entry.isDirectory()) emptyGroup(join(group, entry.name))
  }
  try {
    for (const pid of readFileSync(join(group, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean).map(Number)) {
      killProcess(processRef(pid))
    }
    rmdirSync(group)
    return true
  } catch {
    return !existsSync(group)
  }
}
