/** Starts the console in its own window, from plain Node. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { electronRuntime } from './presence.ts'

const fromTop = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url))

const shell = fromTop('dist/main/electron.js')

/** Downloads the runtime with the package's own installer, which verifies it. */
async function fetchRuntime(): Promise<void> {
  const child = spawn(process.execPath, [fromTop('node_modules/electron/install.js')], { stdio: 'inherit' })
  await new Promise((resolve) => child.once('exit', resolve).once('error', resolve))
}

/** Starts the window with these command-line arguments. */
export type OpenWindow = (words: readonly string[]) => ChildProcess

/**
 * Returns the function that opens the window, or why none can be opened here. Downloads a missing runtime if possible.
 */
export async function ownWindow(say: (text: string) => void): Promise<OpenWindow | { readonly reason: string }> {
  if (!existsSync(shell)) return { reason: 'the window was not built (npm run build)' }
  let runtime = await electronRuntime()
  if (runtime.state === 'fetchable') {
    say('Fetching the Electron runtime, once …')
    await fetchRuntime()
    runtime = await electronRuntime()
  }
  if (runtime.state !== 'present') {
    return { reason: runtime.state === 'absent' ? runtime.reason : 'its runtime could not be fetched' }
  }
  const { executable } = runtime
  return (words) => spawn(executable, [shell, ...words], { stdio: 'inherit' })
}
