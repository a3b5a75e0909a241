/** The desktop's console: the shared one, with secrets in the operating system's store. */
import { join } from 'node:path'
import { z } from 'zod'
import type { Role } from '../../src-shared/contract/define.ts'
import { ok, type Result } from '../../src-shared/result.ts'
import { portTransport } from '../../src-shared/rpc/port-transport.ts'
import { createApplication } from '../app/application.ts'
import type { Chooser } from '../ports/chooser.ts'
import type { Clock } from '../ports/clock.ts'
import { systemIdentity } from '../ports/identity.ts'
import type { Log } from '../ports/log.ts'
import type { Paths } from '../ports/paths.ts'
import { activityOf } from './activity-of.ts'
import { alertsOf } from './alerts-of.ts'
import type { ShellConsole } from './console.ts'
import { openSecrets, type SafeStorage } from './secrets.ts'

export interface DesktopConsole {
  readonly safeStorage: SafeStorage
  readonly chooser: Chooser
  readonly paths: Paths
  readonly clock: Clock
  readonly log: Log
  readonly name: string
  readonly version: string
  /** The role of the windows. */
  readonly role: Role
  /** In the demo: its site's name, and hints for trying it. */
  readonly demo: DemoFacts | null
}

/** What `npm run demo` passes to its window. */
export const demoFacts = z.object({
  name: z.string(),
  hints: z.array(z.object({ title: z.string(), text: z.string() })),
})
export type DemoFacts = z.infer<typeof demoFacts>

/** Opens the store and resumes unfinished operations. Fails as opening the store does. */
export async function openDesktopConsole(options: DesktopConsole): Promise<Result<ShellConsole>> {
  const { safeStorage, chooser, paths, clock, log, name, version, role, demo } = options
  const file = join(paths.data, 'secrets.json')
  const secrets = await openSecrets({ safeStorage, platform: process.platform, file, log })
  const host = { name, version, kind: 'electron' as const }
  const created = createApplication({ paths, secrets, clock, log, identity: systemIdentity(), host, chooser })
  if (!created.ok) return created
  const application = created.value
  const { context, runner } = application.console
  const shown = demo && context.store.sites.byName(demo.name)
  if (demo && shown) application.demo({ site: shown.id, hints: demo.hints })
  return ok({
    activity: activityOf(context, runner, application.transfers),
    alerts: alertsOf(application.standing),
    theme: {
      get current() {
        return application.appearance.current.theme
      },
      subscribe: (listener) => application.appearance.subscribe(listener),
    },
    attach: (port) => void application.session(portTransport(port), role),
    probeLinks: () => void context.links.probe(),
    dispose: async () => await application[Symbol.asyncDispose](),
  })
}
