/** What is reported as stored is on disk: the catalog, the audit, and lines that were cut off. */
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { shownBackup } from '../../src-shared/domain/kit-backups.ts'
import { ScratchSite } from '../support/scratch-site.ts'

let site: ScratchSite
beforeEach(() => {
  site = new ScratchSite()
})
afterEach(() => site.remove())

const catalog = () => join(site.state, 'catalog')
const lines = (file: string) => readFileSync(file, 'utf8').split('\n').slice(0, -1)
const begun = () => mkdirSync(join(site.state, 'operations'), { recursive: true, mode: 0o700 })

describe('a hold', () => {
  const held = async (backup: string) => (await site.ask(['show', backup], shownBackup)).backup.hold

  it.each([
    ['in the middle', 'verdict\t/elsewhere/x.db.gz\t12\t17'],
    ['by a power cut that left zeros', 'verdict\t/elsewhere/x.db.gz\t12\t17\0\0\0'],
  ])('survives a line that was cut off %s', async (_, torn) => {
    const backup = site.backup('cvd_backup_20260110_120000.db.gz')
    begun()
    writeFileSync(catalog(), torn)
    expect((await site.run(['hold', backup])).result).toMatchObject({ outcome: 'succeeded' })
    expect(await held(backup)).toBe(true)
  })

  it('is neither set nor released by two lines that an earlier kit joined', async () => {
    const backup = site.backup('cvd_backup_20260110_120000.db.gz')
    expect((await site.run(['hold', backup])).result.outcome).toBe('succeeded')
    appendFileSync(catalog(), `release\t${backup}\t5\trelease\t/elsewhere/x.db.gz\t6\tsomebody\t\n`)
    expect(await held(backup)).toBe(true)
  })

  it('is not reported if it cannot be read back', async () => {
    const backup = site.backup('cvd_backup_20260110_120000.db.gz')
    const lost = await site.run(['hold', backup], { instead: 'append_line() { :; }' })
    expect(lost.result).toMatchObject({ outcome: 'failed', code: 'internal' })
    expect(await held(backup)).toBe(false)
  })

  it('is not reported if it is not on disk', async () => {
    const backup = site.backup('cvd_backup_20260110_120000.db.gz')
    const unsynced = await site.run(['hold', backup], { instead: 'sync() { return 1; }' })
    expect(unsynced.result).toMatchObject({ outcome: 'failed', code: 'internal' })
    expect(existsSync(join(site.state, 'audit'))).toBe(false)
  })

  it('applies to the file in the list, whichever path was given', async () => {
    const backup = site.backup('cvd_backup_20260110_120000.db.gz')
    expect((await site.run(['hold', backup.replace('/backups/', '//backups/./')])).result.outcome).toBe('succeeded')
    expect(await held(backup)).toBe(true)
  })

  it('is neither set nor released by a line that was cut off, wherever that was', () => {
    const names = ['cvd_backup_20260110_120000.db', 'cvd_backup_20260110_120000.db.gz']
    for (const name of names) site.backup(name)
    // Every prefix of a release of the second file; the first file has one of them as its name. Then a mark on a third.
    const states = site.library(
      `state_create; first=$BACKUPS/$1 second=$BACKUPS/$2
       catalog_add release "$second" 5 somebody 'a reason'; whole=$(<"$STATE/catalog")
       for ((cut = 1; cut <= \${#whole}; cut++)); do
         : >"$STATE/catalog"
         catalog_add hold "$first" 1 me x; catalog_add hold "$second" 1 me x
         printf %s "\${whole:0:cut}" >>"$STATE/catalog"
         ((cut % 2)) || catalog_add hold "$BACKUPS/third" 1 me x
         backup_list | grep '^backup' | cut -f 12 | tr -d '\\n'
         echo
       done`,
      names,
    )
    const found = states.split('\n').slice(0, -1)
    expect(found.length).toBeGreaterThan(60)
    expect(new Set(found)).toEqual(new Set(['11']))
  })
})

describe('a line of the catalog', () => {
  it('stays whole with many writers, even while the file is rotated', () => {
    site.library(
      `state_create
       for ((writer = 0; writer < 8; writer++)); do
         (printf -v long '%*s' 9000 ''; for ((turn = 0; turn < 6; turn++)); do append_line "$STATE/audit" "$writer-$turn-\${long// /x}"; done) &
       done
       for ((turn = 1; turn <= 3; turn++)); do flock "$STATE/audit" mv "$STATE/audit" "$STATE/audit.$turn" 2>/dev/null; done
       wait`,
    )
    const all = ['audit', 'audit.1', 'audit.2', 'audit.3'].flatMap((name) => {
      const file = join(site.state, name)
      return existsSync(file) ? lines(file) : []
    })
    expect(all.filter((line) => line !== '').length).toBe(48)
    expect(new Set(all.map((line) => line.replace(/^\d-\d-x{9000}$/, 'whole')))).toEqual(new Set(['whole']))
  })

  it('goes to the current file even if it was rotated while its writer waited', () => {
    site.library(
      `state_create; : >"$STATE/audit"
       flock() { [[ $1 != -w ]] || : >"$STATE/waits"; command flock "$@"; }
       exec {held}<"$STATE/audit"; command flock "$held"
       append_line "$STATE/audit" late {held}<&- &
       until [[ -e $STATE/waits ]]; do sleep 0.05; done
       mv "$STATE/audit" "$STATE/audit.1"; exec {held}<&-; wait`,
    )
    expect([lines(join(site.state, 'audit')), lines(join(site.state, 'audit.1'))]).toEqual([['late'], []])
  })

  it('that was cut off is closed as such, and swallows no other line', () => {
    begun()
    writeFileSync(join(site.state, 'audit'), '{"at":1,"event":"beg')
    site.library('audit policy "" "x"')
    const [torn, next] = lines(join(site.state, 'audit'))
    expect(torn).toBe('{"at":1,"event":"beg\ttorn')
    expect(JSON.parse(next ?? '')).toMatchObject({ event: 'policy', code: 'x' })
  })
})

describe('the audit', () => {
  it('is rotated at 5 MB, keeps five old files in order, and fills a gap before dropping the oldest', () => {
    begun()
    const audit = join(site.state, 'audit')
    const file = (number: number) => (number === 0 ? audit : `${audit}.${number}`)
    const rotate = () => site.library('audit_rotate; audit ended succeeded ok')
    const fill = (text: string) => appendFileSync(audit, `${text}\n${`${'x'.repeat(99)}\n`.repeat(50_000)}`)
    writeFileSync(audit, 'small\n')
    rotate()
    expect(existsSync(file(1))).toBe(false)
    for (const text of ['a', 'b', 'c']) {
      fill(text)
      rotate()
      expect(lines(file(0))).toHaveLength(1)
    }
    const firsts = () =>
      [1, 2, 3, 4, 5].map((number) => {
        const first = existsSync(file(number)) ? lines(file(number)).find((line) => line.length === 1) : undefined
        return first ?? '-'
      })
    expect(firsts()).toEqual(['c', 'b', 'a', '-', '-'])
    for (const text of ['d', 'e', 'f']) {
      fill(text)
      rotate()
    }
    expect(firsts()).toEqual(['f', 'e', 'd', 'c', 'b'])
    rmSync(file(2))
    fill('g')
    rotate()
    expect(firsts()).toEqual(['g', 'f', 'd', 'c', 'b'])
  })
})
