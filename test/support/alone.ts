import { spawn } from 'node:child_process'
import { once } from 'node:events'

/** Runs `work` while no other process on this machine holds the same lock file, which is not removed. */
export async function alone<T>(file: string, work: () => Promise<T>): Promise<T> {
  // The lock belongs to a child process that ends with our end of its stdin, so it is released however we end.
  const holder = spawn('flock', [file, '/bin/sh', '-c', 'echo held; exec cat'], { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = once(holder, 'close')
  const held = await Promise.race([once(holder.stdout, 'data').then(() => true), ended.then(() => false)])
  if (!held) throw new Error(`flock could not lock ${file}`)
  try {
    return await work()
  } finally {
    holder.stdin.end()
    await ended
  }
}
