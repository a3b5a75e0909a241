/** Random looks at sites, one after the other, for the rules of alerts; and an independent judge of what must be open. */
import type { RuleRows } from '../../src-main/store/rules.ts'
import { numbers } from './random-retention.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

export const parts = ['backups', 'runs', 'schedule', 'logs', 'disk', 'lock', 'services', 'health', 'channels'] as const

export interface Look {
  readonly now: number
  readonly quiet: boolean
  readonly seen: ReadonlySet<string>
  readonly tables: Readonly<Record<string, RuleRows>>
}

interface State {
  backups: {
    path: string
    kind: string
    size: number
    at: number
    verdict: string
    verified_at: number | null
    future: number
  }[]
  runs: { kind: string; due_at: number; outcome: string; message: string }[]
  errors: { log: string; at: number; text: string }[]
  services: Map<string, string>
  healthy: number
  unfinished: string | null
  failures: number
}

/** The looks at one site: hours apart, each after something has changed. */
export function randomLooks(seed: number, count: number): Look[] {
  const random = numbers(seed)
  const below = (most: number) => Math.floor(random() * most)
  const often = (chance: number) => random() < chance
  const of = <T>(...list: readonly T[]) => list[below(list.length)] as T
  const state: State = {
    ...{
      backups: [],
      runs: [],
      errors: [],
      services: new Map([
        ['cvd', 'active'],
        ['nginx', 'active'],
      ]),
    },
    ...{ healthy: 1, unfinished: null, failures: 0 },
  }
  let now = Date.UTC(2026, 0, 1) + below(1000) * MINUTE
  return [...Array(count).keys()].map((turn) => {
    now += of(MINUTE, HOUR, HOUR, 3 * HOUR, 9 * HOUR, 30 * HOUR)
    for (let number = below(4); number > 0; number--) {
      const verdict = of('verified', 'verified', 'never', 'failed', 'inconclusive')
      const at = now - below(12 * HOUR)
      state.backups.push({
        ...{
          path: `/b/${turn}_${number}_${of('a', 'b')}${of('.db.gz', '.db')}`,
          kind: of('database', 'database', 'application', 'system'),
        },
        ...{
          size: of(0, 5, 1000, 1100, 1200, 5000),
          at,
          verdict,
          verified_at: verdict === 'never' ? null : at + MINUTE,
        },
        future: often(0.03) ? 1 : 0,
      })
    }
    state.backups = state.backups.filter(() => !often(0.1))
    for (const kind of ['database', 'verify', 'monitor']) {
      if (!often(0.4)) continue
      const due_at = now - below(50) * MINUTE - (kind === 'verify' ? 1 : 0)
      if (state.runs.some((run) => run.kind === kind && run.due_at === due_at)) continue
      const outcome = of('succeeded', 'succeeded', 'failed', 'missed', 'skipped', 'cancelled', 'running')
      state.runs.push({ kind, due_at, outcome, message: 'why' })
    }
    if (often(0.3))
      state.errors.push({
        log: of('backup.log', 'restore.log'),
        at: now - below(20) * DAY + below(2) * DAY,
        text: `E${turn}`,
      })
    for (const name of state.services.keys())
      if (often(0.2)) state.services.set(name, of('active', 'inactive', 'failed'))
    if (often(0.2)) state.healthy = below(2)
    if (often(0.1)) state.unfinished = of(null, 'restore')
    state.failures = often(0.5) ? state.failures : below(5)
    const seen = new Set(parts.filter(() => !often(0.08)))
    return {
      now,
      quiet: often(0.3),
      seen,
      tables: tablesOf(state, now, seen, { scheduled: below(8) > 0, changed: often(0.1) }),
    }
  })
}

function tablesOf(
  state: State,
  now: number,
  seen: ReadonlySet<string>,
  more: { scheduled: boolean; changed: boolean },
): Look['tables'] {
  const site = {
    ...{ now, quiet: 0, up: 1000, seen_at: null, seen_up: null, same_boot: null, jumped: 0, synchronized: null },
    ...{
      unfinished: state.unfinished,
      loss_at: null,
      scheduled: Number(more.scheduled),
      planned: 1,
      paused_since: null,
    },
    ...{ changed: Number(more.changed), intact: 1, lock_since: null, lock_holder: null },
    ...{ min_size: 100, change: 50, runway: 14, lock_limit: 7_200_000, within: 30 },
  }
  return {
    alerts_site: [site],
    alerts_seen: ['site', ...seen].map((part) => ({ part })),
    alerts_unseen: parts.filter((part) => !seen.has(part)).map((part) => ({ part, why: 'why' })),
    alerts_kind: [
      { kind: 'database', overdue: 4 * HOUR, wanted: 1, since: null },
      { kind: 'application', overdue: 26 * HOUR, wanted: 1, since: null },
      { kind: 'system', overdue: 8 * DAY, wanted: 0, since: null },
    ],
    alerts_backup: state.backups.map((one) => ({ ...one, name: one.path.slice(3), origin: 'scheduled' })),
    alerts_run: [...state.runs],
    alerts_error: [...state.errors],
    alerts_service: [...state.services].map(([service, is]) => ({
      service,
      state: is,
      running: is === 'active' ? 1 : 0,
    })),
    alerts_health: [{ known: 1, healthy: state.healthy, words: 'why' }],
    alerts_channel: [{ channel: 'desk', failures: state.failures, failed_at: null, why: 'why' }],
  }
}

/** What must be found, by rules that are simple enough to be written twice. `marks`: up to when errors are acknowledged. */
export function mustBeFound({ now, seen, tables }: Look, marks: ReadonlyMap<string, number>): string[] {
  type Row = Record<string, string | number>
  const rows = (table: string) => (tables[table] ?? []) as unknown as Row[]
  const found: string[] = []
  const good = (kind: string) =>
    rows('alerts_backup').filter(
      (one) => one.kind === kind && !one.future && one.size !== 0 && one.verdict !== 'failed',
    )
  const newest = (list: readonly Row[]) => Math.max(...list.map((one) => Number(one.at)))
  if (seen.has('backups')) {
    for (const { kind, overdue, wanted } of rows('alerts_kind')) {
      const age = now - newest(good(String(kind)))
      if (wanted && Number.isFinite(age) && age > Number(overdue)) found.push(`backup-old:${kind}`)
      const judged = rows('alerts_backup').filter(
        (one) => one.kind === kind && !one.future && ['verified', 'failed'].includes(String(one.verdict)),
      )
      if (judged.some((one) => one.at === newest(judged) && one.verdict === 'failed'))
        found.push(`verification-failed:${kind}`)
      for (const one of judged)
        if (one.verdict === 'failed' && one.at !== newest(judged)) found.push(`backup-damaged:${one.path}`)
    }
    if (good('database').length === 0) found.push('no-backup:database')
    if (rows('alerts_backup').some(({ future }) => future)) found.push('backups-in-future')
  }
  if (seen.has('runs'))
    for (const kind of new Set(rows('alerts_run').map((one) => String(one.kind)))) {
      const runs = rows('alerts_run').filter((one) => one.kind === kind)
      const since = Math.max(
        -1,
        ...runs.filter(({ outcome }) => outcome === 'succeeded').map(({ due_at }) => Number(due_at)),
      )
      const bad = runs.filter(({ due_at }) => Number(due_at) > since).map(({ outcome }) => outcome)
      if (bad.includes('failed')) found.push(`run-failed:${kind}`)
      if (bad.includes('missed') && kind !== 'monitor') found.push(`run-missed:${kind}`)
    }
  if (seen.has('logs'))
    for (const log of new Set(rows('alerts_error').map((one) => String(one.log))))
      if (
        rows('alerts_error').some(({ log: of, at }) => {
          const time = Number(at)
          return of === log && time > now - 7 * DAY && time <= now + 5 * MINUTE && time > (marks.get(log) ?? 0)
        })
      )
        found.push(`log-errors:${log}`)
  if (seen.has('services'))
    for (const { service, running } of rows('alerts_service')) if (!running) found.push(`service-down:${service}`)
  if (seen.has('health') && rows('alerts_health')[0]?.healthy === 0) found.push('health-failing')
  if (seen.has('channels') && Number(rows('alerts_channel')[0]?.failures) > 0) found.push('channel-failing:desk')
  for (const part of parts) if (!seen.has(part)) found.push(`unknown:${part}`)
  return found.sort()
}

/** The rules that `mustBeFound` has. */
export const judged =
  /^(?:unknown|backup-old|verification-failed|backup-damaged|no-backup|backups-in-future|run-failed|run-missed|log-errors|service-down|health-failing|channel-failing)(?::|$)/
