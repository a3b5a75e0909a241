/** The activity of the console: its operations, from its journal and its runner, and its transfers. */
import type { Transfer } from '../../src-shared/contract/transfers.ts'
import { isRedo, isRedoId, titleOf } from '../../src-shared/domain/operation-title.ts'
import type { Transfers } from '../app/transfers.ts'
import type { Context } from '../operations/context.ts'
import type { Runner } from '../operations/runner.ts'
import type { JournalEntry } from '../store/operations.ts'
import type { Activity, Ended, Running } from './activity.ts'

/** Operations that were left by another run of the console are not followed: whether they run is unknown. */
function operationActivity({ store }: Pick<Context, 'store'>, runner: Pick<Runner, 'subscribe' | 'isFollowing'>) {
  const describe = ({ id, siteId, command, request, remoteOperation }: JournalEntry): Running => ({
    ...{ id, kind: 'operation', place: { kind: 'operation', id } },
    site: store.sites.byId(siteId)?.name ?? 'a site that was removed',
    what: titleOf(command, isRedo(request) || isRedoId(remoteOperation), request),
  })
  const ended = (entry: JournalEntry): Ended | null =>
    entry.state === 'ended' ? { ...describe(entry), outcome: entry.outcome ?? 'unknown', message: entry.message } : null
  return {
    running: () =>
      store.operations
        .unfinished()
        .filter(({ id, state }) => state !== 'unknown' && runner.isFollowing(id))
        .map(describe),
    subscribe: (listener) =>
      runner.subscribe((event) => {
        if (event.kind === 'journal') listener(ended(event.entry))
      }),
  } satisfies Activity
}

const nouns = { upload: 'Upload', download: 'Download' } as const

function describeTransfer({ id, direction, name, site, siteName }: Transfer): Running {
  return {
    ...{ id, kind: direction, site: siteName, what: `${nouns[direction]} of ${name}` },
    place: { kind: 'backups', id: site },
  }
}

function endOfTransfer(transfer: Transfer): Ended {
  const { direction, outcome, failure, file } = transfer
  const done = direction === 'download' ? `Saved as ${file}.` : 'The server has read it back.'
  return {
    ...describeTransfer(transfer),
    outcome: outcome ?? 'unknown',
    message: outcome === 'succeeded' ? done : (failure?.message ?? ''),
  }
}

function transferActivity(transfers: Pick<Transfers, 'list' | 'subscribe'>) {
  const running = () => transfers.list().filter(({ state }) => state === 'running')
  return {
    running: () => running().map(describeTransfer),
    subscribe: (listener) => {
      let before = new Set(running().map(({ id }) => id))
      // They also report each step of their progress.
      return transfers.subscribe(() => {
        const all = transfers.list()
        const now = new Set(all.filter(({ state }) => state === 'running').map(({ id }) => id))
        const over = all.filter(({ id, state }) => before.has(id) && state === 'ended')
        const began = [...now].some((id) => !before.has(id))
        before = now
        for (const transfer of over) listener(endOfTransfer(transfer))
        if (began) listener(null)
      })
    },
  } satisfies Activity
}

export function activityOf(
  context: Pick<Context, 'store'>,
  runner: Pick<Runner, 'subscribe' | 'isFollowing'>,
  transfers: Pick<Transfers, 'list' | 'subscribe'>,
): Activity {
  const sources = [operationActivity(context, runner), transferActivity(transfers)]
  return {
    running: () => sources.flatMap((source) => source.running()),
    subscribe: (listener) => {
      const ends = sources.map((source) => source.subscribe(listener))
      return () => {
        for (const end of ends) end()
      }
    },
  }
}
