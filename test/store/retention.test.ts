/** The rule of rotation: the same answer by the sqlite3 program and in the console, and never a deletion that it must not make. */
import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { retentionRule } from '../../src-main/kit/rules.ts'
import { type RuleValue, runRule } from '../../src-main/store/rules.ts'
import { deleteReasons, keepReasons } from '../../src-shared/domain/retention.ts'
import { broken, type History, insertsOf, randomHistory, tablesOf } from '../support/random-retention.ts'

const { tables, select } = retentionRule()
const histories = [...Array(10_000).keys()].map(randomHistory)
type Row = Readonly<Record<string, RuleValue>>
const deletedOf = (rows: readonly Row[], of: readonly History[]) => {
  const found = of.map(() => new Set<string>())
  for (const { site, path, decision } of rows) if (decision === 'delete') found[Number(site)]?.add(String(path))
  return found
}
const line = ({ site, path, decision, reason, measure, bound }: Row) =>
  [site, path, decision, reason, measure ?? '', bound ?? ''].join('|')

const rows = runRule({ tables, select }, tablesOf(histories))

describe('over 10,000 random histories and policies', () => {
  it('decides about each backup once, for each reason that there is', () => {
    expect(rows.length).toBe(histories.reduce((sum, { backups }) => sum + backups.length, 0))
    const reasons = new Set(rows.map(({ decision, reason }) => `${decision} ${reason}`))
    expect([...reasons].sort()).toEqual(
      [...keepReasons.map((one) => `keep ${one}`), ...deleteReasons.map((one) => `delete ${one}`)].sort(),
    )
  })

  it('never deletes what must be kept', () => {
    const deleted = deletedOf(rows, histories)
    const wrong = histories.flatMap((history, site) => broken(history, deleted[site] ?? new Set()))
    expect(wrong.slice(0, 5)).toEqual([])
    expect(rows.filter(({ decision }) => decision === 'delete').length).toBeGreaterThan(5000)
  })

  it('is the same by the sqlite3 program', () => {
    const text = execFileSync('sqlite3', ['-batch', '-bail', ':memory:'], {
      input: `${tables}\n${insertsOf(tablesOf(histories))}${select}`,
      encoding: 'utf8',
      maxBuffer: 1e9,
    })
    const lines = text.trimEnd().split('\n')
    const differing = rows.flatMap((row, number) => (line(row) === lines[number] ? [] : [[line(row), lines[number]]]))
    expect([lines.length, differing.slice(0, 5)]).toEqual([rows.length, []])
  })
})

describe('the judge finds what is deleted wrongly', () => {
  const byReason = new Map<string, Set<number>>()
  for (const { site, reason } of rows)
    byReason.set(String(reason), (byReason.get(String(reason)) ?? new Set()).add(Number(site)))
  // Each `WHEN … THEN` that keeps something, the clock's included. Two are there for their words: what they keep, the next one keeps, too.
  const protections = [...select.matchAll(/^ {6}WHEN .* THEN '([a-z-]+)'\n/gm)]
    .map(([text, reason = '']) => [reason, text] as const)
    .filter(([reason]) => ![...deleteReasons, 'newest-verified', 'no-backup'].includes(reason))

  it.each(protections)('if the rule lacks %s', (reason, text) => {
    const some = [...(byReason.get(reason) ?? [])].slice(0, 300).map((site) => histories[site] as History)
    const deleted = deletedOf(runRule({ tables, select: select.replace(text, '') }, tablesOf(some)), some)
    expect(some.flatMap((history, site) => broken(history, deleted[site] ?? new Set())).length).toBeGreaterThan(0)
  })
})
