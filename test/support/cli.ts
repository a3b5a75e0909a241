/** Runs the command line like a user, in its own process. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'

const entry = fileURLToPath(new URL('../../src-main/entry/cli.ts', import.meta.url))

const jsonLine = z.looseObject({ kind: z.string() })
const resultLine = z.looseObject({
  kind: z.literal('result'),
  outcome: z.string(),
  code: z.string(),
  message: z.string(),
  unchanged: z.string(),
  next: z.string(),
  data: z.unknown(),
})

export interface CliAnswer {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface CliJson extends CliAnswer {
  readonly events: readonly z.infer<typeof jsonLine>[]
  /** The last line. */
  readonly result: z.infer<typeof resultLine>
}

export interface CliOptions {
  readonly input?: string
  /** Called with all of stdout so far, whenever there is more. */
  readonly onOutput?: (stdout: string, child: ChildProcess) => void
}

/** A command line with its own data folder and home. */
export class Cli {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  async run(args: readonly string[], { input = '', onOutput }: CliOptions = {}): Promise<CliAnswer> {
    const child = spawn(process.execPath, [entry, '--data', `${this.#folder}/data`, ...args], {
      cwd: this.#folder,
      env: { HOME: this.#folder, PATH: process.env.PATH },
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
      onOutput?.(stdout, child)
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    child.stdin.on('error', () => undefined).end(input)
    const [code] = await once(child, 'close')
    return { code, stdout, stderr }
  }

  /** Runs with `--json`: parses every line; the last one is the result. */
  async json(args: readonly string[], options: CliOptions = {}): Promise<CliJson> {
    const answer = await this.run(['--json', ...args], options)
    const lines = answer.stdout.trimEnd().split('\n')
    const events = lines.map((line) => jsonLine.parse(JSON.parse(line)))
    return { ...answer, events, result: resultLine.parse(events.at(-1)) }
  }
}
