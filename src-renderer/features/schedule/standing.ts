/** How the schedule of a site stands, in one sentence; and what a run came to. Pure. */
import { formatClock } from '../../../src-shared/domain/format.ts'
import type { ScheduleReport } from '../../../src-shared/domain/schedule.ts'
import { scheduledTitle } from '../../../src-shared/domain/schedule-words.ts'

export type Run = ScheduleReport['runs'][number]

export interface ScheduleStanding {
  readonly mark: 'good' | 'attention' | 'bad'
  readonly sentence: string
  /** The next run, where that is what there is to say. */
  readonly next: { readonly title: string; readonly at: number } | null
}

/** All runs, newest first: those that no run has recorded as missed yet are among them. */
export function runsOf({ runs, missed }: Pick<ScheduleReport, 'runs' | 'missed'>): Run[] {
  const lost = missed.map(({ kind, dueAt }): Run => {
    const message = 'Nothing ran at this time: the server or its timers were off.'
    return { kind, dueAt, beganAt: null, endedAt: null, outcome: 'missed', code: 'missed', message, operation: '' }
  })
  return [...lost, ...runs].sort((one, other) => other.dueAt - one.dueAt)
}

/** Whether somebody should look at it. What was skipped because of a pause was wanted. */
export function isProblem({ outcome, code }: Run): boolean {
  if (outcome === 'succeeded' || outcome === 'running') return false
  return !(outcome === 'skipped' && code === 'paused')
}

const past: Readonly<Record<string, string>> = {
  failed: 'failed',
  missed: 'was missed',
  skipped: 'was skipped',
  cancelled: 'was cancelled',
  'rolled back': 'was rolled back',
}

const lower = (title: string) => `${title.charAt(0).toLowerCase()}${title.slice(1)}`

function troubleOf(report: ScheduleReport): string | null {
  const runs = runsOf(report)
  const last = report.kinds.flatMap(({ kind }) => runs.find((run) => run.kind === kind) ?? [])
  const bad = last.filter(isProblem)
  const [only] = bad
  if (!only) return null
  if (bad.length === 1)
    return `The last ${lower(scheduledTitle(only.kind))} ${past[only.outcome] ?? 'did not succeed'}.`
  return `The last runs of ${bad.length} kinds did not succeed: ${bad.map(({ kind }) => lower(scheduledTitle(kind))).join(', ')}.`
}

/** `unprotected`: there is no backup of the database at all; why the last attempt failed, or an empty text. Null: there is one. */
export function standingOf(report: ScheduleReport, unprotected: string | null = null): ScheduleStanding {
  const say = (mark: ScheduleStanding['mark'], sentence: string) => ({ mark, sentence, next: null })
  if (!report.installed) {
    return report.foreign.length > 0
      ? say('attention', 'Only jobs of others back this site up.')
      : say('bad', 'Nothing backs this site up by itself.')
  }
  if (report.kit?.intact === false) return say('bad', 'Nothing runs: somebody has changed the installed kit.')
  if (report.paused) {
    const { until } = report.paused
    const end = until === null ? '' : ` until ${formatClock(until, report.zone).slice(0, 16)}`
    return say('attention', `The schedule is paused${end}.`)
  }
  if (unprotected !== null) {
    const why = unprotected === '' ? '' : ` The last attempt failed: ${unprotected}`
    return say('bad', `Scheduled, but there is no backup yet.${why}`)
  }
  const trouble = troubleOf(report)
  if (trouble !== null) return say('attention', trouble)
  if (report.changed) return say('attention', 'The timers on the server differ from the policy.')
  const coming = report.kinds.flatMap(({ kind, next: [at] }) => (at === undefined ? [] : [{ kind, at }]))
  const [first] = coming.sort((one, other) => one.at - other.at)
  if (!first) return say('attention', 'Everything is switched off: nothing will run.')
  return { mark: 'good', sentence: 'Protected.', next: { title: lower(scheduledTitle(first.kind)), at: first.at } }
}
