/** A few fixed fuzz cases; `npm run fuzz` makes new ones for a given time. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { runCase } from '../support/fuzz/case.ts'

const kept = join(tmpdir(), 'cvd-fuzz-failures')

describe.concurrent('hostile data', () => {
  it.for(Array.from({ length: 8 }, (_, number) => number))('is only data, case npm-test:%i', async (number) => {
    expect((await runCase('npm-test', number, kept)).faults).toEqual([])
  })

  it.for([
    [
      'a name that is evaluated',
      'inspect_layout() { local f; for f in "$BACKUPS"/*; do ((f > 0)); done; REPLY="{}"; }',
      'syntax error',
    ],
    ['a line that is not an event', 'inspect_layout() { printf "{}\\n"; REPLY="{}"; }', 'not the protocol'],
    [
      'a wrong exit code',
      'exit_with_code() { exit 0; }; inspect_layout() { fail internal planted; }',
      'it ended with 0',
    ],
    [
      'a leftover process',
      'inspect_layout() { (cd "$ROOT"; exec sleep 60) >/dev/null 2>&1 & REPLY="{}"; }',
      'still running',
    ],
    ['a leftover folder', 'inspect_layout() { mkdir -p "$BACKUPS/.cvd-backup-abcdefgh"; REPLY="{}"; }', 'left behind'],
    ['a command that runs', 'inspect_layout() { cvd-fuzz-pwned; REPLY="{}"; }', 'the command ran'],
  ] as const)('detects %s', async ([, plant, words], { onTestFinished }) => {
    const keep = mkdtempSync(join(tmpdir(), 'cvd-fuzz-'))
    onTestFinished(() => rmSync(keep, { recursive: true }))
    const { faults } = await runCase('planted', 1, keep, plant)
    expect(faults.join('\n')).toContain(words)
    expect(readFileSync(join(keep, 'planted-1/report.txt'), 'utf8')).toContain(words)
  })
})
