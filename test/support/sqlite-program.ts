import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ScratchSite } from './scratch-site.ts'

/**
 * Bash text for `instead` that replaces `sqlite3` by a program that runs `first`, with its SQL in `$sql`, and then the
 * real one. What is recorded in `state.db` always goes to the real one.
 */
export function withSqlite(site: ScratchSite, first: string): string {
  const folder = join(site.folder, 'bin')
  mkdirSync(folder, { recursive: true })
  const real = execFileSync('bash', ['-c', 'command -v sqlite3'], { encoding: 'utf8' }).trim()
  const program = `#!/bin/bash\n[[ "$*" != */state.db?mode=* ]] || exec ${real} "$@"\nsql=$(cat)\n${first}\nexec ${real} "$@" < <(printf '%s\\n' "$sql")\n`
  writeFileSync(join(folder, 'sqlite3'), program, { mode: 0o755 })
  return `PATH=${folder}:$PATH`
}
