import { spawn } from 'node:child_process'
import { delimiter, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '../../..')

/** Runs a program in the checkout with our stdout and stderr; returns its exit code, null if a signal ended it. */
export function inherit(
  program: string,
  args: readonly string[],
  stdin?: Buffer,
  more: NodeJS.ProcessEnv = {},
): Promise<number | null> {
  // Put our own node first, even if npm did not start this.
  const env = {
    ...process.env,
    ...more,
    PATH: `${resolve(root, 'node_modules/.bin')}${delimiter}${process.env.PATH ?? ''}`,
  }
  return new Promise((done, reject) => {
    const child = spawn(program, args, {
      cwd: root,
      env,
      stdio: [stdin === undefined ? 'ignore' : 'pipe', 'inherit', 'inherit'],
    })
    child.on('error', reject)
    child.on('close', done)
    child.stdin?.on('error', () => undefined)
    child.stdin?.end(stdin)
  })
}
