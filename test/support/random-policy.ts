/** Random sites with policies, for the rules that judge a policy. */
import { lintTables } from '../../src-main/operations/preview-policy.ts'
import type { RuleRows } from '../../src-main/store/rules.ts'
import type { BackupEntry } from '../../src-shared/domain/kit-backups.ts'
import type { PolicySite } from '../../src-shared/domain/policy.ts'
import { numbers } from './random-retention.ts'

const DAY = 86_400_000
export const zones = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'Australia/Lord_Howe',
  'Africa/Cairo',
  'Asia/Kolkata',
] as const

export interface RandomPolicy {
  readonly now: number
  readonly zone: string
  readonly policy: Readonly<Record<string, string>>
  readonly facts: PolicySite
  readonly backups: readonly BackupEntry[]
}

export function randomPolicy(site: number): RandomPolicy {
  const random = numbers(site + 77)
  const chance = (share: number) => random() < share
  const below = (limit: number) => Math.floor(random() * limit)
  const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T
  const two = (value: number) => String(value).padStart(2, '0')
  const time = () => `${two(chance(0.4) ? pick([0, 1, 2, 3]) : below(24))}:${pick(['00', '15', '30', '59'])}`
  const often = () =>
    pick([
      ...[
        'off',
        `every ${pick([1, 2, 3, 4, 6, 8, 12])}h`,
        `every ${pick([1, 2])}h`,
        `daily ${time()}`,
        `daily ${time()}`,
      ],
      `${pick(['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'])} ${time()}`,
      `monthly ${two(1 + below(28))} ${time()}`,
    ])
  const tier = (name: string, most: number) => (chance(0.25) ? ` ${name} ${1 + below(most)}` : '')
  const kept = () =>
    `days ${pick([1, 7, 14, 30, 90])}${chance(0.5) ? ` most ${pick([1, 5, 50, 200])}` : ''}${tier('hourly', 48)}${tier('daily', 30)}${tier('weekly', 12)}${tier('monthly', 24)}`
  const kinds = ['database', 'application', 'config', 'system'] as const
  const now = Date.UTC(2025, below(24), 1 + below(28), below(24), below(60))
  const policy = {
    ...Object.fromEntries([...kinds, 'verify', 'rotate', 'monitor'].map((kind) => [`schedule_${kind}`, often()])),
    ...Object.fromEntries([...kinds, 'systemd'].map((kind) => [`retention_${kind}`, kept()])),
    schedule_paused: pick(['', '', 'yes', String(now + below(9) * DAY - DAY)]),
    backup_max_age: String(pick([3600, 7200, 14_400, 86_400])),
    application_max_age: String(pick([86_400, 93_600, 604_800])),
    system_max_age: String(pick([604_800, 691_200, 2_678_400])),
    ...{ verify_budget: String(pick([0, 1, 30, 240])), verify_within: String(pick([1, 7, 30, 90])) },
    ...{ alert_min_size: String(pick([0, 1_048_576, 1e9])), quiet_hours: pick(['', '22-07', '07-22', '00-23']) },
  }
  const some = <T>(value: T): T | null => (chance(0.2) ? null : value)
  const facts = {
    ...{ installed: some(chance(0.6)), channels: some(below(3)), free: some(pick([0, 1e8, 5e9, 1e12])) },
    ...{ sameDisk: some(chance(0.5)), notTaken: some(pick([0, 0, 1, 2])), edited: some(chance(0.2)) },
    ...{ pace: some(pick([1, 20_000, 5e7])), otherKeys: some(pick([0, 0, 1, 3])) },
  }
  const backups = [...Array(below(30)).keys()].map(
    (index): BackupEntry => ({
      ...{
        path: `/b/${index}`,
        kind: pick([...kinds, 'systemd']),
        origin: pick(['scheduled', 'scheduled', 'manual', 'safety', 'foreign']),
      },
      ...{
        size: pick([0, 1e5, 3e7, 2e9]) + below(1000),
        modifiedAt: now,
        takenAt: some(now - below(40 * DAY)),
        verdict: 'never',
      },
      ...{ verifiedAt: null, reason: '', hold: false, fingerprint: false, companions: [] },
    }),
  )
  return { now, zone: pick(zones), policy, facts, backups }
}

/** The rule's tables, of all of them. */
export function lintTablesOf(policies: readonly RandomPolicy[]): Record<string, RuleRows> {
  const all = policies.map(({ now, zone, policy, facts, backups }, site) =>
    lintTables({ backups: [...backups], time: { now, zone, offset: '' } }, policy, now, facts, site),
  )
  return Object.fromEntries(
    Object.keys(all[0] ?? {}).map((name) => [name, all.flatMap((tables) => tables[name] ?? [])]),
  )
}
