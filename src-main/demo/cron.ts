/** Does for the demo site what cron does for a server: reads its folder of jobs, and runs what is due. */
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DemoSite } from './site.ts'

export interface CronJob {
  /** Of the hour. */
  readonly minutes: ReadonlySet<number>
  readonly command: string
}

/** The jobs of a file for cron that run in every hour, as the kit writes them: `3-59/10 * * * * root COMMAND`. */
export function cronJobs(text: string): CronJob[] {
  return text.split('\n').flatMap((line) => {
    const [, first, step, command] = /^(\d{1,2})-59\/(\d{1,2}) \* \* \* \* \S+ (.+)$/.exec(line) ?? []
    if (first === undefined || step === undefined || command === undefined) return []
    const every = Math.max(1, Number(step))
    const minutes = new Set(
      Array.from({ length: 60 }, (_, minute) => minute).filter((minute) => {
        return minute >= Number(first) && (minute - Number(first)) % every === 0
      }),
    )
    return [{ minutes, command }]
  })
}

function jobsOf({ etc }: Pick<DemoSite, 'etc'>): CronJob[] {
  const folder = join(etc, 'cron.d')
  return readdirSync(folder).flatMap((name) => cronJobs(readFileSync(join(folder, name), 'utf8')))
}

/** Starts looking, once a minute. Returns what stops it; what it has started ends with the site. */
export function startCron(site: DemoSite): () => void {
  const look = () => {
    const minute = new Date().getMinutes()
    for (const { minutes, command } of jobsOf(site)) {
      if (minutes.has(minute)) spawn('/bin/sh', ['-c', command], { env: { ...site.env }, cwd: '/', stdio: 'ignore' })
    }
  }
  const timer = setInterval(look, 60_000)
  timer.unref()
  return () => clearInterval(timer)
}
