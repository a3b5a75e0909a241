/** Actions of another user of the same console, without a window. */
import { makeBackup } from '../../../src-main/operations/make-backup.ts'
import type { Site } from '../../../src-main/store/sites.ts'
import { until, windowOf } from '../application.ts'
import { must, reportOf } from '../server-desk.ts'
import type { Desk } from './desk.ts'

/** Makes a backup without a window; returns its path. */
export async function backUp({ console }: Desk, site: Site): Promise<string> {
  const { context, runner } = console.application.console
  return reportOf(await runner.settled(must(await makeBackup(context, runner, site)).id)).backup.path
}

/** Starts a restore without a window; returns the operation's id. */
export async function startRestore({ console }: Desk, site: Site, path: string, acceptSchema = false): Promise<string> {
  const { calls, close } = windowOf(console.application)
  const planned = await until<{ readonly state: string; readonly planId: string | null }>(
    (observer) => calls.restore.plan({ site: site.id, path }, observer),
    ({ state }) => state !== 'planning',
  )
  const started = await calls.restore.start({
    planId: planned.planId ?? '',
    confirm: site.name,
    reason: 'test',
    acceptSchema,
  })
  close()
  if (!started.ok) throw new Error(`${started.error.code}: ${started.error.message}`)
  return started.value.operation
}
