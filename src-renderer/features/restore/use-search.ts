/**
 * Compares the backups with the live database, newest first, until one contains the missing data. A backup that cannot be
 * compared does not end the search.
 */
import { useEffect } from 'react'
import type { PlanView } from '../../../src-shared/contract/restore.ts'
import { answers, findingsOf } from '../../../src-shared/domain/accident.ts'
import type { BackupEntry } from '../../../src-shared/domain/kit-backups.ts'
import { command, useSubscription } from '../../api/hooks.ts'
import { type Accident, type Compared, changeAccident, useAccident } from './restore-memory.ts'

export interface Search {
  readonly accident: Accident
  /** Of the backup that is being compared. */
  readonly view: PlanView | undefined
  /** Begins with the newest, or continues where it stopped. */
  readonly start: (further: boolean) => void
  readonly stop: () => void
}

/** Failures that would recur with the next backup. */
const hopeless = ['unreachable', 'auth-failed', 'wrong-site', 'no-such-site', 'no-rights', 'internal']

export function useSearch(site: string, backups: readonly BackupEntry[]): Search {
  const accident = useAccident(site)
  const { searching, since } = accident
  const watched = useSubscription('restore.plan', searching === null ? null : { site, path: searching })
  const view = searching === null ? undefined : watched.state
  const failure = watched.failure ?? view?.failure ?? null

  useEffect(() => {
    if (searching === null) return
    const old = view?.plannedAt != null && view.plannedAt < since
    if (old || failure?.code === 'cancelled') watched.again()
    else if (failure && hopeless.includes(failure.code)) {
      changeAccident(site, () => ({ searching: null, failure: failure.message }))
    } else if (failure) {
      note(site, backups, { path: searching, planId: null, findings: null, problem: failure.message, found: false })
    } else if (view?.plan) {
      const { plan, planId } = view
      changeAccident(site, (now) => {
        const findings = findingsOf(plan, now.table === '' ? null : now.table)
        const unread = plan.checks.find(({ check, state }) => state === 'failed' && unreadable.has(check))
        const problem = unread ? `${unread.title}: ${unread.evidence}` : ''
        const found = problem === '' && answers(findings, now.missed)
        return after(now, backups, {
          path: searching,
          planId,
          findings: unread ? null : findings,
          problem,
          found,
        })
      })
    }
  }, [site, backups, searching, since, failure, view, watched.again])

  return {
    accident,
    view,
    start: (further) =>
      changeAccident(site, (now) => {
        const kept = further ? now.compared : []
        return { compared: kept, failure: '', since: Date.now(), searching: nextOf(backups, kept) }
      }),
    stop: () => {
      if (searching !== null) void command('restore.stopPlanning', { site, path: searching })
      changeAccident(site, () => ({ searching: null }))
    },
  }
}

/** Checks that must pass before anything can be compared. */
const unreadable: ReadonlySet<string> = new Set(['readable', 'integrity'])

function nextOf(backups: readonly BackupEntry[], compared: readonly Compared[]): string | null {
  return backups.find(({ path }) => !compared.some((one) => one.path === path))?.path ?? null
}

function after(now: Accident, backups: readonly BackupEntry[], one: Compared): Partial<Accident> {
  if (now.searching !== one.path) return {}
  const compared = [...now.compared, one]
  return { compared, searching: one.found ? null : nextOf(backups, compared) }
}

function note(site: string, backups: readonly BackupEntry[], one: Compared): void {
  changeAccident(site, (now) => after(now, backups, one))
}
