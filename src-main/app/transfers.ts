/**
 * Downloads and uploads that windows started. They go on when the window that started them is closed. In the desktop window
 * people choose folder and file in a native dialog; for a browser the console keeps the file meanwhile (`transfer-stage.ts`)
 * and opens a door for its bytes (`doors.ts`): nothing is named by its path that a page sent.
 */
import { randomUUID } from 'node:crypto'
import { basename, join } from 'node:path'
import type { WireFailure } from '../../src-shared/contract/failure.ts'
import type { Transfer } from '../../src-shared/contract/transfers.ts'
import { showName } from '../../src-shared/domain/backup-path.ts'
import { type Failure, fail, ok, type Result } from '../../src-shared/result.ts'
import type { TransferOptions, TransferProgress } from '../operations/carry.ts'
import type { Context } from '../operations/context.ts'
import { downloadBackup, localName } from '../operations/download.ts'
import { uploadBackup } from '../operations/upload.ts'
import type { Chooser } from '../ports/chooser.ts'
import type { Site } from '../store/sites.ts'
import { Doors } from './doors.ts'
import { notFound } from './failures.ts'
import { Speed } from './speed.ts'
import { Stage } from './transfer-stage.ts'
import { isRepeatable, transferFailure } from './transfer-words.ts'

/** Most transfers that run at once: each has a channel of its site's connection. */
const MOST = 8

interface Carried {
  row: Transfer
  readonly site: Site
  readonly speed: Speed
  stop: AbortController
  /** One attempt, which goes on where the last one stopped. */
  readonly attempt: (options: TransferOptions) => Promise<Result<Partial<Transfer>>>
  /** For the browser: the file that waits for it. */
  waiting: { readonly file: string; readonly size: number } | null
}

const tooMany: WireFailure = {
  code: 'busy',
  message: `${MOST} transfers are running.`,
  unchanged: 'This one was not started.',
  next: 'Wait until one of them has ended, or cancel one.',
}

const elsewhere: WireFailure = {
  code: 'unsupported',
  message: 'This window transfers files in another way.',
  unchanged: 'Nothing was transferred.',
}

export interface IncomingFile {
  readonly name: string
  readonly size: number
  readonly modifiedAt: number
}

export class Transfers {
  readonly doors: Doors
  readonly #context: Context
  readonly #chooser: Chooser | null
  readonly #stage: Stage
  readonly #uploaded: (site: Site) => void
  readonly #carried = new Map<string, Carried>()
  readonly #listeners = new Set<() => void>()
  readonly #running = new Set<Promise<void>>()

  /**
   * @param chooser null where windows are browsers.
   * @param uploaded a site has a backup more.
   */
  constructor(context: Context, data: string, chooser: Chooser | null, uploaded: (site: Site) => void) {
    this.doors = new Doors(context.clock)
    this.#context = context
    this.#chooser = chooser
    this.#stage = new Stage(data)
    this.#uploaded = uploaded
  }

  list(): Transfer[] {
    return [...this.#carried.values()].map(({ row, speed }) => ({ ...row, speed: speedOf(row, speed) })).reverse()
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Null if nobody chose a folder. */
  async download(site: Site, path: string): Promise<Result<string | null, WireFailure>> {
    const full = this.#full()
    if (full) return fail(full)
    const name = localName(path)
    if (!name.ok) return name
    const id = randomUUID()
    const chosen = this.#chooser ? await this.#chooser.folder(showName(path)) : await this.#stage.folder(id)
    if (chosen === null) return ok(null)
    const attempt = async (options: TransferOptions): Promise<Result<Partial<Transfer>>> => {
      const got = await downloadBackup(this.#context, site, path, { ...options, folder: chosen })
      if (!got.ok) return got
      const { file, size, sha256, basis } = got.value
      if (this.#chooser) return ok({ sha256, basis, file })
      this.#waits(id, { file, size })
      return ok({ state: 'ready', outcome: null, sha256, basis })
    }
    this.#begin(id, site, { direction: 'download', name: showName(path), path }, attempt)
    return ok(id)
  }

  /** A new address for a download that waits. */
  link(id: string): Result<string, WireFailure> {
    const carried = this.#carried.get(id)
    if (!carried?.waiting) return fail(this.#chooser ? elsewhere : notFound('download'))
    const { file, size } = carried.waiting
    const ended = (whole: boolean) => {
      if (!whole || carried.row.state !== 'ready') return
      carried.waiting = null
      this.#set(carried, { state: 'ended', outcome: 'succeeded' })
      void this.#stage.drop(id)
    }
    const { signal } = carried.stop
    return ok(this.doors.make({ kind: 'out', file, name: basename(file), size, signal, ended }))
  }

  /** Null if nobody chose a file. */
  async upload(site: Site): Promise<Result<string | null, WireFailure>> {
    if (!this.#chooser) return fail(elsewhere)
    const full = this.#full()
    if (full) return fail(full)
    const file = await this.#chooser.file()
    if (file === null) return ok(null)
    const id = randomUUID()
    this.#begin(id, site, { direction: 'upload', name: basename(file), path: null }, (options) =>
      this.#send(site, file, options),
    )
    return ok(id)
  }

  /** The address for a browser's file. */
  async receive(site: Site, given: IncomingFile): Promise<Result<{ transfer: string; url: string }, WireFailure>> {
    if (this.#chooser) return fail(elsewhere)
    const refused = this.#full() ?? refusedName(given.name) ?? (await this.#noRoom(given.size))
    if (refused) return fail(refused)
    const id = randomUUID()
    const file = join(await this.#stage.folder(id), given.name)
    const came = Promise.withResolvers<Failure | null>()
    const attempt = async (options: TransferOptions): Promise<Result<Partial<Transfer>>> => {
      const problem = await came.promise
      if (problem) return fail(problem)
      const sent = await this.#send(site, file, options)
      if (sent.ok) await this.#stage.drop(id)
      return sent
    }
    const first = { direction: 'upload', name: given.name, path: null, phase: 'receiving', total: given.size } as const
    const carried = this.#begin(id, site, first, attempt)
    let arrived = false
    const stopped = (problem: Failure) => {
      if (arrived) return
      came.resolve(problem)
      this.#set(carried, { repeatable: false })
    }
    const { signal } = carried.stop
    signal.addEventListener('abort', () => stopped(notReceived('The upload was cancelled.')), { once: true })
    const url = this.doors.make(
      {
        kind: 'in',
        file,
        size: given.size,
        modifiedAt: given.modifiedAt,
        signal,
        onProgress: (done) => this.#moved(carried, { phase: 'receiving', done, total: given.size }),
        ended: (problem) => {
          if (problem) return stopped(notReceived(`The browser stopped sending ${given.name}: ${problem.message}.`))
          arrived = true
          came.resolve(null)
        },
      },
      () => stopped(notReceived(`The browser did not send ${given.name}.`)),
    )
    return ok({ transfer: id, url })
  }

  cancel(id: string): Result<Record<string, never>, WireFailure> {
    const carried = this.#carried.get(id)
    if (carried?.row.state !== 'running') return fail(notFound('transfer that is running'))
    carried.stop.abort()
    return ok({})
  }

  again(id: string): Result<string, WireFailure> {
    const carried = this.#carried.get(id)
    const { state, outcome, repeatable } = carried?.row ?? {}
    if (!carried || state !== 'ended' || outcome === 'succeeded' || !repeatable) return fail(notFound('transfer'))
    const full = this.#full()
    if (full) return fail(full)
    carried.stop = new AbortController()
    this.#set(carried, { state: 'running', phase: 'connecting', outcome: null, failure: null, reconnecting: false })
    this.#run(carried)
    return ok(id)
  }

  dismiss(id: string): Result<Record<string, never>, WireFailure> {
    const carried = this.#carried.get(id)
    if (!carried || carried.row.state === 'running') return fail(notFound('transfer that has ended'))
    carried.stop.abort()
    this.#carried.delete(id)
    void this.#stage.drop(id)
    this.#publish()
    return ok({})
  }

  async close(): Promise<void> {
    for (const { stop } of this.#carried.values()) stop.abort()
    await Promise.allSettled(this.#running)
    await this.#stage.close()
  }

  async #send(site: Site, file: string, options: TransferOptions): Promise<Result<Partial<Transfer>>> {
    const sent = await uploadBackup(this.#context, site, file, options)
    if (!sent.ok) return sent
    this.#uploaded(site)
    return ok({ sha256: sent.value.sha256, basis: 'server', path: sent.value.backup.path })
  }

  #begin(
    id: string,
    site: Site,
    facts: Pick<Transfer, 'direction' | 'name' | 'path'> & Partial<Transfer>,
    attempt: Carried['attempt'],
  ): Carried {
    const { now } = this.#context.clock
    const row: Transfer = {
      ...{ id, site: site.id, siteName: site.name, siteColour: site.colour, state: 'running', phase: 'connecting' },
      ...{ done: 0, total: 0, speed: null, reconnecting: false, outcome: null, failure: null, repeatable: true },
      ...{ sha256: null, basis: null, file: '', startedAt: now() },
      ...facts,
    }
    const carried: Carried = { row, site, attempt, speed: new Speed(now), stop: new AbortController(), waiting: null }
    this.#carried.set(id, carried)
    this.#publish()
    this.#run(carried)
    return carried
  }

  #run(carried: Carried): void {
    const work = this.#attempt(carried)
      .catch((error: unknown) => {
        this.#context.log.write('error', 'a transfer failed', { transfer: carried.row.id, error })
        const message = 'An internal error occurred; the log says more.'
        this.#set(carried, { state: 'ended', outcome: 'failed', failure: { code: 'internal', message } })
      })
      .finally(() => this.#running.delete(work))
    this.#running.add(work)
  }

  async #attempt(carried: Carried): Promise<void> {
    const { signal } = carried.stop
    const got = await carried.attempt({
      signal,
      onProgress: (progress) => this.#progress(carried, progress),
      onLinkLost: () => {
        carried.speed.reset()
        this.#set(carried, { reconnecting: true })
      },
    })
    const base = { state: 'ended', reconnecting: false } as const
    if (got.ok) return this.#set(carried, { ...base, outcome: 'succeeded', ...got.value })
    const outcome = signal.aborted ? 'cancelled' : 'failed'
    const failure = signal.aborted ? { ...got.error, code: 'cancelled' } : got.error
    const repeatable = carried.row.repeatable && isRepeatable(failure)
    this.#set(carried, { ...base, outcome, repeatable, failure: transferFailure(failure, carried.row) })
  }

  #progress(carried: Carried, { phase, done, total }: TransferProgress): void {
    // An upload is read before its first byte leaves, and by the server after its last.
    const { row } = carried
    const before = row.direction === 'upload' && row.phase !== 'transferring' && row.phase !== 'verifying'
    const checking = before ? 'reading' : 'verifying'
    this.#moved(carried, { phase: phase === 'transferring' ? phase : checking, done, total })
  }

  #moved(carried: Carried, now: Pick<Transfer, 'phase' | 'done' | 'total'>): void {
    if (carried.row.phase !== now.phase) carried.speed.reset()
    carried.speed.moved(now.done)
    this.#set(carried, { ...now, reconnecting: false })
  }

  #waits(id: string, waiting: NonNullable<Carried['waiting']>): void {
    const carried = this.#carried.get(id)
    if (carried) carried.waiting = waiting
  }

  #set(carried: Carried, change: Partial<Transfer>): void {
    carried.row = { ...carried.row, ...change }
    this.#publish()
  }

  #publish(): void {
    for (const listener of [...this.#listeners]) listener()
  }

  #full(): WireFailure | null {
    const running = [...this.#carried.values()].filter(({ row }) => row.state === 'running').length
    return running < MOST ? null : tooMany
  }

  async #noRoom(size: number): Promise<WireFailure | null> {
    if ((await this.#stage.free()) > size) return null
    const message = 'This computer has too little space to receive the file from the browser.'
    return { code: 'no-space', message, unchanged: 'Nothing was uploaded.', next: 'Make room, then upload it again.' }
  }
}

function speedOf({ state, reconnecting }: Transfer, speed: Speed): number | null {
  return state === 'running' && !reconnecting ? speed.value : null
}

function notReceived(message: string): Failure {
  return { code: 'not-received', message, unchanged: 'Nothing was uploaded.', next: 'Choose the file again.' }
}

/** The kit says what the name of a backup is; here it only has to be one name, on every file system. */
function refusedName(name: string): WireFailure | null {
  if (/^[A-Za-z0-9][A-Za-z0-9._+@ -]*[A-Za-z0-9]$/.test(name)) return null
  return {
    code: 'usage',
    message: 'The name of this file cannot be the name of a backup.',
    unchanged: 'Nothing was uploaded.',
    next: 'Give it the name of a backup, such as cvd_backup_20260131_120000.db.gz.',
  }
}
