/** A rule of retention as fields of a form, also while it is no rule yet. Pure. */
import { type RetentionKind, retentionKinds } from '../../../src-shared/domain/retention.ts'

export const ruleFields = ['days', 'most', 'hourly', 'daily', 'weekly', 'monthly'] as const
export type RuleField = (typeof ruleFields)[number]
export type Rule = Readonly<Record<RuleField, string>>

/** Safety copies and rejected files know days only. */
export function fieldsOf(kind: RetentionKind): readonly RuleField[] {
  return kind === 'safety' || kind === 'rejected' ? ['days'] : ruleFields
}

/** `days 30 most 200` and whatever was typed so far: an empty field is an empty word. */
export function readRule(value: string): Rule {
  const rule: Record<RuleField, string> = { days: '', most: '', hourly: '', daily: '', weekly: '', monthly: '' }
  for (const field of ruleFields) rule[field] = new RegExp(`(?:^| )${field} (\\S*)`).exec(value)?.[1] ?? ''
  return rule
}

/** What is typed without blanks; 0 is none. */
export function writeRule(rule: Rule): string {
  const words = ruleFields.flatMap((field) => {
    const text = rule[field].replace(/\s/g, '')
    if (field === 'days') return [`days ${text}`]
    return text === '' || /^0+$/.test(text) ? [] : [`${field} ${text.replace(/^0+(?=\d)/, '')}`]
  })
  return words.join(' ')
}

export const retentionKey = (kind: RetentionKind) => `retention_${kind}`

/** The rules among the values of a policy. */
export function rulesOf(values: Readonly<Record<string, string>>): Partial<Record<RetentionKind, string>> {
  return Object.fromEntries(
    retentionKinds.flatMap((kind) => {
      const value = values[retentionKey(kind)]
      return value === undefined ? [] : [[kind, value]]
    }),
  )
}
