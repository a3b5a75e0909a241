/** The activity of the console, from its journal and its runner. */
import { isRedo, isRedoId, titleOf } from '../../src-shared/domain/operation-title.ts'
import type { Context } from '../operations/context.ts'
import type { Runner } from '../operations/runner.ts'
import type { JournalEntry } from '../store/operations.ts'
import type { Activity, EndedOperation, RunningOperation } from './activity.ts'

export function activityOf(
  { store }: Pick<Context, 'store'>,
  runner: Pick<Runner, 'subscribe' | 'isFollowing'>,
): Activity {
  const describe = ({ id, siteId, command, request, remoteOperation }: JournalEntry): RunningOperation => ({
    id,
    site: store.sites.byId(siteId)?.name ?? 'a site that was removed',
    what: titleOf(command, isRedo(request) || isRedoId(remoteOperation), request),
  })
  const ended = (entry: JournalEntry): EndedOperation | null =>
    entry.state === 'ended' ? { ...describe(entry), outcome: entry.outcome ?? 'unknown', message: entry.message } : null
  return {
    // Skip operations that are not followed: whether they run is unknown.
    running: () =>
      store.operations
        .unfinished()
        .filter(({ id, state }) => state !== 'unknown' && runner.isFollowing(id))
        .map(describe),
    subscribe: (listener) =>
      runner.subscribe((event) => {
        if (event.kind === 'journal') listener(ended(event.entry))
      }),
  }
}
