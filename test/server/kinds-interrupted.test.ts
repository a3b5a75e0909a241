/** A restore of the application or the configuration that is killed, or cut off by a power failure: one whole state, running. */
import { lstatSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { clearFailpoint, nameOf, paused, recovered, restored, setFailpoint } from '../support/restores.ts'
import { ServerSite } from '../support/server-site.ts'
import { apartOn, besides, environment, folderOf, greet, publish, served, treeOn } from '../support/server-trees.ts'
import type { Server } from '../support/servers/server.ts'
import { sharedServers } from '../support/servers/shared.ts'

type Part = 'application' | 'config'
type Outcome = 'failed' | 'rolled back' | 'succeeded'

/** PART stands for the part that is restored. */
const cells: readonly [phase: string, fault: 'kill' | 'power', outcome: Outcome, first?: string][] = [
  ['staged', 'kill', 'failed'],
  ['keeping-PART', 'kill', 'rolled back'],
  ['swapping-PART', 'kill', 'rolled back'],
  ['rolling-back', 'kill', 'rolled back', 'starting fail'],
  ['swapped', 'kill', 'succeeded'],
  ['keeping-PART', 'power', 'rolled back'],
  ['swapping-PART', 'power', 'rolled back'],
  ['returned', 'power', 'rolled back', 'starting fail'],
  ['starting', 'power', 'succeeded'],
]

/** One part of one server, with its backup (one) and what is live (two). */
class Subject {
  readonly server: Server
  readonly part: Part
  readonly tree: 'app' | 'config'
  #at: ServerSite | null = null
  #backup = ''
  #one: readonly string[] = []
  #two: readonly string[] = []
  #apart: readonly string[] = []

  constructor(server: Server, part: Part) {
    this.server = server
    this.part = part
    this.tree = part === 'application' ? 'app' : 'config'
  }

  get at(): ServerSite {
    if (this.#at === null) throw new Error('the site was not added')
    return this.#at
  }

  async prepare(): Promise<void> {
    const { server } = this
    this.#at = await ServerSite.fresh(server)
    await this.#become('one')
    this.#one = treeOn(server, this.tree)
    this.#backup = await this.at.backUp(this.part)
    await this.#become('two')
    this.#two = treeOn(server, this.tree)
    this.#apart = apartOn(server)
  }

  #become(version: string): Promise<void> {
    return this.part === 'application' ? publish(this.server, version) : greet(this.server, version)
  }

  begin() {
    return this.at.startUnplanned(this.part, this.#backup)
  }

  /** The power was cut: the connection is dead, and another console looks. */
  async reconnect(): Promise<void> {
    await this.dismiss()
    this.#at = await ServerSite.of(this.server)
  }

  async dismiss(): Promise<void> {
    await this.#at?.[Symbol.asyncDispose]()
    this.#at = null
  }

  /** The files and what runs are the one state or the other, complete; without the kit. */
  async prove(outcome: Outcome): Promise<void> {
    const { server, tree } = this
    await recovered(server)
    await server.waitHealthy()
    const restoredNow = outcome === 'succeeded'
    expect(treeOn(server, tree)).toEqual(restoredNow ? this.#one : this.#two)
    expect(apartOn(server)).toEqual(this.#apart)
    const copies = besides(server)
    if (restoredNow) {
      expect(copies).toEqual([expect.stringMatching(new RegExp(`^${tree}\\.pre-restore\\.[0-9_]+$`))])
      expect(treeOn(server, copies[0] ?? '')).toEqual(this.#two)
    } else expect(copies).toEqual([])
    if (this.part === 'application') {
      expect(await served(server, 'one', 'two')).toEqual(restoredNow ? ['one'] : ['one', 'two'])
    } else {
      expect(await environment(server, 'CVD_GREETING')).toBe(restoredNow ? 'one' : 'two')
      expect((lstatSync(`${folderOf(server, 'config')}/.env`).mode & 0o777).toString(8)).toBe('600')
    }
    expect(await server.must('systemctl is-active cvd cvd-writer')).toBe('active\nactive')
    await server.writes(2)
  }

  /** What recovery completed can be undone like any other restore. */
  async backToTwo(operation: string): Promise<void> {
    restored(await this.at.undo(operation))
    expect(treeOn(this.server, this.tree)).toEqual(this.#two)
    await this.server.must(`rm -rf /opt/cvd/${this.tree}.pre-restore.*`)
  }
}

describe('a restore of files that is interrupted', () => {
  const { north, south } = sharedServers()
  let subjects: Subject[] = []
  const prepare = async () => {
    subjects = [new Subject(north, 'application'), new Subject(south, 'config')]
    await Promise.all(subjects.map((one) => one.prepare()))
  }
  const dismiss = async () => {
    await Promise.all(subjects.map((one) => one.dismiss()))
  }
  beforeAll(prepare)
  // Leftovers of one cell must not affect the next.
  afterEach(async ({ task }) => {
    if (task.result?.state !== 'fail') return
    await dismiss()
    await prepare()
  })
  afterAll(async () => {
    await dismiss()
    await Promise.all([north.reset(), south.reset()])
  })

  test.each(cells)('at %s by %s: %s', async (phase, fault, outcome, first) => {
    await Promise.all(
      subjects.map(async (subject) => {
        const { server } = subject
        const at = phase.replace('PART', subject.part)
        await setFailpoint(server, ...(first ? [first] : []), `${at} ${fault === 'power' ? 'pause' : fault}`)
        const entry = subject.begin()
        let operation: string
        if (fault === 'power') {
          await paused(server)
          operation = await nameOf(subject.at.desk, entry)
          await subject.at.desk.console.runner.detach()
          await server.powerOff()
          clearFailpoint(server)
          await server.boot()
          await subject.prove(outcome)
          await subject.reconnect()
        } else {
          const ended = await subject.at.desk.settled(entry)
          clearFailpoint(server)
          expect(ended).toMatchObject({ state: 'ended', outcome })
          operation = ended.remoteOperation ?? ''
          await subject.prove(outcome)
        }
        const listed = (await subject.at.desk.operations(subject.at.site)).find(({ id }) => id === operation)
        expect(listed).toMatchObject({ state: 'ended', outcome })
        if (outcome === 'succeeded') await subject.backToTwo(operation)
      }),
    )
  })
})
