/** Rotation: deletes the backups of a site that its policy does not keep. */
import type { RotationReport } from '../../src-shared/domain/retention.ts'
import { ok, type Result } from '../../src-shared/result.ts'
import type { JournalEntry } from '../store/operations.ts'
import type { Site } from '../store/sites.ts'
import type { Context } from './context.ts'
import { inspectSite, onPinned } from './inspect.ts'
import type { Runner } from './runner.ts'

export async function rotateBackups(
  context: Context,
  runner: Runner,
  site: Site,
  acceptClock: boolean,
): Promise<Result<JournalEntry>> {
  const inspected = await inspectSite(context, site)
  if (!inspected.ok) return inspected
  const machine = ['--expect-machine', inspected.value.host.machineId]
  const request: [string, ...string[]] = ['rotate', ...(acceptClock ? ['--accept-clock'] : []), ...machine]
  return ok(runner.start({ site, request, reason: '' }))
}

/** Asks the server what rotation would do now. */
export function rotationPlan(context: Context, site: Site): Promise<Result<RotationReport>> {
  return onPinned(context, site, (kit) => kit.client.rotation())
}
