/** The operations that have not ended, and their progress: from the journal, the runner and the last inspections. */
import type { OperationRow } from '../../src-shared/contract/operations.ts'
import { operationId } from '../../src-shared/contract/words.ts'
import type { Inspection, OperationEntry } from '../../src-shared/domain/kit-site.ts'
import type { Context, RunnerEvent } from '../operations/context.ts'
import type { Runner } from '../operations/runner.ts'
import { clockOffset } from '../store/inspections.ts'
import type { JournalEntry } from '../store/operations.ts'
import type { Site } from '../store/sites.ts'
import { foreignRow, type LiveProgress, noProgress, progressAfter, rowOf } from './rows.ts'

type Holder = NonNullable<Inspection['lock']['holder']>

/** Makes an operation entry from the holder of the site's lock. */
function holderEntry({ operation: id, command, who, since: startedAt }: Holder): OperationEntry {
  const unknown = {
    endedAt: null,
    outcome: null,
    backup: null,
    reason: '',
    code: '',
    message: '',
    phase: '',
    token: '',
    part: '',
  }
  return { ...unknown, id, command, who, startedAt, state: 'running', undoable: false }
}

export class Activity {
  readonly #context: Context
  readonly #runner: Runner
  readonly #seen: (siteId: string) => boolean
  readonly #progress = new Map<string, LiveProgress>()
  /** Operations whose connection broke and is being reconnected. */
  readonly #searching = new Set<string>()
  readonly #unsubscribe: () => void

  /** @param seen whether the last refresh of a site succeeded. */
  constructor(context: Context, runner: Runner, seen: (siteId: string) => boolean) {
    this.#context = context
    this.#runner = runner
    this.#seen = seen
    this.#unsubscribe = runner.subscribe((event) => this.#onEvent(event))
  }

  /** Operations of this console and foreign ones, newest first; foreign ones only until they end. */
  rows(site: Site | null, limit: number): OperationRow[] {
    const { store } = this.#context
    const sites = site ? [site] : store.sites.list()
    const byId = new Map(sites.map((one) => [one.id, one]))
    const entries = site ? store.operations.ofSite(site.id, limit) : store.operations.recent(limit)
    const own = entries.flatMap((entry) => {
      const of = byId.get(entry.siteId)
      return of ? [this.row(entry, of)] : []
    })
    const foreign = sites.flatMap((one) => this.foreign(one))
    return [...foreign, ...own].sort((one, other) => other.startedAt - one.startedAt)
  }

  row(entry: JournalEntry, site: Site): OperationRow {
    return rowOf(entry, site, { link: this.#link(entry), ...this.#of(entry) })
  }

  /** Operations of a site that have not ended. */
  open(site: Site): OperationRow[] {
    const { store } = this.#context
    const own = store.operations.unfinished().filter(({ siteId }) => siteId === site.id)
    return [...own.map((entry) => this.row(entry, site)), ...this.foreign(site)]
  }

  /** Running and interrupted operations in the last inspection that are not in our journal. */
  foreign(site: Site): OperationRow[] {
    const { store } = this.#context
    const kept = store.inspections.latest(site.id)
    if (!kept) return []
    const { unfinished, lock } = kept.inspection
    const isOurs = ({ id }: OperationEntry) => store.operations.find(site.id, id) !== null
    // What runs there may be our own operation whose id the server has not reported yet.
    const unnamed = store.operations.unfinished().some((own) => own.siteId === site.id && own.state === 'starting')
    const running = lock.holder && !unnamed ? [holderEntry(lock.holder)] : []
    // A lock held briefly without an operation has no id; ignore ids that a malicious server could invent.
    return [...unfinished, ...running]
      .filter((entry) => operationId.safeParse(entry.id).success && !isOurs(entry))
      .map((entry) => this.foreignRow(entry, site))
  }

  /** A foreign operation as the server reported it. Its state is unknown while the server is unreachable. */
  foreignRow(entry: OperationEntry, site: Site): OperationRow {
    const row = foreignRow(entry, site, clockOffset(this.#context.store.inspections.latest(site.id)))
    return row.state === 'running' && !this.#seen(site.id) ? { ...row, state: 'unknown' } : row
  }

  close(): void {
    this.#unsubscribe()
  }

  #link({ id, state }: JournalEntry): OperationRow['link'] {
    if (state === 'ended' || state === 'queued' || !this.#runner.isFollowing(id)) return 'none'
    if (this.#searching.has(id)) return 'searching'
    return state === 'unknown' ? 'none' : 'listening'
  }

  #of(entry: JournalEntry): LiveProgress {
    if (entry.state === 'ended') return noProgress
    const known = this.#progress.get(entry.id)
    if (known) return known
    const progress = this.#context.store.events.list(entry.id).reduce(progressAfter, noProgress)
    this.#progress.set(entry.id, progress)
    return progress
  }

  #onEvent(event: RunnerEvent): void {
    const { kind, operation } = event
    if (kind === 'link') {
      this.#searching.add(operation)
      return
    }
    this.#searching.delete(operation)
    if (kind === 'event') {
      const before = this.#progress.get(operation) ?? noProgress
      this.#progress.set(operation, progressAfter(before, event.event))
    } else if (event.entry.state === 'ended') this.#progress.delete(operation)
  }
}
