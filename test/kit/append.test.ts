/** What is appended is whole and on disk: the audit, and lines that were cut off. */
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ScratchSite } from '../support/scratch-site.ts'

let site: ScratchSite
beforeEach(() => {
  site = new ScratchSite()
})
afterEach(() => site.remove())

const lines = (file: string) => readFileSync(file, 'utf8').split('\n').slice(0, -1)
const begun = () => mkdirSync(join(site.state, 'operations'), { recursive: true, mode: 0o700 })

describe('an appended line', () => {
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
