/**
 * One transaction on a working site, disturbed on its way, and the proof that the site is in one complete state
 * afterwards.
 */
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, type TestContext } from 'vitest'
import type { KitResult } from '../../../src-shared/domain/kit-protocol.ts'
import type { SiteOptions } from '../scratch-site.ts'
import { waitUntil } from '../wait.ts'
import { type DatabaseState, listen, WorkingSite } from './working-site.ts'

export const commands = ['restore', 'undo'] as const

/** Where a transaction can be stopped, in order: docs/kit.md. */
export const phases = {
  /** The new database is not in place yet. */
  back: ['stopping', 'keeping', 'keeping-wal', 'keeping-shm', 'swapping'],
  forward: ['swapped', 'starting', 'committed', 'outcome'],
  rollback: ['rolling-back', 'returned', 'returned-started', 'rolled-back'],
} as const

export interface TrialOptions extends SiteOptions {
  /** The application stays unhealthy with the restored database. */
  readonly broken?: boolean
}

type Point = `${string} ${'kill' | 'pause' | 'fail'}`

/** A transaction of whatever part, disturbed on its way. */
export abstract class Disturbed {
  readonly site: WorkingSite
  readonly command: 'restore' | 'undo'
  readonly #args: readonly string[]

  protected constructor(site: WorkingSite, command: 'restore' | 'undo', args: readonly string[]) {
    this.site = site
    this.command = command
    this.#args = args
  }

  get operation(): string {
    return this.site.operations(this.command).at(-1) ?? ''
  }

  get arguments(): readonly string[] {
    return this.#args
  }

  /** Starts the transaction; its answer is stored when it has ended. */
  start(): Promise<unknown> {
    return listen(this.site.start(this.#args))
  }

  async run(): Promise<KitResult> {
    return (await this.site.run(this.#args)).result
  }

  /** Runs it until a failpoint kills its worker. */
  async killedAt(...points: readonly Point[]): Promise<void> {
    this.site.failpoint(...points)
    const result = await this.run()
    expect(existsSync(join(this.site.state, 'failpoint')), 'the failpoint was not reached').toBe(false)
    expect(result.code, 'what a follower hears').toMatch(/^(interrupted|ok)$/)
  }

  /** Runs it with a failpoint that makes it fail. */
  async failedAt(...points: readonly Point[]): Promise<KitResult> {
    this.site.failpoint(...points)
    const result = await this.run()
    rmSync(join(this.site.state, 'failpoint'))
    return result
  }

  /** Pauses it at a phase, cancels it, and lets it continue. */
  async cancelledAt(phase: string, ...before: readonly Point[]): Promise<void> {
    this.site.failpoint(...before, `${phase} pause`)
    const ended = listen(this.site.start([...this.#args]))
    await this.site.paused()
    const asked = this.site.run(['cancel', this.operation])
    const file = join(this.site.state, 'operations', this.operation, 'cancel')
    await waitUntil('a word in the folder of the operation', () => existsSync(file), { everyMs: 10 })
    rmSync(join(this.site.state, 'failpoint'))
    await Promise.all([ended, asked])
  }

  async recoveryKilledAt(point: Point): Promise<void> {
    this.site.failpoint(point)
    const { result } = await this.site.run(['recover'])
    expect(result.code).toBe('interrupted')
  }

  async recover(): Promise<void> {
    const { result, exitCode } = await this.site.run(['recover'])
    expect([result.code, result.message, exitCode]).toEqual(['ok', expect.stringContaining(this.operation), 0])
  }

  /** Runs recovery as the boot unit does, including the operation that this starts. */
  async boot(): Promise<void> {
    const ended = listen(this.site.start(['recover', '--boot']))
    await ended
    const recovery = () => this.site.operations('recover').at(-1)
    await waitUntil('an operation that recovers', recovery, { everyMs: 10 })
    await this.site.run(['follow', recovery() ?? ''])
  }

  /** The server reboots, until its services may start. The operation that continues the recovery does not begin yet. */
  async bootFiles(): Promise<void> {
    this.site.service('stop')
    // The kit that began it is stored on the site and would recover as well.
    await listen(this.site.start(['recover', '--boot'], 'operation_start() { :; }; kit_is_kept() { return 1; }'))
  }

  abstract proveOldFiles(): void
  abstract proveNewFiles(): void

  protected async proveWhole(outcome: string): Promise<void> {
    expect(this.site.outcome(this.operation)).toMatchObject({ outcome })
    this.site.service('status')
    expect(await this.site.health()).toBe(200)
    expect(this.site.leftBehind()).toEqual([])
    expect(this.site.complaints()).toBe('')
    const { events } = await this.site.run(['follow', this.operation])
    expect(events.at(-1)).toMatchObject({ kind: 'result', outcome })
    const written = readFileSync(join(this.site.state, 'operations', this.operation, 'events'), 'utf8')
    expect(written.endsWith('\n')).toBe(true)
  }
}

export class Trial extends Disturbed {
  readonly #before: DatabaseState
  readonly #rowsAfter: string
  readonly #filesBefore: readonly string[]

  private constructor(site: WorkingSite, command: 'restore' | 'undo', args: readonly string[], rowsAfter: string) {
    super(site, command, args)
    this.#rowsAfter = rowsAfter
    this.#before = site.databaseState()
    this.#filesBefore = site.besideDatabase()
    // Exits with sidecars left, which are renamed and restored with the database.
    site.behave('unclean')
  }

  /** A site with a backup that differs from its database; for an undo, with a successful restore. */
  static async of(test: TestContext, command: 'restore' | 'undo', options: TrialOptions = {}): Promise<Trial> {
    const site = new WorkingSite({ ...options, wal: true })
    test.onTestFinished(() => site.remove())
    const breaks = () => options.broken && site.sql(site.database, "INSERT INTO system_config VALUES ('broken', '1')")
    const mends = () => options.broken && site.sql(site.database, "DELETE FROM system_config WHERE key = 'broken'")
    // It never answers: nothing is gained by waiting.
    if (options.broken) site.policy({ health_timeout: '2' })
    if (command === 'restore') breaks()
    const backup = site.backup('cvd_backup_20260110_120000.db.gz')
    const inBackup = site.databaseState().rows
    if (command === 'restore') mends()
    site.sql(site.database, "INSERT INTO routes VALUES (3, 'after the backup')")
    if (command === 'restore') return new Trial(site, command, site.restoring(backup), inBackup)
    breaks()
    const live = site.databaseState().rows
    const down = options.broken ? ['--site-is-down'] : []
    const { result } = await site.run([...site.restoring(backup), ...down])
    if (result.outcome !== 'succeeded') throw new Error(result.message)
    return new Trial(site, command, site.undoing(site.operations('restore')[0] ?? ''), live)
  }

  proveOldFiles(): void {
    expect(this.site.databaseState()).toEqual(this.#before)
  }

  proveNewFiles(): void {
    const { inode, ...rest } = this.site.databaseState()
    expect(inode).not.toBe(this.#before.inode)
    const { inode: _, ...before } = this.#before
    expect(rest).toEqual({ ...before, rows: this.#rowsAfter })
  }

  /** The old state, complete: the same file and rows, with no new files beside it. */
  async proveOld(outcome: string): Promise<void> {
    await this.proveWhole(outcome)
    this.proveOldFiles()
    expect(this.site.besideDatabase()).toEqual(this.#filesBefore)
  }

  /** The new state, complete, and the complete old one as its safety copy. */
  async proveNew(): Promise<void> {
    await this.proveWhole('succeeded')
    this.proveNewFiles()
    const added = this.site.besideDatabase().filter((name) => !this.#filesBefore.includes(name))
    const copy = added.find((name) => /^cvd\.db\.pre-restore\.[0-9_]+(\.[0-9a-f]+)?$/.test(name))
    expect(added.filter((name) => name.replace(/-(wal|shm|journal)$/, '') !== copy)).toEqual([])
    expect(this.site.databaseState(join(this.site.root, 'data', copy ?? ''))).toEqual(this.#before)
  }
}
