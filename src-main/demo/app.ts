/** The demo's CVD application as its site sees it: a service, and its health endpoint. */
import { setTimeout as pause } from 'node:timers/promises'
import { mustRun, runProgram } from './processes.ts'

/** What the application's writer has done since the application started. */
export interface AppWrites {
  readonly succeeded: number
  readonly failed: number
  readonly lastError: string
  readonly lastSale: number
}

/** Milliseconds of unhealthy answers after which waiting is pointless. */
const SICK_MS = 5000

export interface Health {
  /** 0 if nothing answered. */
  readonly status: number
  readonly body: string
}

export interface DemoApp {
  readonly healthUrl: string
  /** Its current process; null while it is stopped. Changes with each start. */
  pid(): Promise<number | null>
  start(): Promise<void>
  stop(): Promise<void>
  health(): Promise<Health>
  /** Waits for status 200. Throws, with the last answer, after `timeoutMs` or after 5 s of unhealthy answers. */
  healthy(timeoutMs?: number): Promise<void>
  /** Throws while it is stopped. */
  writes(): Promise<AppWrites>
}

export function demoApp(service: string, port: number): DemoApp {
  const base = `http://127.0.0.1:${port}`
  const healthUrl = `${base}/api/health`
  const health = (): Promise<Health> => get(healthUrl)
  return {
    healthUrl,
    pid: async () => {
      const status = await runProgram(service, ['status', 'cvd'])
      const pid = /process (\d+)/.exec(status.stdout)?.[1]
      return status.code === 0 && pid !== undefined ? Number(pid) : null
    },
    start: async () => void (await mustRun(service, ['start', 'cvd'])),
    stop: async () => void (await mustRun(service, ['stop', 'cvd'])),
    health,
    healthy: async (timeoutMs = 60_000) => {
      let until = Date.now() + timeoutMs
      let answered = false
      for (;;) {
        const answer = await health()
        if (answer.status === 200) return
        if (answer.status !== 0 && !answered) {
          answered = true
          until = Math.min(until, Date.now() + SICK_MS)
        }
        if (Date.now() > until) throw new Error(`the application is not healthy: ${answer.status} ${answer.body}`)
        await pause(50)
      }
    },
    writes: async () => {
      const answer = await get(`${base}/api/writes`)
      if (answer.status !== 200) throw new Error(`the application does not answer: ${answer.status} ${answer.body}`)
      return JSON.parse(answer.body) as AppWrites
    },
  }
}

async function get(url: string): Promise<Health> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(5000) })
    return { status: answer.status, body: (await answer.text()).trim() }
  } catch (error) {
    return { status: 0, body: error instanceof Error ? String(error.cause ?? error.message) : String(error) }
  }
}
