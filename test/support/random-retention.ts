/** Random histories of backups with policies, and an independent judge of what rotation must never delete. */
import type { RuleRows, RuleValue } from '../../src-main/store/rules.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const SKEW = 300_000

export interface HistoryBackup {
  readonly site: number
  readonly path: string
  readonly kind: string
  readonly origin: string
  readonly size: number | null
  readonly taken_at: number | null
  readonly local_at: number | null
  readonly verdict: string
  readonly held: number
  readonly used: number
  readonly known: number
}

interface HistoryPolicy {
  readonly kind: string
  readonly days: number
  readonly most: number | null
  readonly hourly: number
  readonly daily: number
  readonly weekly: number
  readonly monthly: number
  readonly overdue: number | null
}

interface HistorySite {
  readonly now: number
  readonly up: number | null
  readonly seen_at: number | null
  readonly seen_up: number | null
  readonly same_boot: number | null
  readonly jumped: number
  readonly gap: number
  readonly unfinished: number
}

export interface History {
  readonly site: HistorySite
  readonly policy: readonly HistoryPolicy[]
  readonly backups: readonly HistoryBackup[]
}

/** Numbers from a seed, the same on every run. */
export function numbers(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

export function randomHistory(site: number): History {
  const random = numbers(site + 1)
  const chance = (share: number) => random() < share
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
  const below = (limit: number) => Math.floor(random() * limit)
  const now = Date.UTC(2025, below(24), 1 + below(28), below(24), below(60))
  const kinds = chance(0.7) ? ['database'] : ['database', pick(['application', 'config', 'systemd', 'system'])]
  const sound = chance(0.7)
  const times = [...Array(below(16)).keys()].map(
    () => now - Math.floor((random() ** 3 * 120 - (chance(0.02) ? 3 : 0)) * DAY),
  )
  const offset = pick([-8, 0, 1, 2, 5.5]) * HOUR
  const backups = times.map((time, index): HistoryBackup => {
    // Some at the same moment, and at a bound of the policy.
    const at = chance(0.05) ? (times[0] ?? time) : chance(0.05) ? now - pick([1, 7, 14, 30]) * DAY : time
    const taken_at = chance(0.03) ? null : at
    const origin = pick(['manual', 'scheduled', 'scheduled', 'scheduled', 'scheduled', 'foreign', 'safety', 'rejected'])
    return {
      ...{ site, path: `/b/${index}`, kind: pick(kinds), origin, taken_at },
      size: chance(0.03) ? 0 : origin === 'safety' && chance(0.3) ? null : 1000,
      local_at: taken_at === null ? null : taken_at + offset,
      verdict: sound ? pick(['verified', 'verified', 'never']) : pick(['verified', 'failed', 'inconclusive', 'never']),
      ...{ held: Number(chance(0.04)), used: Number(chance(0.04)), known: Number(chance(0.95)) },
    }
  })
  const recent = (kind: string, index: number): HistoryBackup => ({
    ...{ site, path: `/b/new-${index}`, kind, origin: 'scheduled', size: 1000, held: 0, used: 0, known: 1 },
    ...{ taken_at: now - HOUR, local_at: now - HOUR + offset, verdict: sound ? 'verified' : 'never' },
  })
  const policy = [...kinds, 'safety', 'rejected'].map((kind) => {
    const copies = kind === 'safety' || kind === 'rejected'
    const some = () => (copies || chance(0.6) ? 0 : 1 + below(4))
    return {
      ...{ kind, days: pick([1, 7, 14, 30]), most: copies || chance(0.5) ? null : 1 + below(6) },
      ...{ hourly: some(), daily: some(), weekly: some(), monthly: some() },
      overdue: copies ? null : pick([4 * HOUR, 26 * HOUR, 8 * DAY]),
    }
  })
  const seen = chance(0.5)
  const passed = pick([HOUR, DAY, 6 * DAY, 8 * DAY])
  const up = 20 * DAY
  const off = chance(0.15) ? pick([-DAY, -200_000, 200_000, DAY, 400 * DAY]) : 0
  return {
    site: {
      ...{ now, up: seen || chance(0.5) ? up : null, seen_at: seen ? now - passed - off : null },
      seen_up: seen ? up - passed : null,
      same_boot: seen ? Number(chance(0.7)) : null,
      ...{ jumped: Number(seen && chance(0.05)), gap: Number(chance(0.02)), unfinished: Number(chance(0.02)) },
    },
    policy: chance(0.95) ? policy : policy.filter((one) => one !== pick(policy)),
    backups: chance(0.8) ? [...backups, ...kinds.map(recent)] : backups,
  }
}

/** The rule's tables, of all histories. */
export function tablesOf(histories: readonly History[]): Record<string, RuleRows> {
  return {
    retention_site: histories.map(({ site }, number) => ({ site: number, ...site })),
    retention_policy: histories.flatMap(({ policy }, number) => policy.map((one) => ({ site: number, ...one }))),
    retention_backup: histories.flatMap(({ backups }, number) => backups.map((one) => ({ ...one, site: number }))),
  }
}

/** As `INSERT`s for the sqlite3 program. */
export function insertsOf(tables: Readonly<Record<string, RuleRows>>): string {
  const quoted = (value: RuleValue) =>
    value === null ? 'NULL' : typeof value === 'number' ? String(value) : `'${value.replaceAll("'", "''")}'`
  const statements = Object.entries(tables).flatMap(([table, rows]) => {
    const columns = Object.keys(rows[0] ?? {})
    const lines = rows.map((row) => `(${columns.map((name) => quoted(row[name] ?? null))})`)
    return [...Array(Math.ceil(lines.length / 400)).keys()].map(
      (part) => `INSERT INTO ${table} (${columns}) VALUES ${lines.slice(part * 400, part * 400 + 400)};`,
    )
  })
  return ['BEGIN;', ...statements, 'COMMIT;', ''].join('\n')
}

type Judged = HistoryBackup & { readonly taken_at: number }

const isDated = (one: HistoryBackup): one is Judged => one.taken_at !== null
const failed = (one: HistoryBackup) => one.size === 0 || one.verdict === 'failed'
const verified = (one: HistoryBackup) => one.size !== 0 && one.verdict === 'verified'
const regular = (one: HistoryBackup) => one.known === 1 && (one.origin === 'manual' || one.origin === 'scheduled')

/** Why the clock cannot be trusted, by what is known of the last rotation. */
function clockIsWrong({ now, up, seen_at, seen_up, same_boot, jumped }: HistorySite): boolean {
  if (seen_at === null || seen_up === null || up === null) return false
  if (seen_at - now > SKEW) return true
  if (same_boot === 1)
    return Math.abs(now - seen_at - (up - seen_up)) > SKEW + Math.floor(Math.abs(up - seen_up) / 1000)
  return jumped === 1 || now - seen_at > 7 * DAY
}

const units: Readonly<Record<'hourly' | 'daily' | 'weekly' | 'monthly', (local: number) => string>> = {
  hourly: (local) => new Date(local).toISOString().slice(0, 13),
  daily: (local) => new Date(local).toISOString().slice(0, 10),
  weekly: (local) => {
    const day = new Date(local)
    const monday = local - ((day.getUTCDay() + 6) % 7) * DAY
    return new Date(monday).toISOString().slice(0, 10)
  },
  monthly: (local) => new Date(local).toISOString().slice(0, 7),
}

/** What the deletions of one history break. Written from the sentences in docs/kit.md, not from the rule. */
export function broken({ site, policy, backups }: History, deleted: ReadonlySet<string>): readonly string[] {
  const gone = backups.filter(({ path }) => deleted.has(path))
  const found: string[] = []
  const no = (words: string, one: HistoryBackup) => found.push(`${words}: ${JSON.stringify(one)}`)
  for (const one of gone) {
    if (site.gap === 1) no('not all backups were read', one)
    if (site.unfinished === 1) no('a restore was unfinished', one)
    if (clockIsWrong(site)) no('the clock was wrong', one)
    if (one.held === 1) no('held', one)
    if (one.used === 1) no('in use', one)
    if (one.known !== 1 || one.origin === 'foreign') no('not recognised', one)
    if (!isDated(one)) {
      no('undated', one)
      continue
    }
    const same = backups.filter(({ kind }) => kind === one.kind).filter(isDated)
    const newer = same.filter(({ taken_at }) => taken_at > one.taken_at)
    const newest = same.filter(regular).sort((a, b) => b.taken_at - a.taken_at)[0]
    const rule = policy.find(({ kind }) => kind === one.kind)
    const own = policy.find(
      ({ kind }) => kind === (['safety', 'rejected'].includes(one.origin) ? one.origin : one.kind),
    )
    if (same.some(({ taken_at }) => taken_at - site.now > SKEW)) no('one was dated in the future', one)
    if (newest === undefined) no('there was no other', one)
    else {
      if (same.some((other) => other.taken_at >= newest.taken_at && failed(other))) no('the newest had failed', one)
      if (!rule?.overdue || site.now - newest.taken_at > rule.overdue) no('the newest was overdue', one)
    }
    if (!newer.some((other) => regular(other) && verified(other))) no('no newer one was verified', one)
    if (!verified(one) && newer.some(failed)) no('a newer one had failed', one)
    if (own === undefined) {
      no('no policy', one)
      continue
    }
    const old = site.now - one.taken_at > own.days * DAY
    const sameForm = (other: HistoryBackup) => (other.size === null) === (one.size === null)
    if (
      one.origin === 'safety' &&
      !newer.some((other) => other.known === 1 && other.origin === 'safety' && sameForm(other))
    )
      no('the last undo', one)
    if (!regular(one)) {
      if (!old) no('too young', one)
      continue
    }
    // Of two of the same moment, either may be the newer.
    const others = same.filter(
      (other) => other !== one && regular(other) && !failed(other) && other.taken_at >= one.taken_at,
    )
    if (!old && (own.most === null || others.length < own.most)) no('young and among the newest', one)
  }
  for (const rule of policy) {
    const good = backups.filter((one) => one.kind === rule.kind && regular(one) && !failed(one)).filter(isDated)
    for (const [unit, bucket] of Object.entries(units) as [keyof typeof units, (local: number) => string][]) {
      const buckets = new Map<string, boolean>()
      for (const one of good) {
        const name = bucket(one.local_at ?? one.taken_at)
        buckets.set(name, buckets.get(name) === true || !deleted.has(one.path))
      }
      const last = [...buckets].sort(([a], [b]) => (a < b ? 1 : -1)).slice(0, rule[unit])
      for (const [name, kept] of last) if (!kept) found.push(`nothing is left of ${unit} ${name}`)
    }
  }
  return found
}
