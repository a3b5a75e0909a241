/** What is wrong with a policy that is being typed: the server's own rule, over the site as it was last seen. */
import { wallClock } from '../../src-shared/domain/format.ts'
import type { Inspection } from '../../src-shared/domain/kit-site.ts'
import { type PolicyFinding, type PolicySite, policyFinding } from '../../src-shared/domain/policy.ts'
import { policyProblem } from '../../src-shared/domain/policy-values.ts'
import { fillWords, type PolicyRule, policyWords } from '../../src-shared/domain/policy-words.ts'
import { policyLintRule } from '../kit/rules.ts'
import { type RuleRows, runRule } from '../store/rules.ts'

type Seen = Pick<Inspection, 'backups' | 'disk' | 'policy' | 'time'>
type Values = Readonly<Record<string, string>>

export interface PolicyPreview {
  readonly findings: readonly PolicyFinding[]
  /** Of each key whose value is not valid, why. The findings are those of its old value. */
  readonly problems: Readonly<Record<string, string>>
}

const STEP = 1_800_000
const DAY = 86_400_000

const offsetAt = (at: number, zone: string) => Math.round((wallClock(at, zone) - at) / 1000)

/** The changes of a zone's clocks in the 400 days from `now` on, to the half hour. */
export function clockRows(now: number, zone: string, site = 0): RuleRows {
  const start = Math.floor(now / STEP) * STEP
  const rows: { site: number; at: number; before: number; after: number }[] = []
  let before = offsetAt(start, zone)
  for (let day = start; day < start + 400 * DAY; day += DAY) {
    const after = offsetAt(day + DAY, zone)
    if (after === before) continue
    let [low, high] = [day, day + DAY]
    while (high - low > STEP) {
      const middle = low + Math.floor((high - low) / 2 / STEP) * STEP
      if (offsetAt(middle, zone) === before) low = middle
      else high = middle
    }
    rows.push({ site, at: high, before, after })
    before = after
  }
  return rows
}

/** What the kit says about the server besides the policy, as far as an inspection shows it. */
export function siteFacts({ disk }: Pick<Seen, 'disk'>): PolicySite {
  const [database, backups] = ['database', 'backups'].map((purpose) => disk.find((one) => one.purpose === purpose))
  const known = database !== undefined && backups !== undefined
  return {
    ...{ installed: null, channels: null, notTaken: null, edited: null, pace: null, otherKeys: null },
    free: backups?.free ?? null,
    sameDisk: known ? (database.fileSystem ?? database.device) === (backups.fileSystem ?? backups.device) : null,
  }
}

const flag = (value: boolean | null) => (value === null ? null : Number(value))

/** The rule's tables. */
export function lintTables(
  seen: Pick<Seen, 'backups' | 'time'>,
  policy: Values,
  now: number,
  facts: PolicySite,
  site = 0,
): Record<string, RuleRows> {
  const { installed, channels, free, sameDisk, notTaken, edited, pace, otherKeys } = facts
  return {
    policy_site: [
      {
        ...{ site, now, zone: seen.time.zone, installed: flag(installed), channels, free, same_disk: flag(sameDisk) },
        ...{ not_taken: notTaken, edited: flag(edited), pace, other_keys: otherKeys ?? null },
      },
    ],
    policy_value: Object.entries(policy).map(([key, value]) => ({ site, key, value })),
    policy_clock: clockRows(now, seen.time.zone, site),
    policy_backup: seen.backups
      .filter(({ folder }) => folder !== true)
      .map(({ kind, origin, size, takenAt }) => ({ site, kind, origin, size, taken_at: takenAt })),
  }
}

export function findingOf(row: Readonly<Record<string, string | number | null>>): PolicyFinding {
  const texts = Object.fromEntries(['a', 'b', 'c', 'd', 'e'].map((name) => [name, String(row[name] ?? '')]))
  const { says, fix } = policyWords[String(row.rule) as PolicyRule]
  return policyFinding.parse({
    ...{ rule: row.rule, severity: row.severity, measure: row.measure, bound: row.bound },
    keys: String(row.keys)
      .split(' ')
      .filter((key) => key !== ''),
    ...{ sentence: fillWords(says, texts), fix: fillWords(fix, texts) },
  })
}

/**
 * @param wanted the values that are being typed; the others are those of the site.
 * @param facts what the server said about itself with its policy (`PolicyAnswer.site`); what is not known there is not found.
 */
export function previewPolicy(
  seen: Seen,
  wanted: Values,
  now: number,
  facts: PolicySite = siteFacts(seen),
): PolicyPreview {
  const problems = Object.fromEntries(
    Object.entries(wanted).flatMap(([key, value]) => {
      const problem = policyProblem(key, value)
      return problem === null ? [] : [[key, problem]]
    }),
  )
  const valid = Object.entries(wanted).filter(([key]) => !Object.hasOwn(problems, key))
  const policy = { ...seen.policy, ...Object.fromEntries(valid) }
  return { findings: runRule(policyLintRule(), lintTables(seen, policy, now, facts)).map(findingOf), problems }
}
