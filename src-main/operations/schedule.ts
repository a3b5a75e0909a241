/** The schedule of a site: looking at it, changing it, and running one kind of it now. */
import type { ScheduleKind, ScheduleReport } from '../../src-shared/domain/schedule.ts'
import { fail, ok, type Result } from '../../src-shared/result.ts'
import type { JournalEntry, KitArgument } from '../store/operations.ts'
import type { Site } from '../store/sites.ts'
import { confirmationProblem } from './confirm.ts'
import type { Context } from './context.ts'
import { inspectSite, onPinned } from './inspect.ts'
import { makeBackup } from './make-backup.ts'
import type { Runner } from './runner.ts'

export type ScheduleChange =
  /** `replace`: switch the jobs of others off; the name of the site confirms it. */
  | { readonly change: 'install'; readonly replace?: { readonly confirm: string; readonly reason: string } }
  /** `until`: a time of the server, as `2026-03-29 02:30`, or with an offset. */
  | { readonly change: 'pause'; readonly until?: string }
  | { readonly change: 'resume' }
  /** `confirmation`: the name of the site, where a window asks for it. */
  | { readonly change: 'remove'; readonly confirmation?: { readonly confirm: string; readonly reason: string } }

export function readSchedule(context: Context, site: Site, signal?: AbortSignal): Promise<Result<ScheduleReport>> {
  return onPinned(context, site, (kit) => kit.client.schedule(signal), signal)
}

/** Requests the change after checking the machine; the runner reports its progress. */
export async function changeSchedule(
  context: Context,
  runner: Runner,
  site: Site,
  wanted: ScheduleChange,
): Promise<Result<JournalEntry>> {
  const replace = wanted.change === 'install' ? wanted.replace : undefined
  const given = wanted.change === 'remove' ? wanted.confirmation : replace
  const refused = given ? confirmationProblem(site, given) : null
  if (refused) return fail(refused)
  const inspected = await inspectSite(context, site)
  if (!inspected.ok) return inspected
  const request: [string, ...KitArgument[]] = ['timers', wanted.change]
  if (replace) request.push('--replace', '--confirm', inspected.value.host.name)
  if (wanted.change === 'pause' && wanted.until !== undefined) request.push('--until', wanted.until)
  return ok(runner.start({ site, request, reason: given?.reason ?? '' }))
}

/** Installs the schedule and, once it is installed, makes the first backup: another operation. */
export async function protectSite(
  context: Context,
  runner: Runner,
  site: Site,
  replace?: { readonly confirm: string; readonly reason: string },
): Promise<Result<JournalEntry>> {
  const installing = await changeSchedule(context, runner, site, { change: 'install', ...(replace && { replace }) })
  if (installing.ok) {
    void firstBackup(context, runner, site, installing.value.id).catch((error: unknown) =>
      context.log.write('error', 'the first backup was not started', { site: site.name, error }),
    )
  }
  return installing
}

async function firstBackup(context: Context, runner: Runner, site: Site, installing: string): Promise<void> {
  const { outcome } = await runner.settled(installing)
  if (outcome !== 'succeeded') return
  const made = await makeBackup(context, runner, site)
  if (!made.ok) throw new Error(made.error.message)
}

/** What the schedule would do for this kind, as an operation of whoever asks. */
export async function runScheduled(
  context: Context,
  runner: Runner,
  site: Site,
  kind: ScheduleKind,
): Promise<Result<JournalEntry>> {
  const inspected = await inspectSite(context, site)
  if (!inspected.ok) return inspected
  const requests: Readonly<Record<ScheduleKind, [string, ...string[]]>> = {
    database: ['database', '--scheduled'],
    application: ['application', '--scheduled'],
    config: ['config', '--scheduled'],
    system: ['system', '--scheduled'],
    verify: ['verify', '--budget', inspected.value.policy.verify_budget ?? '30'],
    rotate: ['rotate'],
    monitor: ['monitor'],
  }
  return ok(runner.start({ site, request: requests[kind], reason: '' }))
}
