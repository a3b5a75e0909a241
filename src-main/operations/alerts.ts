/** The alerts of a site: reading them, saying that somebody takes care of one, and looking for them now. */
import type { AlertEntry, AlertReport } from '../../src-shared/domain/alerts.ts'
import { ok, type Result } from '../../src-shared/result.ts'
import type { JournalEntry } from '../store/operations.ts'
import type { Site } from '../store/sites.ts'
import { audit, type Context } from './context.ts'
import { inspectSite, onPinned } from './inspect.ts'
import type { Runner } from './runner.ts'

export type Acknowledgement =
  /** `until`: a time of the server, as `2026-03-29 02:30`, or with an offset. */
  { readonly reason: string; readonly until?: string } | { readonly withdraw: true }

export function readAlerts(context: Context, site: Site, signal?: AbortSignal): Promise<Result<AlertReport>> {
  return onPinned(context, site, (kit) => kit.client.alerts(signal), signal)
}

/** `alert`: its id. Returns the alert as it is then. */
export function acknowledgeAlert(
  context: Context,
  site: Site,
  alert: string,
  wanted: Acknowledgement,
): Promise<Result<AlertEntry>> {
  return onPinned(context, site, async (kit) => {
    const done = await kit.client.acknowledge(alert, wanted)
    audit(context, 'withdraw' in wanted ? 'withdraw' : 'acknowledge', site, {
      outcome: done.ok ? 'succeeded' : 'failed',
      reason: 'withdraw' in wanted ? '' : wanted.reason,
      detail: { alert },
    })
    return done
  })
}

/** Has the server look now, and tell its channels. */
export async function monitor(context: Context, runner: Runner, site: Site): Promise<Result<JournalEntry>> {
  const inspected = await inspectSite(context, site)
  return inspected.ok ? ok(runner.start({ site, request: ['monitor'], reason: '' })) : inspected
}
