/** The runbook's logs, in a folder that the application's user owns. */
import { execFileSync } from 'node:child_process'
import { chownSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ScratchSite } from '../support/scratch-site.ts'

const root = process.getuid?.() === 0
const application = 65534

describe("a line in the runbook's log", () => {
  let site: ScratchSite
  let log: string
  beforeEach(() => {
    site = new ScratchSite()
    log = join(site.root, 'logs/backup.log')
  })
  afterEach(() => site.remove())

  /** Returns `written`, `refused` or, after a while, `waits`. */
  const write = (before = '') =>
    site
      .library(
        `${before}\nin_background owner_do log_line "$1" 'a line' >/dev/null 2>&1; pid=$REPLY
         for ((turn = 0; turn < 600; turn++)); do kill -0 "$pid" 2>/dev/null || break; pause 0.05; done
         if ((turn == 600)); then echo waits; end_background "$pid"; elif wait "$pid"; then echo written; else echo refused; fi`,
        [log],
      )
      .trim()

  it('is appended after the existing ones', () => {
    writeFileSync(log, 'before\n')
    expect(write()).toBe('written')
    expect(readFileSync(log, 'utf8')).toBe('before\na line\n')
  })

  it("does not block on a named pipe, even one that takes the log's place at the last moment", () => {
    execFileSync('mkfifo', [log])
    expect(write()).toBe('refused')
    execFileSync('rm', [log])
    const late = `log=$1; dd() { mkfifo "$log"; command dd "$@"; }`
    expect(write(late)).toBe('refused')
  })

  it.runIf(root)("is not written through a link that takes the log's place at the last moment", () => {
    const other = join(site.folder, 'other')
    symlinkSync(other, join(site.folder, 'link'))
    const late = `log=$1; link=${join(site.folder, 'link')}; dd() { mv "$link" "$log"; command dd "$@"; }`
    expect(write(late)).toBe('refused')
    expect(() => readFileSync(other)).toThrow()
  })

  it.runIf(root)('does not block when the application has made its log a named pipe', () => {
    for (const path of [site.folder, site.root, join(site.root, 'logs')]) chownSync(path, application, application)
    execFileSync('mkfifo', [log])
    chownSync(log, application, application)
    expect(write()).toBe('refused')
  })

  it.runIf(root)("creates a log owned by the application if the folder is the application's", () => {
    for (const path of [site.folder, site.root, join(site.root, 'logs')]) chownSync(path, application, application)
    expect(write()).toBe('written')
    expect(execFileSync('stat', ['-c', '%u %a', log], { encoding: 'utf8' })).toBe(`${application} 644\n`)
  })

  it.runIf(root)("hands the log to the application if the runbook's scripts made it as root", () => {
    writeFileSync(log, 'before\n')
    for (const path of [site.root, join(site.root, 'logs')]) chownSync(path, application, application)
    expect(write()).toBe('written')
    expect(readFileSync(log, 'utf8')).toBe('before\na line\n')
    expect(execFileSync('stat', ['-c', '%u', log], { encoding: 'utf8' })).toBe(`${application}\n`)
  })

  it.runIf(root)("is not written into a folder of root's that the application substituted", () => {
    const other = join(site.folder, 'roots')
    mkdirSync(other)
    rmSync(join(site.root, 'logs'), { recursive: true })
    symlinkSync(other, join(site.root, 'logs'))
    chownSync(site.root, application, application)
    expect(write()).toBe('refused')
    expect(readdirSync(other)).toEqual([])
  })
})
