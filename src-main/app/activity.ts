/** The operations that are not over, with where each stands: from the journal, and from what is heard meanwhile. */
import type { OperationRow } from '../../src-shared/contract/operations.ts'
import { operationId } from '../../src-shared/contract/words.ts'
import type { Inspection, OperationEntry } from '../../src-shared/domain/kit-protocol.ts'
import type { Context, RunnerEvent } from '../operations/context.ts'
import type { Runner } from '../operations/runner.ts'
import { clockOffset } from '../store/inspections.ts'
import type { JournalEntry } from '../store/operations.ts'
import type { Site } from '../store/sites.ts'
import { foreignRow, type Heard, heardAfter, rowOf, unheard } from './rows.ts'

type Holder = NonNullable<Inspection['lock']['holder']>

/** Who holds the site's lock, as far as that tells of an operation. */
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
  }
  return { ...unknown, id, command, who, startedAt, state: 'running', undoable: false }
}

export class Activity {
  readonly #context: Context
  readonly #runner: Runner
  readonly #seen: (siteId: string) => boolean
  readonly #heard = new Map<string, Heard>()
  /** Operations whose connection broke and is being looked for. */
  readonly #searching = new Set<string>()
  readonly #leave: () => void

  /** @param seen whether a site could be seen when it was last looked at. */
  constructor(context: Context, runner: Runner, seen: (siteId: string) => boolean) {
    this.#context = context
    this.#runner = runner
    this.#seen = seen
    this.#leave = runner.subscribe((event) => this.#hear(event))
  }

  /** Ours and those of elsewhere, newest first; of elsewhere only what is not over. */
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

  /** What is not over on a site. */
  open(site: Site): OperationRow[] {
    const { store } = this.#context
    const own = store.operations.unfinished().filter(({ siteId }) => siteId === site.id)
    return [...own.map((entry) => this.row(entry, site)), ...this.foreign(site)]
  }

  /** Operations that the last inspection told of, and our journal does not know: what was interrupted, and what runs. */
  foreign(site: Site): OperationRow[] {
    const { store } = this.#context
    const kept = store.inspections.latest(site.id)
    if (!kept) return []
    const { unfinished, lock } = kept.inspection
    const isOurs = ({ id }: OperationEntry) => store.operations.find(site.id, id) !== null
    // One of ours that the server has not named yet may be what runs there.
    const unnamed = store.operations.unfinished().some((own) => own.siteId === site.id && own.state === 'starting')
    const running = lock.holder && !unnamed ? [holderEntry(lock.holder)] : []
    // What holds the lock for a moment, without being an operation, has no id; what a strange server says is none either.
    return [...unfinished, ...running]
      .filter((entry) => operationId.safeParse(entry.id).success && !isOurs(entry))
      .map((entry) => this.foreignRow(entry, site))
  }

  /** An operation of elsewhere as the server told of it. Of a server that is out of reach nobody knows whether it still runs. */
  foreignRow(entry: OperationEntry, site: Site): OperationRow {
    const row = foreignRow(entry, site, clockOffset(this.#context.store.inspections.latest(site.id)))
    return row.state === 'running' && !this.#seen(site.id) ? { ...row, state: 'unknown' } : row
  }

  close(): void {
    this.#leave()
  }

  #link({ id, state }: JournalEntry): OperationRow['link'] {
    if (state === 'ended' || state === 'queued' || !this.#runner.attends(id)) return 'none'
    if (this.#searching.has(id)) return 'searching'
    return state === 'unknown' ? 'none' : 'listening'
  }

  #of(entry: JournalEntry): Heard {
    if (entry.state === 'ended') return unheard
    const known = this.#heard.get(entry.id)
    if (known) return known
    const heard = this.#context.store.events.list(entry.id).reduce(heardAfter, unheard)
    this.#heard.set(entry.id, heard)
    return heard
  }

  #hear(event: RunnerEvent): void {
    const { kind, operation } = event
    if (kind === 'link') {
      this.#searching.add(operation)
      return
    }
    this.#searching.delete(operation)
    if (kind === 'event') {
      const before = this.#heard.get(operation) ?? unheard
      this.#heard.set(operation, heardAfter(before, event.event))
    } else if (event.entry.state === 'ended') this.#heard.delete(operation)
  }
}
