/** Runs programs for the demo, and ends the processes it leaves behind. */
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'

export interface Finished {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program to its end. Rejects only if it cannot be started. */
export function runProgram(
  program: string,
  words: readonly string[],
  options: { readonly env?: Readonly<Record<string, string>>; readonly stdin?: string } = {},
): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, { env: options.env ?? process.env, stdio: ['pipe', 'pipe', 'pipe'] })
    const out = { stdout: '', stderr: '' }
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        out[name] += text
      })
    }
    child.stdin.on('error', () => {}) // it may exit without reading
    child.stdin.end(options.stdin ?? '')
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, ...out }))
  })
}

/** Like `runProgram`, but throws with the program's output if the exit code is not 0. */
export async function mustRun(...call: Parameters<typeof runProgram>): Promise<string> {
  const finished = await runProgram(...call)
  if (finished.code !== 0) {
    throw new Error(`${call[0]} ended with ${finished.code}: ${finished.stderr.trim() || finished.stdout.trim()}`)
  }
  return finished.stdout
}

/**
 * Ends every process with this environment variable, such as operations of the kit that detached from their channel.
 * Sends SIGTERM, then SIGKILL after two seconds.
 */
export async function endProcessesWith(name: string, value: string): Promise<void> {
  const asked = new Set<number>()
  for (let round = 0; round < 100; round++) {
    const left = processesWith(name, value)
    if (left.length === 0) return
    for (const pid of left) {
      if (asked.has(pid) && round < 40) continue
      asked.add(pid)
      try {
        process.kill(pid, round < 40 ? 'SIGTERM' : 'SIGKILL')
      } catch {
        // It ended in the meantime.
      }
    }
    await pause(50)
  }
}

/** Processes, other than this one, that were started with NAME=VALUE in their environment. */
export function processesWith(name: string, value: string): number[] {
  const wanted = Buffer.from(`\0${name}=${value}\0`)
  const found: number[] = []
  for (const entry of readdirSync('/proc')) {
    const pid = Number(entry)
    if (!Number.isInteger(pid) || pid === process.pid) continue
    try {
      const environment = Buffer.concat([Buffer.of(0), readFileSync(`/proc/${pid}/environ`)])
      if (environment.includes(wanted)) found.push(pid)
    } catch {
      // Gone, or another user's: not ours.
    }
  }
  return found
}
