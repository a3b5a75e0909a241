/** Asks ssh itself what its configuration means for a host (`ssh -G`), for several hosts side by side. */
import { spawn } from 'node:child_process'
import { serverWords } from './connection-failure.ts'
import { Slots } from './slots.ts'
import { type Settings, settingsOf } from './ssh-config-settings.ts'

interface Answer {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** No answer of `ssh -G` is longer by far. */
const longest = 1024 * 1024

/** Runs a program to its end, or to the limit; then it ends with everything that it started (`Match exec`). */
function run(program: string, args: readonly string[], limit: number): Promise<Answer | 'late'> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own, so that it can be ended as a whole; on Windows that would open a window.
      detached: process.platform !== 'win32',
      windowsHide: true,
    })
    const said = { stdout: '', stderr: '' }
    const hear = (name: 'stdout' | 'stderr') => (chunk: Buffer) => {
      if (said[name].length < longest) said[name] += chunk.toString('utf8')
    }
    child.stdout.on('data', hear('stdout'))
    child.stderr.on('data', hear('stderr'))
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
      resolve({ code, ...said })
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
  /** Another configuration than the usual one. */
  readonly file: string | undefined
  /** Milliseconds for one host. */
  readonly limit: number
  readonly atOnce: number
}

/** Throws, with a reason for people, where ssh does not answer, or says that the configuration is wrong. */
export function askSsh({ ssh, file, limit, atOnce }: AskOptions): (alias: string) => Promise<Settings> {
  const slots = new Slots(atOnce)
  return async (alias) => {
    const slot = await slots.take()
    if (typeof slot !== 'function') throw new Error('ssh was not asked')
    try {
      const answer = await run(ssh, ['-G', ...(file ? ['-F', file] : []), '--', alias], limit)
      if (answer === 'late') {
        throw new Error(`ssh did not say within ${limit / 1000} seconds what it means (a command in “Match exec”?)`)
      }
      if (answer.code !== 0) {
        // ssh names file and line first, and at the end that it gives up.
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
