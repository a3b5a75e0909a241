/** The console's own log: one JSON object per line, rotated by size, without secrets. */
import { appendFileSync, existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { redact } from './redact.ts'

export type LogLevel = 'info' | 'warning' | 'error'

export interface Log {
  /** `event` is a fixed phrase to search for; put variable data in `facts`. */
  write(level: LogLevel, event: string, facts?: Readonly<Record<string, unknown>>): void
}

export interface FileLogOptions {
  readonly file: string
  readonly now: () => number
  /** Bytes after which the file is rotated. */
  readonly limit?: number
  /** Number of rotated files to keep. */
  readonly keep?: number
}

function rotate(file: string, keep: number): void {
  rmSync(`${file}.${keep}`, { force: true })
  for (let number = keep - 1; number >= 1; number -= 1) {
    if (existsSync(`${file}.${number}`)) renameSync(`${file}.${number}`, `${file}.${number + 1}`)
  }
  renameSync(file, `${file}.1`)
}

/** Writes to a file of mode 0600. Write errors are ignored, so that they never stop other work. */
export function fileLog({ file, now, limit = 5 * 1024 * 1024, keep = 3 }: FileLogOptions): Log {
  return {
    write(level, event, facts = {}) {
      const line = `${JSON.stringify({ at: new Date(now()).toISOString(), level, event, ...(redact(facts) as object) })}\n`
      try {
        mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
        if (existsSync(file) && statSync(file).size + Buffer.byteLength(line) > limit) rotate(file, keep)
        appendFileSync(file, line, { mode: 0o600 })
      } catch {
        // There is nowhere left to report it.
      }
    },
  }
}
