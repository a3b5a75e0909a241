/** Finds and ends the processes of a case that are not its service. */
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { WorkingSite } from '../kit/working-site.ts'

export interface LeftoverProcess {
  readonly pid: number
  readonly command: string
}

/** Processes that use this site and are not its service. */
export function leftovers(site: WorkingSite): readonly LeftoverProcess[] {
  const file = join(site.folder, 'run/cvd.pid')
  const service = existsSync(file) ? readFileSync(file, 'utf8').split(' ')[0] : ''
  const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return processes.flatMap((pid) => {
    try {
      const session = readFileSync(`/proc/${pid}/stat`, 'latin1')
        .replace(/^.*\) /s, '')
        .split(' ')[3]
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
      const mine = command.includes(site.folder) || readlinkSync(`/proc/${pid}/cwd`).startsWith(site.folder)
      return mine && session !== service ? [{ pid: Number(pid), command }] : []
    } catch {
      return []
    }
  })
}

/** Kills what a case left running. */
export function endLeftovers(site: WorkingSite): void {
  for (const { pid } of leftovers(site)) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It has already ended.
    }
  }
}
