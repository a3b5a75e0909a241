/** `operations`, `follow`, `cancel`. */
import type { Command } from 'commander'
import { formatDuration, formatSpan } from '../../src-shared/domain/format.ts'
import type { OperationEntry } from '../../src-shared/domain/kit-site.ts'
import { isRedoId, titleOf } from '../../src-shared/domain/operation-title.ts'
import { fail, ok, type Result } from '../../src-shared/result.ts'
import type { JournalEntry } from '../store/operations.ts'
import type { Site } from '../store/sites.ts'
import type { Session } from './session.ts'
import { onSite } from './site-commands.ts'
import { table } from './table.ts'
import { usage } from './target-options.ts'
import { watchOperation } from './watch.ts'

const LISTED = 50

function row(entry: OperationEntry, now: number): string[] {
  const { id, command, state, startedAt, endedAt, outcome, who, reason, message, undoable } = entry
  const took = endedAt === null ? '' : formatDuration(endedAt - startedAt)
  const end = state === 'ended' ? (outcome ?? '') : state
  return [
    id,
    titleOf(command, isRedoId(id), [command, entry.part]),
    `${formatSpan(now - startedAt)} ago`,
    took,
    end,
    who,
    undoable ? 'yes' : '',
    reason || message,
  ]
}

/** Follows operations to their end that are unfinished in our journal and have ended on the server. */
async function catchUp(session: Session, site: Site, listed: readonly OperationEntry[]): Promise<void> {
  for (const entry of session.context.store.operations.unfinished()) {
    if (entry.siteId !== site.id || entry.state === 'queued') continue
    const found = listed.find(({ id, token }) => id === entry.remoteOperation || token === entry.id)
    if (found?.state !== 'ended') continue
    session.runner.resume(entry, site)
    await session.runner.settled(entry.id)
  }
}

async function operations(session: Session, site: Site): Promise<number> {
  const listed = await session.context.links.use(site, ({ client }) => client.operations(LISTED))
  if (!listed.ok) return session.refuse(listed.error)
  await catchUp(session, site, listed.value)
  const now = session.context.clock.now()
  const titles = ['ID', 'OPERATION', 'STARTED', 'TOOK', 'OUTCOME', 'WHO', 'UNDO', 'REASON OR MESSAGE']
  if (listed.value.length > 0) {
    session.out.text(
      ...table(
        titles.map((title) => ({ title, right: title === 'TOOK' })),
        listed.value.map((entry) => row(entry, now)),
      ),
      '',
    )
  }
  const count = listed.value.length
  const message = count === 1 ? '1 operation.' : `${count} operations.`
  return session.end({ outcome: 'succeeded', code: 'ok', message, data: { operations: listed.value } })
}

/** Finds an operation in our journal; otherwise imports it from the server, where another console started it. */
async function find(session: Session, site: Site, id: string): Promise<Result<JournalEntry>> {
  const known = session.context.store.operations.find(site.id, id)
  if (known) return ok(known)
  const found = await session.context.links.use(site, ({ client }) => client.operation({ id }))
  if (!found.ok) return found
  if (found.value) return ok(session.runner.import(site, found.value))
  return fail({
    code: 'not-found',
    message: `${site.name} has no operation ${id}.`,
    unchanged: 'Nothing was changed.',
    next: 'List the operations: operations NAME',
  })
}

async function follow(session: Session, site: Site, id: string): Promise<number> {
  const found = await find(session, site, id)
  if (!found.ok) return session.refuse(found.error)
  if (found.value.state === 'queued') return session.refuse(usage('This operation was never started.'))
  session.runner.resume(found.value, site)
  return watchOperation(session, site, found.value)
}

async function cancel(session: Session, site: Site, id: string): Promise<number> {
  const answer = await session.runner.cancel(site, id)
  if (!answer.ok) return session.refuse(answer.error)
  const { state, outcome, message } = answer.value
  const stopped = outcome === 'cancelled' || outcome === 'rolled back'
  const words =
    state === 'ended'
      ? `It ended: ${outcome}. ${message}`
      : 'Cancellation was requested; the operation is still running.'
  const data = { operation: id, ...answer.value }
  if (stopped) return session.end({ outcome: 'succeeded', code: 'ok', message: words, data })
  return session.end({ outcome: 'failed', code: 'not-cancelled', message: words, data })
}

export function addOperationCommands(program: Command): void {
  program
    .command('operations <name>')
    .description('list the operations of a site, newest first, from every console')
    .action((name: string, _: unknown, command: Command) => onSite(command, name, operations))
  program
    .command('follow <name> <operation>')
    .description('show an operation from its start until it ends; Ctrl-C detaches and leaves it running')
    .action((name: string, id: string, _: unknown, command: Command) =>
      onSite(command, name, (session, site) => follow(session, site, id)),
    )
  program
    .command('cancel <name> <operation>')
    .description('cancel an operation, and show the state it left')
    .action((name: string, id: string, _: unknown, command: Command) =>
      onSite(command, name, (session, site) => cancel(session, site, id)),
    )
}
