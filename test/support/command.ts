import { type SpawnOptionsWithoutStdio, spawn } from 'node:child_process'

export interface CommandResult {
  /** Null if a signal ended it: never a success. */
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program to its end with `stdin` as input. Rejects only if it cannot be started. */
export function command(
  program: string,
  args: readonly string[],
  stdin: string | Buffer = '',
  options: SpawnOptionsWithoutStdio = {},
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, options)
    const stdout: Buffer[] = []
    const stderr: Buffer[] = []
    child.stdout.on('data', (data: Buffer) => stdout.push(data))
    child.stderr.on('data', (data: Buffer) => stderr.push(data))
    child.on('error', reject)
    child.on('close', (code) =>
      resolve({ code, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() }),
    )
    // A program may exit without reading its input.
    child.stdin.on('error', () => undefined)
    child.stdin.end(stdin)
  })
}

/** Like `command`, but returns stdout without the last line break and throws if the program fails. */
export async function must(
  program: string,
  args: readonly string[],
  stdin: string | Buffer = '',
  options: SpawnOptionsWithoutStdio = {},
): Promise<string> {
  const result = await command(program, args, stdin, options)
  if (result.code !== 0) {
    throw new Error(`${program} ${args.join(' ')} ended with ${result.code}: ${result.stderr || result.stdout}`)
  }
  return result.stdout.replace(/\n$/, '')
}
