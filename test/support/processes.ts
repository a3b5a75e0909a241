import { readdirSync, readFileSync } from 'node:fs'

/** Identifies a process even if its PID is reused. */
export interface ProcessRef {
  readonly pid: number
  /** Clock ticks since boot at its start, and the boot id. */
  readonly started: string
}

/** A process's start time, unique for its PID within this boot; undefined if there is none. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name in brackets may contain spaces and brackets: count fields after the last bracket.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    return `${boot}:${fields[19]}`
  } catch {
    return undefined
  }
}

/** A reference to a live process; undefined if it has ended. */
export function processRef(pid: number): ProcessRef | undefined {
  const started = startOf(pid)
  return started === undefined ? undefined : { pid, started }
}

/** Whether exactly this process is alive. */
export function isAlive(ref: ProcessRef | undefined): boolean {
  return ref !== undefined && startOf(ref.pid) === ref.started
}

/** Kills exactly this process; does nothing if it has ended. */
export function killProcess(ref: ProcessRef | undefined): void {
  if (ref === undefined || !isAlive(ref)) return
  try {
    process.kill(ref.pid, 'SIGKILL')
  } catch {
    // It ended in between.
  }
}

/** The PIDs of a process's children. */
export function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
    )
  } catch {
    return []
  }
}
