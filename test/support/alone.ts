import { spawn } from 'node:child_process'
import { once } from 'node:events'

/** Runs `work` while no other process of this machine does it under the same lock file, which stays. */
export async function alone<T>(file: string, work: () => Promise<T>): Promise<T> {
  // The lock belongs to a child that ends with our end of its input: it is gone with us, however we end.
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
