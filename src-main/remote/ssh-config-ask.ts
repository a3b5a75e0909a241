/** Asks ssh for its configuration of a host (`ssh -G`), for several hosts in parallel. */
import { spawn } from 'node:child_process'
import { serverWords } from './connection-failure.ts'
import { Slots } from './slots.ts'
import { type Settings, settingsOf } from './ssh-config-settings.ts'

interface Answer {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Maximum bytes of an answer; `ssh -G` prints far less. */
const maxAnswer = 1024 * 1024

/** Runs a program to its end or to the time limit, then kills it with all its children (`Match exec`). */
function run(program: string, args: readonly string[], limit: number): Promise<Answer | 'late'> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      // Its own process group, so that it can be killed as a whole. On Windows that would open a window.
      detached: process.platform !== 'win32',
      windowsHide: true,
    })
    const output = { stdout: '', stderr: '' }
    const collect = (name: 'stdout' | 'stderr') => (chunk: Buffer) => {
      if (output[name].length < maxAnswer) output[name] += chunk.toString('utf8')
    }
    child.stdout.on('data', collect('stdout'))
    child.stderr.on('data', collect('stderr'))
    const timer = setTimeout(() => {
      end(child.pid)
      child.kill('SIGKILL')
      child.stdout.destroy()
      child.stderr.destroy()
      resolve('late')
    }, limit)
    child.on('error', (error) => {
      clearTimeout(timer)
      reject(error)
    })
    child.on('close', (code) => {
      clearTimeout(timer)
      resolve({ code, ...output })
    })
  })
}

function end(group: number | undefined): void {
  if (group === undefined || process.platform === 'win32') return
  try {
    process.kill(-group, 'SIGKILL')
  } catch {
    // It has just ended.
  }
}

export async function isSsh(program: string): Promise<boolean> {
  const answer = await run(program, ['-V'], 10_000).catch(() => 'late' as const)
  return answer !== 'late' && answer.code === 0
}

export interface AskOptions {
  readonly ssh: string
  /** Configuration file, if not the default one. */
  readonly file: string | undefined
  /** Milliseconds per host. */
  readonly limit: number
  readonly atOnce: number
}

/** Throws, with a reason for the user, if ssh does not answer or reports a configuration error. */
export function askSsh({ ssh, file, limit, atOnce }: AskOptions): (alias: string) => Promise<Settings> {
  const slots = new Slots(atOnce)
  return async (alias) => {
    const slot = await slots.take()
    if (typeof slot !== 'function') throw new Error('ssh was not run')
    try {
      const answer = await run(ssh, ['-G', ...(file ? ['-F', file] : []), '--', alias], limit)
      if (answer === 'late') {
        throw new Error(`ssh did not answer within ${limit / 1000} seconds (a command in “Match exec”?)`)
      }
      if (answer.code !== 0) {
        // ssh names the file and line first, and ends with a summary.
        const [reason = `ssh ended with ${answer.code}`] = answer.stderr
          .split('\n')
          .filter((line) => line.trim() !== '')
        throw new Error(serverWords(reason).replace(/\.$/, ''))
      }
      const values = new Map<string, string[]>()
      for (const line of answer.stdout.split(/\r?\n/)) {
        const [, name, value] = /^(\S+) (.+)$/.exec(line) ?? []
        if (name && value) values.set(name.toLowerCase(), [...(values.get(name.toLowerCase()) ?? []), value])
      }
      return settingsOf(values, alias)
    } finally {
      slot()
    }
  }
}
