/** What every procedure works with, and the events it publishes. */
import type { KitEvent } from '../../src-shared/domain/kit-protocol.ts'
import type { Failure } from '../../src-shared/result.ts'
import type { Clock } from '../ports/clock.ts'
import type { Identity } from '../ports/identity.ts'
import type { Log } from '../ports/log.ts'
import type { JournalEntry } from '../store/operations.ts'
import type { Site } from '../store/sites.ts'
import type { Store } from '../store/store.ts'
import type { Links } from './links.ts'

export interface Context {
  readonly store: Store
  readonly links: Links
  readonly clock: Clock
  readonly identity: Identity
  readonly log: Log
}

/** Events for the runner's subscribers. `operation` is the journal's id. */
export type RunnerEvent =
  | { readonly kind: 'event'; readonly operation: string; readonly siteId: string; readonly event: KitEvent }
  /** The journal's row changed: it was queued, began, was named by the server, ended, or its connection was lost. */
  | { readonly kind: 'journal'; readonly operation: string; readonly siteId: string; readonly entry: JournalEntry }
  /** The link broke and is being retried. The operation goes on meanwhile. */
  | { readonly kind: 'link'; readonly operation: string; readonly siteId: string; readonly failure: Failure }

export type Publish = (event: RunnerEvent) => void

/** Adds an entry to our audit. */
export function audit(
  context: Context,
  action: string,
  site: Pick<Site, 'name'>,
  facts: { operation?: string; outcome?: string; reason?: string; detail?: Readonly<Record<string, unknown>> } = {},
): void {
  context.store.audit.append({
    at: context.clock.now(),
    who: context.identity.who,
    action,
    site: site.name,
    operation: facts.operation ?? '',
    outcome: facts.outcome ?? '',
    reason: facts.reason ?? '',
    detail: JSON.stringify(facts.detail ?? {}),
  })
}
