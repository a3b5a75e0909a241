/** H3: a restore belongs to the server, not to the console that requested it. */
import { mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, expect, test } from 'vitest'
import type { Site } from '../../src-main/store/sites.ts'
import { type KitEvent, kitEvent } from '../../src-shared/domain/kit-protocol.ts'
import { Cli } from '../support/cli.ts'
import {
  beginRestore,
  change,
  clearFailpoint,
  leftovers,
  nameOf,
  paused,
  restored,
  setFailpoint,
  state,
} from '../support/restores.ts'
import { must, ServerDesk } from '../support/server-desk.ts'
import type { Server } from '../support/servers/server.ts'
import { onBoth } from '../support/servers/shared.ts'
import { waitUntil } from '../support/wait.ts'

const withoutProgress = (events: readonly KitEvent[]) => events.filter(({ kind }) => kind !== 'progress')

onBoth('a restore', (server: Server) => {
  let desk: ServerDesk
  let site: Site
  let backup: string

  beforeEach(async () => {
    await server.reset()
    desk = new ServerDesk()
    site = await desk.add(server, { health: server.probe })
    backup = (await desk.backUp(site)).backup.path
    await change(server, 'DELETE FROM devices WHERE id > 40')
    return async () => {
      clearFailpoint(server)
      await server.restoreLink()
      await desk[Symbol.asyncDispose]()
    }
  })
  afterAll(() => server.reset())

  const devices = () => server.query('SELECT count(*) FROM devices')
  const outcomeOnServer = (operation: string) =>
    waitUntil('the outcome on the server', async () => {
      const read = await server.run(`sed -n s/^outcome=//p ${state}/operations/${operation}/outcome`)
      return read.stdout.trim()
    })
  const eventsOnServer = async (operation: string) =>
    (await server.readFile(`${state}/operations/${operation}/events`))
      .split('\n')
      .filter(Boolean)
      .map((line) => kitEvent.parse(JSON.parse(line)))

  test('continues without a link; both consoles get its outcome, the first one every event exactly once', async () => {
    await setFailpoint(server, 'keeping pause')
    const lost = desk.nextEvent(({ kind }) => kind === 'link')
    const entry = await beginRestore(desk, site, backup)
    await paused(server)
    const operation = await nameOf(desk, entry)
    await server.dropLink()
    clearFailpoint(server)
    expect(await outcomeOnServer(operation)).toBe('succeeded')
    await server.waitHealthy()
    expect(await devices()).toBe('48')
    // By itself it notices within a minute (test/remote/faults.test.ts).
    await desk.console.context.links.probe()
    await lost
    await server.restoreLink()

    await using other = new ServerDesk('another@desk')
    const same = await waitUntil('the way back', async () => {
      const added = await other.tryToAdd(server)
      return added.ok && added.value.site
    })
    const found = (await other.operations(same)).find(({ id }) => id === operation)
    expect(found).toMatchObject({ state: 'ended', outcome: 'succeeded', reason: 'a test', who: 'tester@desk' })
    const imported = other.console.runner.import(same, found ?? must({ ok: false, error: { code: '', message: '' } }))
    expect((await other.settled(imported)).outcome).toBe('succeeded')

    restored(await desk.settled(entry))
    const recorded = withoutProgress(await eventsOnServer(operation))
    expect(withoutProgress(desk.console.context.store.events.list(entry.id))).toEqual(recorded)
    expect(withoutProgress(other.console.context.store.events.list(imported.id))).toEqual(recorded)
  })

  test('continues when the console is killed, and is resumed by the next one', async () => {
    const home = mkdtempSync(join(tmpdir(), 'cvd-killed-'))
    try {
      const cli = new Cli(home)
      const password = server.password === undefined ? [] : ['--sudo', 'password', '--password-stdin']
      const asked = server.password === undefined ? [] : ['--password-stdin']
      const input = server.password === undefined ? '' : `${server.password}\n`
      const login = ['--host', server.address, '--user', server.user, '--key', server.keyFile]
      const accept = ['--accept-host-key', server.hostKeyFingerprint]
      expect(await cli.json(['site', 'add', 'Depot', ...login, ...password, ...accept], { input })).toMatchObject({
        code: 0,
      })
      await setFailpoint(server, 'swapping pause')
      const words = ['restore', 'Depot', 'database', backup, '--confirm', 'Depot', '--reason', 'x', '--json', ...asked]
      let killed = false
      const answer = await cli.run(words, {
        input,
        onOutput: (stdout, child) => {
          if (killed || !/"step":"swap"/.test(stdout)) return
          killed = true
          child.kill('SIGKILL')
        },
      })
      expect(answer.code).toBe(null)
      const operation = /"kind":"operation","operation":"([^"]+)"/.exec(answer.stdout)?.[1] ?? ''
      clearFailpoint(server)
      expect(await outcomeOnServer(operation)).toBe('succeeded')
      expect(await devices()).toBe('48')
      const followed = await cli.json(['follow', 'Depot', operation, ...asked], { input })
      expect(followed).toMatchObject({ code: 0, result: { outcome: 'succeeded' } })
      const recorded = (await eventsOnServer(operation)).filter(({ kind }) => kind === 'step')
      expect(followed.events.filter(({ kind }) => kind === 'step')).toHaveLength(recorded.length)
    } finally {
      rmSync(home, { recursive: true, force: true })
    }
  })

  /** Cancels at a phase where the kit pauses. */
  const cancelAt = async (phase: string) => {
    await setFailpoint(server, `${phase} pause`)
    const entry = await beginRestore(desk, site, backup)
    await paused(server)
    const operation = await nameOf(desk, entry)
    const cancelled = desk.console.runner.cancel(site, entry.id)
    await waitUntil('the request to stop', async () => {
      return (await server.run(`test -s ${state}/operations/${operation}/cancel`)).code === 0
    })
    clearFailpoint(server)
    expect(must(await cancelled)).toMatchObject({ state: 'ended', outcome: 'cancelled' })
    const ended = await desk.settled(entry)
    expect(ended).toMatchObject({ outcome: 'cancelled', code: 'cancelled' })
    await server.waitHealthy()
    await server.writes(2)
    expect(await devices()).toBe('40')
    expect(await leftovers(server)).toBe('')
    return ended
  }

  test('changes and stops nothing if cancelled before the stop', async () => {
    const since = 'systemctl show -P MainPID -P ActiveEnterTimestampMonotonic cvd cvd-writer'
    const before = await server.must(since)
    const ended = await cancelAt('staged')
    expect(ended.unchanged).toContain('nothing was changed')
    expect(await server.must(since)).toBe(before)
  })

  test.each(['stopping', 'keeping', 'swapped', 'starting'])(
    'brings the old state back if cancelled at %s',
    async (phase) => {
      await cancelAt(phase)
      expect(await server.must('systemctl is-active cvd cvd-writer')).toBe('active\nactive')
      expect(await server.query('PRAGMA integrity_check')).toBe('ok')
    },
  )

  test('is not disturbed by the recovery unit', async () => {
    await setFailpoint(server, 'swapping pause')
    const entry = await beginRestore(desk, site, backup)
    await paused(server)
    await server.must('systemctl start cvd-backup-recover')
    clearFailpoint(server)
    restored(await desk.settled(entry))
    expect(await devices()).toBe('48')
  })

  test('is completed at the next boot after an orderly shutdown', async () => {
    await setFailpoint(server, 'swapping pause')
    const entry = await beginRestore(desk, site, backup)
    await paused(server)
    const operation = await nameOf(desk, entry)
    await desk.console.runner.detach()
    await server.must('systemctl poweroff --no-block')
    await waitUntil('the shutdown to begin', async () =>
      (await server.run('systemctl is-system-running')).stdout.startsWith('stopping'),
    )
    clearFailpoint(server)
    await server.waitOff()
    await server.boot()
    expect(await outcomeOnServer(operation)).toBe('rolled back')
    await server.writes(2)
    expect(await devices()).toBe('40')
    expect(await server.must('systemctl is-active cvd cvd-writer')).toBe('active\nactive')
    expect(await leftovers(server)).toBe('')
  })

  test('waits after a power cut for a disk that is missing at boot', async () => {
    await setFailpoint(server, 'swapping pause')
    const entry = await beginRestore(desk, site, backup)
    await paused(server)
    const operation = await nameOf(desk, entry)
    await desk.console.runner.detach()
    await server.powerOff()
    clearFailpoint(server)
    const data = join(server.folder, 'root/opt/cvd/data')
    renameSync(data, `${data}.away`)
    await server.boot({ healthy: false })
    await waitUntil('the recovery to have tried', async () => {
      return (await server.run(`ls ${state}/operations/*-recover-*/outcome`)).code === 0
    })
    expect(await server.must(`cat ${state}/unfinished`)).toBe(operation)
    renameSync(`${data}.away`, data)
    await using other = new ServerDesk('another@desk')
    const same = await other.add(server)
    const found = (await other.operations(same)).find(({ id }) => id === operation)
    const imported = other.console.runner.import(same, found ?? must({ ok: false, error: { code: '', message: '' } }))
    expect(await other.settled(imported)).toMatchObject({ outcome: 'rolled back' })
    await server.waitHealthy()
    expect(await devices()).toBe('40')
    expect(await leftovers(server)).toBe('')
  })
})
