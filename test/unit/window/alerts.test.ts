import { describe, expect, test } from 'vitest'
import { untilOf } from '../../../src-renderer/features/alerts/acknowledge-until.ts'
import { remedyOf } from '../../../src-renderer/features/alerts/alert-remedies.ts'
import { standingOf } from '../../../src-renderer/features/alerts/alert-standing.ts'
import { countsOf, filterAlerts, inOrder, noFilter } from '../../../src-renderer/features/alerts/filter-alerts.ts'
import { countWords, openAlerts } from '../../../src-renderer/shared/open-alerts.ts'
import type { AlertRow } from '../../../src-shared/contract/alerts.ts'
import { alertWords } from '../../../src-shared/domain/alert-words.ts'

const now = Date.UTC(2026, 10, 27, 12)
const HOUR = 3_600_000

function row(id: string, more: Partial<AlertRow> = {}): AlertRow {
  return {
    ...{ id, rule: id, subject: '', severity: 'error', since: now, seenAt: now, clearedAt: null },
    ...{ evidence: `${id} was found.`, fix: 'look: cvd-backup policy', acknowledged: null, toldAt: null },
    ...{ site: 's', siteName: 'Depot North', siteColour: 'teal', from: 'server', clockOffset: 0, zone: 'UTC' },
    quiet: false,
    ...more,
  }
}

const acknowledged = { at: now, who: 'ada@desk', reason: 'new disk on Monday', until: null }
const list = [
  row('quiet', { quiet: true, acknowledged }),
  row('warned', { severity: 'warning', siteName: 'Depot South' }),
  row('old', { since: now - HOUR }),
  // By a clock that is two hours ahead, it began an hour later than it seems.
  row('ahead', { since: now + HOUR, clockOffset: 2 * HOUR }),
  row('new', { since: now + 1 }),
]
const ids = (rows: readonly AlertRow[]) => rows.map(({ id }) => id)

describe('alerts', () => {
  test('come in the order in which they matter: errors, the newest first, what is acknowledged last', () => {
    expect(ids(inOrder(list))).toEqual(['new', 'old', 'ahead', 'warned', 'quiet'])
  })

  test('are filtered by severity and acknowledgement, and searched by every word', () => {
    const found = (filter: Partial<typeof noFilter>) => ids(filterAlerts(list, { ...noFilter, ...filter }))
    expect(found({})).toEqual(['warned', 'old', 'ahead', 'new'])
    expect(found({ standing: 'quiet' })).toEqual(['quiet'])
    expect(found({ standing: 'all', search: 'MONDAY ada' })).toEqual(['quiet'])
    expect(found({ severity: 'warning' })).toEqual(['warned'])
    expect(found({ search: 'found south' })).toEqual(['warned'])
    expect(found({ search: 'found west' })).toEqual([])
  })

  test('are counted without those that are acknowledged, over all sites', () => {
    expect(countsOf(list)).toEqual({ errors: 3, warnings: 1, acknowledged: 1 })
    const alerts = { errors: 1, warnings: 2, acknowledged: 0, known: true, monitoredAt: now }
    const sum = openAlerts([{ alerts }, { alerts: { ...alerts, acknowledged: 4 } }])
    expect(countWords(sum)).toBe('2 errors, 4 warnings, 4 acknowledged')
    expect(countWords({ errors: 0, warnings: 0, acknowledged: 0 })).toBe('')
  })

  test('make one sentence, which never says that all is well where nobody looked', () => {
    const looked = { known: true, monitoredAt: now }
    const none = { errors: 0, warnings: 0, acknowledged: 0 }
    const said = (counts: Partial<typeof none>, of: Parameters<typeof standingOf>[1] = looked) => {
      const { mark, sentence } = standingOf({ ...none, ...counts }, of)
      return `${mark}: ${sentence}`
    }
    expect(said({ errors: 1, warnings: 2 })).toBe('error: 1 error and 2 warnings are open.')
    expect(said({ warnings: 1, acknowledged: 1 })).toBe('warning: 1 warning is open.')
    expect(said({ acknowledged: 1 })).toBe('good: Nothing needs attention; 1 alert is acknowledged.')
    expect(said({})).toBe('good: Nothing is wrong.')
    expect(said({}, { known: true, monitoredAt: null })).toBe('not checked: Nobody has checked for alerts yet.')
    expect(said({}, { known: false, monitoredAt: now })).toBe('unknown: Whether anything is wrong is not known.')
  })
})

describe('what to do about an alert', () => {
  test('is said in the words of the window for every rule of the kit', () => {
    const fixes = Object.entries(alertWords).map(([rule, { fix }]) => [
      rule,
      remedyOf({ rule, subject: '', fix }).words,
    ])
    expect(fixes.filter(([, words]) => words?.includes('cvd-backup')).map(([rule]) => rule)).toEqual([])
  })

  test('is a backup of the kind that it is about', () => {
    const deed = (subject: string) => remedyOf({ rule: 'backup-old', subject, fix: '' }).deed
    expect(deed('application')).toEqual({ does: 'back-up', kind: 'application' })
    expect(deed('__proto__')).toEqual({ does: 'back-up', kind: 'database' })
  })

  test('is what the server says where the window knows nothing better', () => {
    for (const rule of ['of-a-later-kit', 'constructor', '__proto__']) {
      expect(remedyOf({ rule, subject: '', fix: 'look there' })).toEqual({ words: 'look there', deed: null })
    }
  })
})

describe('an acknowledgement', () => {
  test('ends by the clock of whoever found the alert', () => {
    expect(untilOf('day', '', now, 5000)).toBe(now + 24 * HOUR + 5000)
    expect(untilOf('week', '', now, 0)).toBe(now + 7 * 24 * HOUR)
    expect(untilOf('gone', '', now, 0)).toBeNull()
  })

  test('lasts to the end of a day that is real, and not over', () => {
    const end = new Date(2026, 11, 24, 23, 59).getTime()
    expect(untilOf('date', '2026-12-24', now, 1000)).toBe(end + 1000)
    for (const date of ['', '24.12.2026', '2026-02-30', '2026-13-01', '2026-11-20']) {
      expect(untilOf('date', date, now, 0)).toBeUndefined()
    }
  })
})
