/** What a window receives about operations that this console does not follow, and about a site with an unfinished one. */
import { randomUUID } from 'node:crypto'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Application } from '../../src-main/app/application.ts'
import type { Console } from '../../src-main/app/console.ts'
import { missingForDemo } from '../../src-main/demo/requirements.ts'
import { type DemoSite, startDemoSite } from '../../src-main/demo/site.ts'
import type { RunnerEvent } from '../../src-main/operations/context.ts'
import type { Site } from '../../src-main/store/sites.ts'
import type { ConsoleContract } from '../../src-shared/contract/index.ts'
import type { OperationView } from '../../src-shared/contract/operations.ts'
import type { RpcClient } from '../../src-shared/rpc/connect.ts'
import { openApplication, until, windowOf } from '../support/application.ts'
import { type Cable, cableTo } from '../support/cable.ts'
import { knowSite, nextEvent, openConsole } from '../support/console.ts'
import { fileFolder } from '../support/folder.ts'

const lacks = missingForDemo().map(({ what }) => what)

describe.skipIf(lacks.length > 0)(`a window ${lacks.join(', ')}`, () => {
  const folders = [fileFolder(), fileFolder()] as const
  let demo: DemoSite
  let cable: Cable
  let application: Application
  let window: RpcClient<ConsoleContract>
  let site: Site
  /** Another user's. */
  let other: Console
  let far: Site

  beforeAll(async () => {
    demo = await startDemoSite({ appStartMs: 50 })
    cable = await cableTo(demo.port)
    application = openApplication(folders[0].folder)
    window = windowOf(application)
    site = await known(application.console, cable.port)
    other = openConsole(folders[1].folder)
    far = await known(other, demo.port)
    await makeBackup()
  })
  afterEach(() => {
    cable.mend()
    for (const file of [failpoint(), `${failpoint()}.reached`]) rmSync(file, { force: true })
  })
  afterAll(async () => {
    window?.close()
    await application?.[Symbol.asyncDispose]()
    await other?.[Symbol.asyncDispose]()
    await cable?.[Symbol.asyncDispose]()
    await demo?.stop()
    for (const folder of folders) folder.remove()
  })

  const failpoint = () => join(demo.state, 'failpoint')
  let backup = ''

  async function known(console: Console, port: number): Promise<Site> {
    const added = await knowSite(console, { ...demo, port })
    const { links, store } = console.context
    const link = await links.open(added)
    if (!link.ok) throw new Error(link.error.message)
    using kit = link.value
    const found = await kit.client.inspect()
    if (!found.ok) throw new Error(found.error.message)
    const pinned = { ...added, machineId: found.value.host.machineId, hostName: found.value.host.name }
    store.sites.update(pinned)
    return pinned
  }

  async function makeBackup(): Promise<void> {
    const { id } = other.runner.start({ site: far, request: ['database'], reason: '' })
    const { data } = await other.runner.settled(id)
    backup = (data as { backup: { path: string } }).backup.path
  }

  /** A restore paused on the server before any change. Returns the function that continues it. */
  async function standing(console: Console, of: Site): Promise<{ id: string; remote: string }> {
    writeFileSync(failpoint(), 'staged pause\n')
    const isReady = (event: RunnerEvent) =>
      event.kind === 'event' && event.event.kind === 'step' && event.event.step === 'ready'
    const ready = nextEvent(console, isReady)
    const confirm = ['--confirm', of.hostName, '--reason', 'test']
    const request = ['restore', 'database', { path: backup }, ...confirm] as const
    const { id } = console.runner.start({ site: of, request: [...request], reason: 'test' })
    await ready
    return { id, remote: console.context.store.operations.byId(id)?.remoteOperation ?? '' }
  }

  const goOn = () => rmSync(failpoint(), { force: true })
  const watch = (operation: string, fits: (view: OperationView) => boolean) =>
    until<OperationView>((observer) => window.calls.operation.watch({ operation }, observer), fits)

  test('does not show an ended foreign operation as running', async () => {
    const { remote } = await standing(other, far)
    expect(await application.fleet.refreshAfter(site)).toMatchObject({ ok: true })
    const running = Promise.withResolvers<void>()
    const over = watch(remote, ({ row }) => {
      if (row.state === 'running') running.resolve()
      return row.state === 'ended'
    })
    await running.promise
    goOn()
    const leave = window.calls.site.watch({ site: site.id }, { onState: () => {}, onEnd: () => {} })
    expect((await over).row).toMatchObject({ elsewhere: true, outcome: 'succeeded' })
    leave()
  })

  test('does not show it as running while its server is unreachable', async () => {
    const { id, remote } = await standing(other, far)
    await application.fleet.refreshAfter(site)
    const lost = watch(remote, ({ row }) => row.state === 'unknown')
    cable.cut()
    expect(await application.fleet.refreshAfter(site)).toMatchObject({ ok: false })
    await lost
    goOn()
    await other.runner.settled(id)
  })

  test('shows all other operations if a server reports an invalid id', async () => {
    const { inspections } = application.console.context.store
    const { at, inspection } = inspections.latest(site.id) ?? expect.unreachable()
    const holder = { operation: 'x'.repeat(500), command: 'restore', who: '', pid: 1, since: 1 }
    inspections.keep(site.id, at, { ...inspection, lock: { held: true, holder } })
    const list = until<{ operations: unknown[] }>(
      (observer) => window.calls.operations.watch({}, observer),
      () => true,
    )
    expect(await list).toEqual({ operations: [] })
  })

  test('cannot remove a site with an unfinished operation', async () => {
    const { id } = await standing(application.console, site)
    const remove = () => window.calls.sites.remove({ site: site.id, confirm: site.name })
    expect(await remove()).toMatchObject({ ok: false, error: { code: 'busy' } })
    goOn()
    await application.console.runner.settled(id)
    // An operation that is not followed, and perhaps never can be, is no reason to keep the site.
    const row = { id: randomUUID(), siteId: site.id, command: 'database', request: ['database'], who: '', reason: '' }
    application.console.context.store.operations.insert({ ...row, createdAt: 1 })
    expect(await remove()).toMatchObject({ ok: true })
  })
})
