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

it('keeps the folder that the last restore kept, though an archive of the runbook is newer', () => {
  const now = Date.UTC(2026, 10, 27)
  const backup = (path: string, origin: string, days: number, size: number | null) => ({
    ...{ site: 0, path, kind: 'application', origin, size, taken_at: now - days * 86_400_000, local_at: null },
    ...{ verdict: origin === 'safety' ? 'never' : 'verified', held: 0, used: 0, known: 1 },
  })
  const decided = runRule(retentionRule(), {
    retention_site: [
      {
        ...{ site: 0, now, up: null, seen_at: null, seen_up: null, same_boot: null },
        ...{ jumped: 0, gap: 0, unfinished: 0 },
      },
    ],
    retention_policy: ['application', 'safety'].map((kind) => ({
      ...{ site: 0, kind, days: 14, most: null, hourly: 0, daily: 0, weekly: 0, monthly: 0, overdue: 7 * 86_400_000 },
    })),
    retention_backup: [
      backup('cvd_app', 'manual', 1, 1000),
      backup('archive', 'safety', 22, 1000),
      backup('folder', 'safety', 26, null),
      backup('older archive', 'safety', 27, 1000),
      backup('older folder', 'safety', 28, null),
    ],
  })
  expect(decided.map(({ path, reason }) => [path, reason])).toEqual([
    ['cvd_app', 'newest-verified'],
    ['archive', 'last-undo'],
    ['folder', 'last-undo'],
    ['older archive', 'old-copy'],
    ['older folder', 'old-copy'],
  ])
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
