/**
 * A restore of a whole site that is killed or cut off by a power failure, at each of its phases: all parts are in the old state
 * or all are in the new one, and run. Each phase is killed on one server and cut off on the other; they take turns.
 */
import { basename, join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { treeState } from '../support/kit/tree.ts'
import { phases } from '../support/kit/trial.ts'
import { wholePhases } from '../support/kit/whole-trial.ts'
import {
  change,
  clearFailpoint,
  committedSales,
  database,
  leftovers,
  missingFrom,
  nameOf,
  paused,
  queryFile,
  recovered,
  restored,
  setFailpoint,
  untilRestart,
} from '../support/restores.ts'
import { ServerSite } from '../support/server-site.ts'
import { besides, treeOn } from '../support/server-trees.ts'
import { nginxSite, publishAll, unit, type WholeState, wholeState } from '../support/server-whole.ts'
import type { Server } from '../support/servers/server.ts'
import { sharedServers } from '../support/servers/shared.ts'
import { waitUntil } from '../support/wait.ts'

type Version = 'one' | 'two'
type Outcome = 'failed' | 'rolled back' | 'succeeded'

interface Cell {
  readonly phase: string
  readonly outcome: Outcome
  /** Where the restore fails first, for the phases of a rollback. */
  readonly first: string
}

const cells: readonly Cell[] = [
  { phase: 'staged', outcome: 'failed', first: '' },
  ...[...wholePhases, 'keeping-git'].map((phase) => ({ phase, outcome: 'rolled back', first: '' }) as const),
  ...phases.forward.map((phase) => ({ phase, outcome: 'succeeded', first: '' }) as const),
  // With everything replaced, and with some of it.
  ...phases.rollback.map(
    (phase, index) =>
      ({ phase, outcome: 'rolled back', first: ['starting', 'swapping-config'][index % 2] ?? '' }) as const,
  ),
]

/** A server with two versions of its site: a backup of each, and one of them live. */
class Subject {
  readonly server: Server
  live: Version = 'two'
  readonly backups = { one: '', two: '' }
  readonly #states: Partial<Record<Version, WholeState>> = {}
  #console: ServerSite | null = null

  constructor(server: Server) {
    this.server = server
  }

  get console(): ServerSite {
    if (this.#console === null) throw new Error('no console')
    return this.#console
  }

  async prepare(): Promise<void> {
    await this.dismiss()
    this.#console = await ServerSite.fresh(this.server, { health_timeout: '20' })
    for (const version of ['one', 'two'] as const) {
      await publishAll(this.server, version)
      this.backups[version] = await this.console.backUp('system')
      this.#states[version] = await wholeState(this.server)
    }
    this.live = 'two'
  }

  async dismiss(): Promise<void> {
    clearFailpoint(this.server)
    await this.#console?.[Symbol.asyncDispose]()
    this.#console = null
  }

  /** Restores the version that is not live, and disturbs that. */
  async disturb({ phase, outcome, first }: Cell, fault: 'kill' | 'power'): Promise<void> {
    const { server, live } = this
    const wanted = live === 'one' ? 'two' : 'one'
    const marker = `${phase} ${fault}`
    await change(server, `INSERT OR REPLACE INTO system_config (key, value) VALUES ('marker', '${marker}')`)
    const { lines } = await server.writer()
    await server.writes(2)
    await setFailpoint(server, ...(first ? [`${first} fail`] : []), `${phase} ${fault === 'power' ? 'pause' : fault}`)
    const operation = await (fault === 'power' ? this.#cutOff(wanted) : this.#kill(wanted, outcome))
    await this.#prove({ wanted, outcome, marker, lines })
    const listed = (await this.console.desk.operations(this.console.site)).find(({ id }) => id === operation)
    expect(listed).toMatchObject({ state: 'ended', outcome })
    if (outcome === 'succeeded') await this.#goOn(phase, operation, { old: live, marker, wanted })
  }

  /** What recovery completed can be undone like any other restore. Once, because it costs another one. */
  async #goOn(
    phase: string,
    operation: string,
    seen: { old: Version; marker: string; wanted: Version },
  ): Promise<void> {
    if (phase === 'swapped') {
      restored(await this.console.undo(operation))
      expect(await wholeState(this.server)).toEqual({ ...this.#of(seen.old), marker: seen.marker })
    } else this.live = seen.wanted
    await this.server.must(`rm -rf ${(await this.#safetyCopies()).join(' ')}`)
  }

  /** Without a plan, which changes nothing and takes as long as staging does. */
  #begin(wanted: Version) {
    return this.console.startUnplanned('system', this.backups[wanted])
  }

  async #kill(wanted: Version, outcome: Outcome): Promise<string> {
    const { desk } = this.console
    const ended = await desk.settled(this.#begin(wanted))
    clearFailpoint(this.server)
    expect(ended).toMatchObject({ state: 'ended', outcome })
    return ended.remoteOperation ?? ''
  }

  /** Nobody is watching: the server recovers by itself. */
  async #cutOff(wanted: Version): Promise<string> {
    const { server } = this
    const entry = this.#begin(wanted)
    await paused(server)
    const operation = await nameOf(this.console.desk, entry)
    await this.console.desk.console.runner.detach()
    await server.powerOff()
    await this.dismiss()
    await server.boot()
    await recovered(server)
    this.#console = await ServerSite.of(server)
    return operation
  }

  /** Reads everything without the kit. */
  async #prove(seen: { wanted: Version; outcome: Outcome; marker: string; lines: number }): Promise<void> {
    const { server, live } = this
    const replaced = seen.outcome === 'succeeded'
    await recovered(server)
    await server.waitHealthy()
    const state = replaced ? { ...this.#of(seen.wanted) } : { ...this.#of(live), marker: seen.marker }
    expect(await wholeState(server)).toEqual(state)
    await waitUntil(
      `${server.name}: the services`,
      async () => (await server.run('systemctl is-active cvd cvd-writer nginx')).stdout === 'active\nactive\nactive\n',
    )
    await server.writes(2)
    expect(await server.query('PRAGMA integrity_check')).toBe('ok')
    expect(await leftovers(server)).toBe('')
    const sales = await committedSales(server, seen.lines)
    expect(sales.length).toBeGreaterThan(2)
    if (replaced) {
      await this.#proveSafety(live, seen.marker, untilRestart(sales))
      return
    }
    expect(missingFrom(sales, await server.query('SELECT id FROM sales'))).toEqual([])
    expect(await this.#safetyCopies()).toEqual([])
  }

  #of(version: Version): WholeState {
    const state = this.#states[version]
    if (state === undefined) throw new Error(`version ${version} was not published`)
    return state
  }

  /** The old state of every part is in its safety copy. */
  async #proveSafety(old: Version, marker: string, sales: readonly number[]): Promise<void> {
    const { server } = this
    const { app, config, root } = this.#of(old)
    const copies = await this.#safetyCopies()
    // Where files are included by their names, that of a copy begins with a dot.
    const of = (live: string) =>
      copies.find((one) => one.replace(/\/\.(?=[^/]*$)/, '/').startsWith(`${live}.pre-restore.`)) ??
      `no copy of ${live}`
    expect(treeOn(server, basename(of('/opt/cvd/app')))).toEqual(app)
    expect(treeOn(server, basename(of('/opt/cvd/config')))).toEqual(config)
    const kept = of(database)
    expect(missingFrom(sales, await queryFile(server, kept, 'SELECT id FROM sales'))).toEqual([])
    expect(await queryFile(server, kept, "SELECT value FROM system_config WHERE key = 'marker'")).toBe(marker)
    for (const file of [unit, nginxSite]) {
      const [line = ''] = treeState(join(server.folder, 'root', of(file)))
      const name = file.slice(file.lastIndexOf('/') + 1)
      expect(root).toContain(line.replace('.', name))
    }
  }

  async #safetyCopies(): Promise<readonly string[]> {
    const places =
      '/opt/cvd /opt/cvd/data /etc/systemd/system /etc/systemd/system/cvd.service.d /etc/nginx/sites-available'
    const found = await this.server.must(`find ${places} -maxdepth 1 -name '*.pre-restore.*' | sort`)
    expect(besides(this.server).filter((name) => !name.includes('.pre-restore.'))).toEqual([])
    return found.split('\n').filter(Boolean)
  }
}

describe('a restore of a whole site that is interrupted', () => {
  const subjects = Object.values(sharedServers()).map((server) => new Subject(server))
  const prepare = () => Promise.all(subjects.map((one) => one.prepare()))

  beforeAll(prepare)
  // Leftovers of one cell must not affect the next.
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') await prepare()
  })
  afterAll(async () => {
    await Promise.all(subjects.map((one) => one.dismiss()))
    await Promise.all(subjects.map(({ server }) => server.reset()))
  })

  test.each(cells.map((cell, turn) => ({ ...cell, turn })))('at $phase: $outcome', async ({ turn, ...cell }) => {
    await Promise.all(subjects.map((subject, index) => subject.disturb(cell, (turn + index) % 2 ? 'power' : 'kill')))
  })
})
