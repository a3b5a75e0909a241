/** Sends windows the progress of one operation: past events, then new ones, whichever console started it. */
import type { WireFailure } from '../../../src-shared/contract/failure.ts'
import type { ConsoleContract } from '../../../src-shared/contract/index.ts'
import type { OperationRow } from '../../../src-shared/contract/operations.ts'
import type { KitEvent } from '../../../src-shared/domain/kit-protocol.ts'
import type { OperationEntry } from '../../../src-shared/domain/kit-site.ts'
import { fail, ok, type Result } from '../../../src-shared/result.ts'
import { aborted, type Feed } from '../../../src-shared/rpc/handlers.ts'
import type { JournalEntry } from '../../store/operations.ts'
import type { Site } from '../../store/sites.ts'
import { notFound } from '../failures.ts'
import { reportOf } from '../rows.ts'
import type { Services } from '../services.ts'
import { throttle } from '../throttle.ts'

type Watch = ConsoleContract['operation']['watch']
type OperationFeed = Feed<Watch['snapshot'], Watch['change']>

/** Minimum milliseconds between two updates; more cannot be perceived. */
const PACE = 100

const isShown = ({ kind }: KitEvent) => kind !== 'progress' && kind !== 'state'

/** One of the server's operations; null where it has none with this id. */
export function serverEntry({ context }: Services, site: Site, id: string): Promise<Result<OperationEntry | null>> {
  return context.links.use(site, ({ client }) => client.operation({ id }))
}

async function undoable(services: Services, site: Site, entry: JournalEntry): Promise<boolean | null> {
  if (entry.state !== 'ended' || entry.remoteOperation === null) return null
  if (entry.command !== 'restore' && entry.command !== 'undo') return false
  const found = await serverEntry(services, site, entry.remoteOperation)
  return found.ok ? (found.value?.undoable ?? false) : null
}

function foreignView(services: Services, id: string): OperationRow | null {
  const rows = services.context.store.sites.list().flatMap((site) => services.activity.foreign(site))
  return rows.find((row) => row.id === id) ?? null
}

export async function feedOperation(
  services: Services,
  id: string,
  feed: OperationFeed,
): Promise<Result<null, WireFailure>> {
  const { context, runner, activity } = services
  const entry = context.store.operations.byId(id)
  const site = entry ? context.store.sites.byId(entry.siteId) : null
  if (!entry || !site) return feedForeign(services, id, feed)
  const row = (now: JournalEntry) => activity.row(now, context.store.sites.byId(now.siteId) ?? site)
  const events = context.store.events.list(id).filter(isShown)
  const report = reportOf(entry)
  feed.snapshot({ row: row(entry), events, report, undoable: null })

  let fresh: KitEvent[] = []
  let undo: boolean | null = null
  const changes = throttle<null>(PACE, context.log, () => {
    const now = context.store.operations.byId(id)
    if (!now) return
    const current = row(now)
    const more = fresh
    fresh = []
    const ended = now.state === 'ended' ? { report: reportOf(now), undoable: undo } : {}
    feed.change({
      row: current,
      ...(more.length > 0 ? { events: more } : {}),
      ...ended,
    })
  })
  const sendUndoable = (of: JournalEntry) => {
    const send = (answer: boolean | null) => {
      undo = answer
      changes.add(null)
    }
    // Unknown if the server cannot be asked.
    undoable(services, site, of).then(send, () => undefined)
  }
  const unsubscribe = runner.subscribe((event) => {
    if (event.operation !== id) return
    if (event.kind === 'event' && isShown(event.event)) fresh.push(event.event)
    if (event.kind === 'journal' && event.entry.state === 'ended') sendUndoable(event.entry)
    changes.add(null)
  })
  if (entry.state === 'ended') sendUndoable(entry)
  await aborted(feed.signal)
  unsubscribe()
  changes.stop()
  return ok(null)
}

/** The state of a foreign operation as recorded on the server; null if it cannot be asked. */
async function foreignEnd(services: Services, { site: siteId, remote }: OperationRow): Promise<OperationRow | null> {
  const site = services.context.store.sites.byId(siteId)
  const found = site && remote !== null ? await serverEntry(services, site, remote) : null
  return site && found?.ok && found.value ? services.activity.foreignRow(found.value, site) : null
}

/** Follows an operation that is not in our journal: only its state is known until it is imported. */
async function feedForeign(services: Services, id: string, feed: OperationFeed): Promise<Result<null, WireFailure>> {
  const row = foreignView(services, id)
  if (!row) return fail(notFound('operation'))
  feed.snapshot({ row, events: [], report: null, undoable: null })
  let lastSent = row
  let asking = false
  const send = (now: OperationRow) => {
    lastSent = now
    feed.change({ row: now })
  }
  // It is no longer among the unfinished operations: its outcome is unknown until the server reports it.
  const ask = async () => {
    asking = true
    send({ ...lastSent, state: 'unknown' })
    const end = await foreignEnd(services, row).catch(() => null)
    if (end) send(end)
    asking = false
  }
  const changes = throttle<null>(PACE, services.context.log, () => {
    if (lastSent.state === 'ended' || asking) return
    const now = foreignView(services, id)
    if (now) send(now)
    else void ask()
  })
  const unsubscribe = services.fleet.subscribe((changed) => {
    if (changed === row.site) changes.add(null)
  })
  await aborted(feed.signal)
  unsubscribe()
  changes.stop()
  return ok(null)
}
