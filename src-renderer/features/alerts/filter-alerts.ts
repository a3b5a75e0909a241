/** Which alerts are shown, and in which order. Pure. */
import type { AlertRow } from '../../../src-shared/contract/alerts.ts'

export const severityFilters = [
  { value: 'all', label: 'Errors and warnings' },
  { value: 'error', label: 'Errors' },
  { value: 'warning', label: 'Warnings' },
] as const
export const standingFilters = [
  { value: 'open', label: 'Not acknowledged' },
  { value: 'quiet', label: 'Acknowledged' },
  { value: 'all', label: 'All' },
] as const

export interface AlertFilter {
  readonly severity: (typeof severityFilters)[number]['value']
  readonly standing: (typeof standingFilters)[number]['value']
  readonly search: string
}

export const noFilter: AlertFilter = { severity: 'all', standing: 'open', search: '' }

const rank = ({ quiet, severity }: Pick<AlertRow, 'quiet' | 'severity'>) =>
  Number(quiet) * 2 + Number(severity !== 'error')

/** Errors first, then the newest; what is acknowledged comes last. */
export function inOrder(rows: readonly AlertRow[]): AlertRow[] {
  const since = ({ since: at, clockOffset }: AlertRow) => at - clockOffset
  return rows.toSorted((one, other) => rank(one) - rank(other) || since(other) - since(one))
}

/** Every word has to be found in the alert, its site, or in why it was acknowledged. */
export function filterAlerts(rows: readonly AlertRow[], { severity, standing, search }: AlertFilter): AlertRow[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean)
  return rows.filter((row) => {
    const { rule, evidence, fix, siteName, acknowledged } = row
    const text =
      `${rule} ${evidence} ${fix} ${siteName} ${acknowledged?.who ?? ''} ${acknowledged?.reason ?? ''}`.toLowerCase()
    const stands = standing === 'all' || row.quiet === (standing === 'quiet')
    return stands && (severity === 'all' || row.severity === severity) && words.every((word) => text.includes(word))
  })
}

export function countsOf(rows: readonly Pick<AlertRow, 'quiet' | 'severity'>[]) {
  const open = rows.filter(({ quiet }) => !quiet)
  const errors = open.filter(({ severity }) => severity === 'error').length
  return { errors, warnings: open.length - errors, acknowledged: rows.length - open.length }
}
