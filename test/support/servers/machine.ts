import { spawn } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, readlinkSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { childrenOf, isAlive, killProcess, type ProcessRef, processRef } from '../processes.ts'
import { waitUntil } from '../wait.ts'
import { networkName } from './network.ts'

/** systemd's cgroup hierarchies: one with cgroup 2, two on a hybrid system. */
function groupTrees(): string[] {
  const base = '/sys/fs/cgroup'
  if (existsSync(`${base}/cgroup.procs`)) return [base]
  return [`${base}/systemd`, `${base}/unified`].filter((tree) => existsSync(`${tree}/cgroup.procs`))
}

function groupsOf(number: number): string[] {
  return groupTrees().map((tree) => join(tree, networkName(number)))
}

/**
 * Powers a server on: systemd-nspawn boots the root file system in the server's own network. Returns as soon as the
 * process runs, long before anything answers. It outlives this process.
 */
export function powerOn(number: number, hostname: string, root: string, consoleLog: string): ProcessRef {
  const groups = groupsOf(number)
  for (const group of groups) mkdirSync(group, { recursive: true })
  const log = openSync(consoleLog, 'a')
  // Create a cgroup first: nspawn uses its caller's, and two servers in one would disturb each other.
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

/** The PID of the server's init on this machine; undefined while it cannot be entered. */
export function initOf(machine: ProcessRef | null): number | undefined {
  if (machine === null || !isAlive(machine)) return undefined
  return childrenOf(machine.pid).find((pid) => namespaceIds(pid) > 1 && hasNamespaces(pid))
}

/** A process that is ending has left its namespaces; a server's init then waits for all others. */
function hasNamespaces(pid: number): boolean {
  try {
    readlinkSync(`/proc/${pid}/ns/mnt`)
    return true
  } catch {
    return false
  }
}

/**
 * The beginning of a command line that runs in a server. A shell stays outside and waits: nsenter would stop forever if
 * its child is stopped, as a shutdown briefly does with every process; and a server does not go off while the exit
 * status of one of its processes has not been collected.
 */
export function enter(init: number): [string, ...string[]] {
  const namespaces = ['--mount', '--uts', '--ipc', '--net', '--pid', '--no-fork', '--root', '--wd']
  return ['nsenter', '--target', String(init), ...namespaces, '--', '/bin/sh', '-c', '"$@"; exit $?', 'sh']
}

/** Number of nested PID namespaces in which a process has a PID. */
function namespaceIds(pid: number): number {
  try {
    const line = /^NSpid:\s*(.+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
    return line?.[1]?.split(/\s+/).length ?? 0
  } catch {
    return 0
  }
}

/** Cuts the power: every process of the server is killed at once. */
export async function cutPower(number: number, machine: ProcessRef | null): Promise<void> {
  const init = initOf(machine)
  if (init !== undefined) killProcess(processRef(init))
  if (machine !== null && isAlive(machine)) {
    killProcess(machine)
    await waitUntil('systemd-nspawn to be gone', () => !isAlive(machine), { everyMs: 20 })
  }
  await waitUntil('the processes of the server to be gone', () => groupsOf(number).every(emptyGroup), { everyMs: 20 })
}

/** Kills the processes in a cgroup and removes it. True if it is gone. */
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
