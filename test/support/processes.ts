import { readdirSync, readFileSync } from 'node:fs'

/** A process that cannot be taken for a later one with the same number. */
export interface ProcessRef {
  readonly pid: number
  /** Clock ticks since boot at which it started, and the boot itself. */
  readonly started: string
}

/** Start time of a process, unique for its number within this boot; undefined when there is none. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name in brackets may hold blanks and brackets: fields are counted after the last bracket.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    return `${boot}:${fields[19]}`
  } catch {
    return undefined
  }
}

/** A reference to a live process; undefined when it is gone. */
export function processRef(pid: number): ProcessRef | undefined {
  const started = startOf(pid)
  return started === undefined ? undefined : { pid, started }
}

/** True while exactly this process lives. */
export function isAlive(ref: ProcessRef | undefined): boolean {
  return ref !== undefined && startOf(ref.pid) === ref.started
}

/** Kills exactly this process; does nothing when it is gone. */
export function killProcess(ref: ProcessRef | undefined): void {
  if (ref === undefined || !isAlive(ref)) return
  try {
    process.kill(ref.pid, 'SIGKILL')
  } catch {
    // It ended in between.
  }
}

/** The children of a process, by number. */
export function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
    )
  } catch {
    return []
  }
}
