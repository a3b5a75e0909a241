/** The rules of alerts: the same answer by the sqlite3 program and in the console, and no alert opened, cleared or told without a cause. */
import { execFileSync } from 'node:child_process'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { assembleKit } from '../../src-main/kit/assemble.ts'
import { alertsRule } from '../../src-main/kit/rules.ts'
import { runRule } from '../../src-main/store/rules.ts'
import { alertWords } from '../../src-shared/domain/alert-words.ts'
import { judged, type Look, mustBeFound, randomLooks } from '../support/random-alerts.ts'
import { insertsOf, numbers } from '../support/random-retention.ts'

const { tables, select, change } = alertsRule()
const schema = /^readonly ALERTS_SCHEMA="([^"]+)"/m.exec(assembleKit().bytes.toString())?.[1] ?? ''
const SITES = 16
const LOOKS = 40
const sites = [...Array(SITES).keys()].map((seed) => randomLooks(seed, LOOKS))

const idOf = ({ rule, subject }: { readonly rule?: unknown; readonly subject?: unknown }) =>
  `${rule}${subject === '' ? '' : `:${subject}`}`
const withMarks = (look: Look, marks: ReadonlyMap<string, number>) => ({
  ...look.tables,
  alerts_mark: [...marks].map(([log, at]) => ({ log, at })),
})

describe('the rule', () => {
  it('has words for whatever it finds, and knows what each needs to be seen', () => {
    const needs = [...tables.matchAll(/\('([a-z-]+)', '[a-z]+'\)/g)].map(([, rule]) => rule)
    expect([...new Set(needs)].sort()).toEqual(Object.keys(alertWords).sort())
    const found = [...select.matchAll(/^ {2}SELECT '([a-z-]+)'/gm)].map(([, rule]) => rule)
    expect(found.sort()).toEqual(Object.keys(alertWords).sort())
    for (const { evidence, fix } of Object.values(alertWords))
      expect(
        `${evidence}${fix}`.replaceAll(/\{(subject|detail|span|number|times|size|limit|bound|least)\}/g, ''),
      ).not.toMatch(/[{}]/)
  })

  it('finds what another judge finds, no more and no less, and nothing that could not be seen', () => {
    const wrong: unknown[] = []
    const rules = new Set<string>()
    for (const look of sites.flat()) {
      const rows = runRule({ tables, select }, withMarks(look, new Map()))
      for (const { rule } of rows) rules.add(String(rule))
      const found = rows.map(idOf).sort()
      expect(new Set(found).size).toBe(found.length)
      const expected = mustBeFound(look, new Map())
      const differs = found.filter((id) => judged.test(id)).join() !== expected.join()
      if (differs) wrong.push([found, expected])
    }
    expect(wrong.slice(0, 3)).toEqual([])
    expect(rules.size).toBeGreaterThan(13)
  })

  it('is the same by the sqlite3 program', () => {
    const looks = sites.flatMap((one) => one.filter((_, turn) => turn % 4 === 3))
    const line = (row: Readonly<Record<string, unknown>>) =>
      Object.values(row)
        .map((one) => one ?? '')
        .join('|')
    const drop = [...tables.matchAll(/^CREATE TEMP TABLE (\w+)/gm)]
      .map(([, name]) => `DROP TABLE temp.${name};`)
      .join('')
    const said = execFileSync('sqlite3', ['-batch', '-bail', ':memory:'], {
      input: looks.map((look) => `${tables}\n${insertsOf(look.tables)}${select};\nSELECT 'over';\n${drop}\n`).join(''),
      encoding: 'utf8',
      maxBuffer: 1e9,
    })
    const ours = looks.map((look) =>
      runRule({ tables, select }, look.tables)
        .map((row) => `${line(row)}\n`)
        .join(''),
    )
    expect(said.split('over\n').slice(0, -1)).toEqual(ours)
  })
})

interface Row {
  readonly n: number
  readonly rule: string
  readonly subject: string
  readonly severity: string
  readonly since: number
  readonly seen_at: number
  readonly level: number
  readonly cleared_at: number | null
  readonly acked_at: number | null
  readonly told_at: number | null
}

/** A site whose alerts are recorded as the kit does. */
class Recorded {
  readonly db = new DatabaseSync(':memory:')

  constructor() {
    this.db.exec(schema)
  }

  /** Looks once; returns what was found, changed and is to be told. */
  look({ now, quiet, tables: rows }: Look) {
    const { db } = this
    db.exec(tables)
    db.exec(
      insertsOf({ ...rows, alerts_site: (rows.alerts_site ?? []).map((one) => ({ ...one, quiet: Number(quiet) })) }),
    )
    db.exec(
      "INSERT INTO alerts_error SELECT subject, measure, detail, bound FROM alert WHERE rule = 'log-errors' AND cleared_at IS NULL",
    )
    db.exec(
      "INSERT INTO alerts_mark SELECT subject, max(measure) FROM alert WHERE rule = 'log-errors' AND acked_at IS NOT NULL GROUP BY subject",
    )
    db.exec(`BEGIN; CREATE TEMP TABLE found AS ${select}; ${change} COMMIT;`)
    const all = (sql: string) => db.prepare(sql).all() as unknown as Row[]
    const found = all('SELECT * FROM found').map(idOf)
    const tell = db.prepare('SELECT what, alert.* FROM tell JOIN alert USING (n)').all() as unknown as (Row & {
      what: string
    })[]
    const names = db.prepare("SELECT name FROM sqlite_temp_master WHERE type = 'table'").all()
    for (const { name } of names) db.exec(`DROP TABLE temp.${name}`)
    return { now, found, tell, open: all('SELECT * FROM alert WHERE cleared_at IS NULL') }
  }

  /** A channel has taken the message. */
  took(tell: readonly Row[], now: number): void {
    for (const { n, level, cleared_at } of tell)
      this.db
        .prepare('UPDATE alert SET told_at = ?, told_level = ?, returned = 0, told_cleared = ? WHERE n = ?')
        .run(now, level, cleared_at === null ? 0 : 1, n)
  }

  acknowledge(id: string, now: number, until: number | null): void {
    this.db
      .prepare(
        `UPDATE alert SET acked_at = ?, acked_until = ?, acked_level = level, returned = 0
         WHERE cleared_at IS NULL AND rule || CASE subject WHEN '' THEN '' ELSE ':' || subject END = ?`,
      )
      .run(now, until, id)
  }
}

describe('over random looks at random sites', () => {
  it('an alert is open from the look that finds its cause to the one that sees that it is gone', () => {
    const needs = new Map<string, string[]>()
    for (const [, rule = '', part = ''] of tables.matchAll(/\('([a-z-]+)', '([a-z]+)'\)/g))
      needs.set(rule, [...(needs.get(rule) ?? []), part])
    let cleared = 0
    let kept = 0
    for (const looks of sites) {
      const site = new Recorded()
      let before = new Map<string, Row>()
      for (const look of looks) {
        const { found, open, now } = site.look(look)
        const ids = open.map(idOf)
        expect(new Set(ids).size).toBe(ids.length)
        expect(found.filter((id) => !ids.includes(id))).toEqual([])
        for (const one of open) {
          const was = before.get(idOf(one))
          if (found.includes(idOf(one))) expect([one.since, one.seen_at]).toEqual([was?.since ?? one.since, now])
          else {
            // It was open, and what it needs was not seen.
            expect(was?.n).toBe(one.n)
            expect((needs.get(one.rule) ?? []).some((part) => !look.seen.has(part))).toBe(true)
            kept += 1
          }
        }
        for (const [id, one] of before)
          if (!ids.includes(id)) {
            expect((needs.get(one.rule) ?? []).filter((part) => part !== 'site' && !look.seen.has(part))).toEqual([])
            cleared += 1
          }
        before = new Map(open.map((one) => [idOf(one), one]))
      }
    }
    expect(cleared).toBeGreaterThan(500)
    expect(kept).toBeGreaterThan(100)
  })

  it('each is told once, again when it is worse, and when it is cleared; errors once a day; never what is acknowledged', () => {
    const said = { new: 0, worse: 0, cleared: 0, reminder: 0 }
    for (const [seed, looks] of sites.entries()) {
      const random = numbers(seed + 1000)
      const site = new Recorded()
      const told = new Map<number, { at: number; level: number; returned: boolean }>()
      const over = new Set<number>()
      const acknowledged = new Map<number, number>()
      for (const look of looks) {
        const { tell, open, now } = site.look(look)
        for (const { n, what, severity, level, cleared_at, acked_at } of tell) {
          said[what as keyof typeof said] += 1
          const last = told.get(n)
          expect(look.quiet && severity === 'warning').toBe(false)
          if (what === 'cleared')
            expect([cleared_at === null, last === undefined, over.has(n)]).toEqual([false, false, false])
          else expect([cleared_at, acked_at]).toEqual([null, null])
          if (what === 'new') expect(last).toBeUndefined()
          if (what === 'worse') expect(level).toBeGreaterThan(last?.level ?? 1e9)
          if (what === 'reminder')
            expect(
              last !== undefined && (acknowledged.has(n) || (severity === 'error' && now - last.at >= 84_600_000)),
            ).toBe(true)
        }
        // What is new and neither acknowledged nor quiet is told.
        const silent = open.filter(
          ({ n, acked_at, severity }) => !told.has(n) && acked_at === null && !(look.quiet && severity === 'warning'),
        )
        expect(silent.filter(({ n }) => !tell.some((one) => one.n === n))).toEqual([])
        // Now and then no channel takes it.
        if (random() < 0.8) {
          site.took(tell, now)
          for (const { n, level, what } of tell) {
            told.set(n, { at: now, level, returned: false })
            acknowledged.delete(n)
            if (what === 'cleared') over.add(n)
          }
        }
        const [one] = open
        if (one && random() < 0.3) {
          site.acknowledge(idOf(one), now, random() < 0.5 ? null : now + 7_200_000)
          acknowledged.set(one.n, now)
        }
      }
    }
    expect(Math.min(...Object.values(said))).toBeGreaterThan(20)
  })
})
