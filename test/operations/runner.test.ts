/** The runner with a real kit on the demo site: what it records, and what it finds again. */
import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Console } from '../../src-main/app/console.ts'
import { processesWith } from '../../src-main/demo/processes.ts'
import { missingForDemo } from '../../src-main/demo/requirements.ts'
import { type DemoSite, startDemoSite } from '../../src-main/demo/site.ts'
import type { RunnerEvent } from '../../src-main/operations/context.ts'
import type { KitLink } from '../../src-main/operations/links.ts'
import { systemClock } from '../../src-main/ports/clock.ts'
import type { JournalEntry } from '../../src-main/store/operations.ts'
import type { Site } from '../../src-main/store/sites.ts'
import { fail, ok } from '../../src-shared/result.ts'
import { knowSite, nextEvent, openConsole } from '../support/console.ts'
import { scratchFolder } from '../support/folder.ts'
import { childrenOf } from '../support/processes.ts'
import { waitUntil } from '../support/wait.ts'

const lacks = missingForDemo().map(({ what }) => what)

describe.skipIf(lacks.length > 0)(`the runner ${lacks.join(', ')}`, () => {
  let demo: DemoSite
  let console: Console
  let folder: string
  let site: Site

  beforeAll(async () => {
    demo = await startDemoSite({ appStartMs: 50 })
  })
  afterAll(() => demo.stop())
  beforeEach(async () => {
    folder = scratchFolder()
    console = openConsole(folder)
    site = await knowSite(console, demo)
    return () => console[Symbol.asyncDispose]()
  })

  const isStep = (name: string) => (event: RunnerEvent) =>
    event.kind === 'event' && event.event.kind === 'step' && event.event.step === name
  const backup = () => console.runner.start({ site, request: ['database'], reason: '' })
  const rows = (table: string) =>
    Number(execFileSync('sqlite3', ['-cmd', '.timeout 10000', demo.database, `SELECT count(*) FROM ${table}`]))

  async function makeBackup(): Promise<string> {
    const ended = await console.runner.settled(backup().id)
    return (ended.data as { backup: { path: string } }).backup.path
  }

  const confirm = ['--confirm', hostname(), '--reason', 'test']
  const restore = (path: string) =>
    console.runner.start({ site, request: ['restore', 'database', { path }, ...confirm], reason: 'test' })

  const failpoint = () => join(demo.state, 'failpoint')
  /** Continues a paused restore. */
  function goOn(): void {
    for (const file of [failpoint(), `${failpoint()}.reached`]) rmSync(file, { force: true })
  }
  afterEach(goOn)

  /** A restore paused at a phase, in a step that the console knows of. */
  async function standing(path: string, phase: string, step: string): Promise<JournalEntry> {
    writeFileSync(failpoint(), `${phase} pause\n`)
    const inStep = nextEvent(console, isStep(step))
    const entry = restore(path)
    await inStep
    await waitUntil('the restore to stand still', () => existsSync(`${failpoint()}.reached`))
    return entry
  }
  /** Nothing was changed yet. */
  const standingReady = (path: string) => standing(path, 'staged', 'ready')

  /** The journal has what the server recorded: every event once, in order (only the newest progress). */
  function expectWholeRecord(entry: JournalEntry): void {
    const file = join(demo.state, 'operations', entry.remoteOperation ?? '', 'events')
    const bytes = readFileSync(file)
    const kinds = (events: readonly { kind: string }[]) => events.filter(({ kind }) => kind !== 'progress')
    const recorded = bytes
      .toString('utf8')
      .trimEnd()
      .split('\n')
      .map((line): { kind: string } => JSON.parse(line))
    expect(kinds(console.context.store.events.list(entry.id))).toMatchObject(kinds(recorded))
    expect(entry.eventOffset).toBe(bytes.length)
  }

  /** The paused operation continues and succeeds, with no event missed or doubled. */
  async function goesOnToItsEnd({ id }: JournalEntry): Promise<void> {
    goOn()
    const ended = await console.runner.settled(id)
    expect(ended).toMatchObject({ state: 'ended', outcome: 'succeeded' })
    expectWholeRecord(ended)
  }

  test('a backup: in the journal before, during and after', async () => {
    const seen: string[] = []
    console.runner.subscribe((event) => {
      if (event.kind === 'journal') seen.push(event.entry.state)
    })
    const entry = backup()
    expect(console.context.store.operations.byId(entry.id)?.state).toBe('queued')
    const ended = await console.runner.settled(entry.id)
    expect(ended).toMatchObject({ state: 'ended', outcome: 'succeeded', code: 'ok' })
    expect(seen).toEqual(['queued', 'starting', 'running', 'ended'])
    expectWholeRecord(ended)
    const actions = console.context.store.audit.list(9).map(({ action, outcome }) => [action, outcome])
    expect(actions).toEqual([
      ['database ended', 'succeeded'],
      ['database asked', ''],
    ])
    expect(console.context.store.audit.verify()).toMatchObject({ intact: true })
  })

  test('two operations on one site: the second waits for the first', async () => {
    const stands = standingReady(await makeBackup())
    const other = backup()
    const one = await stands
    expect(console.context.store.operations.byId(other.id)?.state).toBe('queued')
    goOn()
    expect(await console.runner.settled(one.id)).toMatchObject({ outcome: 'succeeded' })
    expect(await console.runner.settled(other.id)).toMatchObject({ outcome: 'succeeded' })
  })

  test('a waiting operation is cancelled: it is never started', async () => {
    const one = await standingReady(await makeBackup())
    const other = backup()
    const cancelled = await console.runner.cancel(site, other.id)
    expect(cancelled).toMatchObject({ ok: true, value: { outcome: 'cancelled' } })
    goOn()
    expect(await console.runner.settled(one.id)).toMatchObject({ outcome: 'succeeded' })
    const ended = await console.runner.settled(other.id)
    expect(ended).toMatchObject({ state: 'ended', outcome: 'cancelled', remoteOperation: null })
    expect(console.context.store.audit.list(9).map(({ action }) => action)).toContain('cancel asked')
  })

  test('the link breaks during an operation: it is resumed, and no event is lost or doubled', async () => {
    const entry = await standingReady(await makeBackup())
    const broke = nextEvent(console, ({ kind }) => kind === 'link')
    demo.dropConnections()
    await broke
    await goesOnToItsEnd(entry)
  })

  test('the following shell is killed on the server, as in a shutdown: the operation is resumed', async () => {
    const entry = await standingReady(await makeBackup())
    const broke = nextEvent(console, ({ kind }) => kind === 'link')
    const shells = processesWith('CVD_BACKUP_STATE', demo.state)
    for (const pid of childrenOf(process.pid)) if (shells.includes(pid)) process.kill(-pid, 'SIGKILL')
    expect(await broke).toMatchObject({ failure: { code: 'killed' } })
    await goesOnToItsEnd(entry)
  })

  test.each(['channel-refused', 'timeout'])(
    'a server too busy to be listened to (%s) is listened to again',
    async (code) => {
      const entry = await standingReady(await makeBackup())
      const busy = {
        client: { follow: async () => fail({ code, message: 'busy' }) },
        [Symbol.dispose]: () => undefined,
      }
      vi.spyOn(console.context.links, 'open').mockResolvedValueOnce(ok(busy as unknown as KitLink))
      const refused = nextEvent(console, (event) => event.kind === 'link' && event.failure.code === code)
      demo.dropConnections()
      await refused
      await goesOnToItsEnd(entry)
    },
  )

  test('the console ends during an operation: the next one resumes it from there', async () => {
    const entry = await standingReady(await makeBackup())
    await console[Symbol.asyncDispose]()
    console = openConsole(folder)
    expect(console.context.store.operations.byId(entry.id)).toMatchObject({ state: 'running', outcome: null })
    expect(console.runner.reattach().map(({ id }) => id)).toEqual([entry.id])
    await goesOnToItsEnd(entry)
  })

  function startingRow(): string {
    const id = randomUUID()
    const request = ['database']
    const entry = { id, siteId: site.id, command: 'database', request, who: 'tester@desk', reason: '' }
    console.context.store.operations.insert({ ...entry, createdAt: Date.now() })
    console.context.store.operations.starting(id)
    return id
  }

  test('the console ended before the server had reported the id: the operation is found by its token', async () => {
    const id = startingRow()
    await demo.kitCommand('--token', id, 'database')
    console.runner.reattach()
    const ended = await console.runner.settled(id)
    expect(ended).toMatchObject({ state: 'ended', outcome: 'succeeded' })
    expectWholeRecord(ended)
  })

  test('cancelled before the server has reported the id: waits for the id', async () => {
    // It is polled a hundred times, which may be too few on a busy machine.
    const wait: typeof systemClock.wait = (ms, signal) => systemClock.wait(ms === 100 ? 1000 : ms, signal)
    await console[Symbol.asyncDispose]()
    console = openConsole(folder, { ...systemClock, wait })
    const id = startingRow()
    await demo.kitCommand('--token', id, 'database')
    const cancelled = console.runner.cancel(site, id)
    console.runner.reattach()
    // The server was asked by that name, and had already done it.
    expect(await cancelled).toMatchObject({
      ok: false,
      error: { code: 'checks-failed', message: expect.stringContaining('ended') },
    })
    expectWholeRecord(await console.runner.settled(id))
  })

  test('the server never received it: the failure says so, and claims nothing else', async () => {
    const id = startingRow()
    console.runner.reattach()
    expect(await console.runner.settled(id)).toMatchObject({
      outcome: 'failed',
      code: 'not-started',
      remoteOperation: null,
    })
  })

  test('an operation still queued when the console ended is never started', async () => {
    const one = await standingReady(await makeBackup())
    const other = backup()
    await console[Symbol.asyncDispose]()
    console = openConsole(folder)
    console.runner.reattach()
    goOn()
    expect(console.context.store.operations.byId(other.id)).toMatchObject({ state: 'ended', outcome: 'cancelled' })
    expect(await console.runner.settled(one.id)).toMatchObject({ outcome: 'succeeded' })
  })

  test('an unreachable server: failed, and nothing was requested', async () => {
    const target = { ...site.target, port: 1 }
    const entry = console.runner.start({ site: { ...site, target }, request: ['database'], reason: '' })
    const ended = await console.runner.settled(entry.id)
    expect(ended).toMatchObject({ outcome: 'failed', code: 'unreachable', remoteOperation: null })
    expect(ended.unchanged).not.toBe('')
  })

  test('a restore brings rows back, and undo reverts it', async () => {
    const path = await makeBackup()
    const before = rows('devices')
    execFileSync('sqlite3', ['-cmd', '.timeout 10000', demo.database, 'DELETE FROM devices WHERE id <= 5'])
    const restored = await console.runner.settled(restore(path).id)
    expect(restored).toMatchObject({ outcome: 'succeeded', data: { downMs: expect.any(Number) } })
    expect(rows('devices')).toBe(before)
    expectWholeRecord(restored)
    const request = ['undo', restored.remoteOperation ?? '', ...confirm] as const
    const undone = await console.runner.settled(
      console.runner.start({ site, request: [...request], reason: 'test' }).id,
    )
    expect(undone).toMatchObject({ outcome: 'succeeded' })
    expect(rows('devices')).toBe(before - 5)
  })

  test.each([
    ['keep', 'keeping', 'rolled back'],
    ['start', 'starting', 'succeeded'],
  ])('its process is killed at %s: recovered, and the outcome is reported', async (step, phase, outcome) => {
    const entry = await standing(await makeBackup(), phase, step)
    const remote = console.context.store.operations.byId(entry.id)?.remoteOperation ?? ''
    process.kill(Number(readFileSync(join(demo.state, 'operations', remote, 'pid'), 'utf8')), 'SIGKILL')
    goOn()
    const ended = await console.runner.settled(entry.id)
    expect(ended).toMatchObject({ state: 'ended', outcome })
    expectWholeRecord(ended)
    const recover = console.context.store.operations.ofSite(site.id, 9).find(({ command }) => command === 'recover')
    expect(recover).toMatchObject({ outcome: 'succeeded' })
    expect(await demo.app.health()).toMatchObject({ status: 200 })
  })
})
