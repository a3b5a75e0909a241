/** A console for a test, and a demo site that it knows. */
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { type Console, createConsole } from '../../src-main/app/console.ts'
import type { DemoSite } from '../../src-main/demo/site.ts'
import type { RunnerEvent } from '../../src-main/operations/context.ts'
import { type Clock, systemClock } from '../../src-main/ports/clock.ts'
import { fileLog } from '../../src-main/ports/log.ts'
import { systemPaths } from '../../src-main/ports/paths.ts'
import { MemorySecrets } from '../../src-main/ports/secrets.ts'
import type { Site } from '../../src-main/store/sites.ts'

/** Opens (again) the console whose data is in `folder`. */
export function openConsole(folder: string, clock: Clock = systemClock): Console {
  const paths = systemPaths(join(folder, 'console'))
  const log = fileLog({ file: paths.log, now: systemClock.now })
  const host = { paths, log, secrets: new MemorySecrets(), clock, identity: { who: 'tester@desk' } }
  const created = createConsole(host)
  if (!created.ok) throw new Error(created.error.message)
  return created.value
}

/** Stores the demo site and pins its host key, without inspecting it. */
export async function knowSite({ context }: Console, demo: DemoSite): Promise<Site> {
  const { host, port, user, keyFile } = demo
  const target = { host, port, user, auth: { method: 'key' as const, keyFile }, jumps: [] }
  const link = await context.links.open({ target, sudo: 'none' }, { accept: [demo.hostKeyFingerprint] })
  if (!link.ok) throw new Error(link.error.message)
  link.value[Symbol.dispose]()
  const now = context.clock.now()
  const pinned = { root: demo.root, hostName: 'demo', machineId: 'unknown', createdAt: now, updatedAt: now }
  const site: Site = { id: randomUUID(), name: 'Demo', colour: 'teal', target, sudo: 'none', ...pinned }
  const added = context.store.sites.insert(site)
  if (!added.ok) throw new Error(added.error.message)
  return site
}

/** The id of the machine that answers at a site's address. */
export async function machineAt({ context }: Console, site: Site): Promise<string> {
  const link = await context.links.open(site)
  if (!link.ok) throw new Error(link.error.message)
  using kit = link.value
  const found = await kit.client.inspect()
  if (!found.ok) throw new Error(found.error.message)
  return found.value.host.machineId
}

/** Resolves with the runner's next matching event. */
export function nextEvent(console: Console, fits: (event: RunnerEvent) => boolean): Promise<RunnerEvent> {
  return new Promise((resolve) => {
    const stop = console.runner.subscribe((event) => {
      if (!fits(event)) return
      stop()
      resolve(event)
    })
  })
}
