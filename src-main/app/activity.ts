/** The operations that are not over, with where each stands: from the journal, and from what is heard meanwhile. */
import type { OperationRow } from '../../src-shared/contract/operations.ts'
import type { Failure } from '../../src-shared/result.ts'
import type { Desk, RunnerEvent } from '../operations/desk.ts'
import type { Runner } from '../operations/runner.ts'
import type { JournalEntry } from '../store/operations.ts'
import type { Site } from '../store/sites.ts'
import { foreignRow, nowhere, rowOf, type Standing, standingAfter } from './rows.ts'

export class Activity {
  readonly #desk: Desk
  readonly #standing = new Map<string, Standing>()
  /** Why nothing is heard of an operation at the moment. */
  readonly #broken = new Map<string, Failure>()
  readonly #leave: () => void

  constructor(desk: Desk, runner: Runner) {
    this.#desk = desk
    this.#leave = runner.subscribe((event) => this.#hear(event))
  }

  /** Ours and those of elsewhere, newest first; of elsewhere only what is not over. */
  rows(site: Site | null, limit: number): OperationRow[] {
    const { store } = this.#desk
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
    return rowOf(entry, site, this.#of(entry))
  }

  /** What is not over on a site. */
  open(site: Site): OperationRow[] {
    const { store } = this.#desk
    const own = store.operations.unfinished().filter(({ siteId }) => siteId === site.id)
    return [...own.map((entry) => this.row(entry, site)), ...this.foreign(site)]
  }

  /** Operations that the last inspection told of, and our journal does not know. */
  foreign(site: Site): OperationRow[] {
    const { store } = this.#desk
    const kept = store.inspections.latest(site.id)
    if (!kept) return []
    const { unfinished, time } = kept.inspection
    return unfinished
      .filter(({ id }) => store.operations.find(site.id, id) === null)
      .map((entry) => foreignRow(entry, site, time.now - kept.at))
  }

  /** Why the link to an operation broke, while it is being looked for; null where it is listened to. */
  broken(operation: string): Failure | null {
    return this.#broken.get(operation) ?? null
  }

  close(): void {
    this.#leave()
  }

  #of(entry: JournalEntry): Standing {
    if (entry.state === 'ended') return nowhere
    const known = this.#standing.get(entry.id)
    if (known) return known
    const standing = this.#desk.store.events.list(entry.id).reduce(standingAfter, nowhere)
    this.#standing.set(entry.id, standing)
    return standing
  }

  #hear(event: RunnerEvent): void {
    const { kind, operation } = event
    if (kind === 'link') {
      this.#broken.set(operation, event.failure)
      return
    }
    this.#broken.delete(operation)
    if (kind === 'event') {
      const before = this.#standing.get(operation) ?? nowhere
      this.#standing.set(operation, standingAfter(before, event.event))
    } else if (event.entry.state === 'ended') this.#standing.delete(operation)
  }
}
