/** Operations that are not followed here: left by another run of the console, disconnected, or started elsewhere. */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Console } from '../../src-main/app/console.ts'
import { missingForDemo } from '../../src-main/demo/requirements.ts'
import { type DemoSite, startDemoSite } from '../../src-main/demo/site.ts'
import { Fleet } from '../../src-main/fleet/site-refresher.ts'
import { inspectSite } from '../../src-main/operations/inspect.ts'
import { systemClock } from '../../src-main/ports/clock.ts'
import type { JournalEntry } from '../../src-main/store/operations.ts'
import type { Site } from '../../src-main/store/sites.ts'
import type { OperationEntry } from '../../src-shared/domain/kit-site.ts'
import { knowSite, machineAt, openConsole } from '../support/console.ts'
import { scratchFolder } from '../support/folder.ts'

const HOUR = 3_600_000
const lacks = missingForDemo().map(({ what }) => what)

describe.skipIf(lacks.length > 0)(`an operation that is not followed ${lacks.join(', ')}`, () => {
  let demo: DemoSite
  /** Shifts this computer's clock relative to the server's. */
  let shift = 0
  /** A window that was open all the time. */
  let console: Console
  let folder: string
  let site: Site

  beforeAll(async () => {
    demo = await startDemoSite({ appStartMs: 50 })
  })
  afterAll(() => demo.stop())
  beforeEach(async () => {
    shift = 0
    folder = scratchFolder()
    console = openConsole(folder, { ...systemClock, now: () => Date.now() + shift })
    const known = await knowSite(console, demo)
    site = { ...known, machineId: await machineAt(console, known) }
    console.context.store.sites.update(site)
    return () => console[Symbol.asyncDispose]()
  })

  const row = (id: string) => console.context.store.operations.byId(id) as JournalEntry
  const ends = () => console.context.store.audit.list(99).filter(({ action }) => action === 'database ended')

  async function listed(): Promise<OperationEntry[]> {
    const link = await console.context.links.open(site)
    if (!link.ok) throw new Error(link.error.message)
    using kit = link.value
    const found = await kit.client.operations(9)
    return found.ok ? found.value : []
  }

  /** A backup that another run of the console on the same store requested and stopped following. */
  async function left(): Promise<string> {
    const id = randomUUID()
    const entry = { id, siteId: site.id, command: 'database', request: ['database'], who: 'other@desk', reason: '' }
    const { operations } = console.context.store
    operations.insert({ ...entry, createdAt: console.context.clock.now() })
    operations.starting(id)
    await demo.kitCommand('--token', id, 'database')
    const found = (await listed()).find(({ token }) => token === id)
    operations.running(id, found?.id ?? '')
    return id
  }

  test('of an earlier run of the console is resumed when the site is seen', async () => {
    const id = await left()
    expect(row(id).state).toBe('running')
    expect(console.runner.isFollowing(id)).toBe(false)
    await using fleet = new Fleet(console.context, console.runner)
    await fleet.refresh(site)
    expect(console.runner.isFollowing(id)).toBe(true)
    expect(await console.runner.settled(id)).toMatchObject({ state: 'ended', outcome: 'succeeded' })
  })

  test('followed by two runs of the console: its end is recorded once', async () => {
    const id = await left()
    await using other = openConsole(folder)
    for (const { runner } of [console, other]) runner.resumeAt(site, false)
    await Promise.all([console.runner.settled(id), other.runner.settled(id)])
    expect(row(id)).toMatchObject({ state: 'ended', outcome: 'succeeded' })
    expect(ends()).toHaveLength(1)
  })

  test('an operation whose connection was lost is looked for once the site answers, and not for ever', async () => {
    const id = await left()
    console.context.store.operations.lost(id)
    const asked = vi.spyOn(console.runner, 'resume').mockImplementation(() => undefined)
    console.runner.resumeAt(site, false)
    console.runner.resumeAt(site, false)
    expect(asked).toHaveBeenCalledTimes(1)
    console.runner.resumeAt(site, true)
    expect(asked).toHaveBeenCalledTimes(2)
  })

  test('survives a full disk of this computer: it is resumed when there is space', async () => {
    const { store } = console.context
    const full = () => {
      throw Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' })
    }
    const record = vi.spyOn(store.events, 'record').mockImplementation(full)
    const lost = vi.spyOn(store.operations, 'lost').mockImplementation(full)
    const { id } = console.runner.start({ site, request: ['database'], reason: '' })
    await expect(console.runner.settled(id)).rejects.toThrow('full')
    expect(row(id)).toMatchObject({ state: 'running', outcome: null })
    expect(console.runner.isFollowing(id)).toBe(false)
    record.mockRestore()
    lost.mockRestore()
    await using fleet = new Fleet(console.context, console.runner)
    await fleet.refresh(site)
    expect(await console.runner.settled(id)).toMatchObject({ state: 'ended', outcome: 'succeeded' })
  })

  test("received hours later, has the server's end time", async () => {
    await inspectSite(console.context, site)
    const id = await left()
    shift = 8 * HOUR
    console.runner.resumeAt(site, true)
    const ended = await console.runner.settled(id)
    expect(ended.outcome).toBe('succeeded')
    expect((ended.endedAt ?? 0) - ended.createdAt).toBeLessThan(HOUR)
  })

  test("of another console has times by this computer's clock", async () => {
    shift = 8 * HOUR
    await inspectSite(console.context, site)
    await demo.kitCommand('database')
    const [newest] = await listed()
    const { id, createdAt } = console.runner.import(site, newest as OperationEntry)
    const now = Date.now() + shift
    expect(now - createdAt).toBeLessThan(HOUR)
    const ended = await console.runner.settled(id)
    expect(now - (ended.endedAt ?? 0)).toBeLessThan(HOUR)
  })
})
