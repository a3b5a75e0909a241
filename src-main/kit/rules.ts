/** The rules in SQL, one text each for the kit and the console. */
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const read = (name: string) => readFileSync(join(dirname(fileURLToPath(import.meta.url)), 'rules', name), 'utf8')

export interface Rule {
  /** The tables that it reads, to be filled first. */
  readonly tables: string
  /** One SELECT. */
  readonly select: string
}

/** Which backups rotation keeps. */
export const retentionRule = (): Rule => ({ tables: read('retention-tables.sql'), select: read('retention.sql') })

/** What is wrong with a site; `change`: the statements that make alerts of it. */
export const alertsRule = (): Rule & { readonly change: string } => ({
  tables: read('alerts-tables.sql'),
  select: read('alerts.sql'),
  change: read('alerts-change.sql'),
})

/** What is wrong with a policy. */
export const policyLintRule = (): Rule => ({ tables: read('policy-lint-tables.sql'), select: read('policy-lint.sql') })

/** Which backups a verification with a budget reads, and in which order. */
export const verificationRule = (): Rule => ({
  tables: read('verification-tables.sql'),
  select: read('verification.sql'),
})
