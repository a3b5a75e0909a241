/** The console as the desktop has it: the shared one, with the secrets of the operating system. */
import { join } from 'node:path'
import { ok, type Result } from '../../src-shared/result.ts'
import { createConsole } from '../app/console.ts'
import type { Clock } from '../ports/clock.ts'
import { systemIdentity } from '../ports/identity.ts'
import type { Log } from '../ports/log.ts'
import type { Paths } from '../ports/paths.ts'
import { activityOf } from './activity-of.ts'
import type { ShellConsole } from './console.ts'
import { openSecrets, type SafeStorage } from './secrets.ts'

export interface DesktopConsole {
  readonly safeStorage: SafeStorage
  readonly paths: Paths
  readonly clock: Clock
  readonly log: Log
}

/** Opens the store and takes up what was unfinished. Fails as the store does. */
export async function openDesktopConsole(options: DesktopConsole): Promise<Result<ShellConsole>> {
  const { safeStorage, paths, clock, log } = options
  const secrets = await openSecrets({
    safeStorage,
    platform: process.platform,
    file: join(paths.data, 'secrets.json'),
    log,
  })
  const created = createConsole({ paths, secrets, clock, identity: systemIdentity(), log })
  if (!created.ok) return created
  const console = created.value
  console.runner.reattach()
  return ok({
    activity: activityOf(console.desk, console.runner),
    attach: (port) => port.close(),
    probeLinks: () => void console.desk.links.probe(),
    dispose: async () => await console[Symbol.asyncDispose](),
  })
}
