/** Feeds windows with what a server answers: at once, again when something changes on the site, and now and then. */
import type { WireFailure } from '../../src-shared/contract/failure.ts'
import { ok, type Result } from '../../src-shared/result.ts'
import { aborted } from '../../src-shared/rpc/handlers.ts'
import type { Site } from '../store/sites.ts'
import { forWindow } from './failures.ts'
import { onSiteChange } from './handlers/fleet-feed.ts'
import { type Services, siteOf } from './services.ts'

/** Milliseconds between two questions where nothing is known to have changed. */
const USUALLY = 60_000

export interface Answer<T> {
  readonly data: T | null
  readonly at: number | null
  readonly failure: WireFailure | null
}

interface AnswerFeed<T> {
  readonly signal: AbortSignal
  snapshot(state: Answer<T>): void
  change(state: Answer<T>): void
}

/** Another value is a reason to ask again: what runs there, whether it can be reached, and its policy. */
function standing({ activity, fleet, context }: Services, site: Site): string {
  const policy = context.store.inspections.latest(site.id)?.inspection.policy
  return JSON.stringify([activity.open(site).map(({ id }) => id), fleet.refreshState(site.id).failure?.code, policy])
}

/** @param known the last answer of each site: a window that comes later has it at once. */
export async function feedAnswer<T>(
  services: Services,
  id: string,
  feed: AnswerFeed<T>,
  known: Map<string, Answer<T>>,
  ask: (site: Site, signal: AbortSignal) => Promise<Result<T>>,
  /** What else is a reason to ask again, when it is another value. */
  also: (site: Site) => unknown = () => null,
): Promise<Result<null, WireFailure>> {
  const found = siteOf(services, id)
  if (!found.ok) return found
  const { context, prompts } = services
  prompts.unblock(found.value)
  context.links.unblock(found.value)
  let answer: Answer<T> = { data: null, at: null, ...known.get(id), failure: null }
  feed.snapshot(answer)
  const gone = new AbortController()
  const over = AbortSignal.any([feed.signal, gone.signal])
  let asking = false
  let wanted = false
  const stands = (site: Site) => `${standing(services, site)} ${JSON.stringify(also(site))}`
  let stood = stands(found.value)

  const askOnce = async (site: Site) => {
    const said = await ask(site, over)
    if (over.aborted) return
    answer = said.ok
      ? { data: said.value, at: context.clock.now(), failure: null }
      : { ...answer, failure: forWindow(said.error) }
    known.set(id, answer)
    feed.change(answer)
  }
  // One question at a time; what happens meanwhile asks once more.
  const look = async () => {
    wanted = true
    if (asking) return
    asking = true
    while (wanted && !over.aborted) {
      wanted = false
      const site = context.store.sites.byId(id)
      if (!site) return gone.abort()
      await askOnce(site).catch((error: unknown) => {
        context.log.write('error', 'asking a server failed', { site: site.name, error })
      })
    }
    asking = false
  }
  const unsubscribe = onSiteChange(services, (changed) => {
    if (changed !== id) return
    const site = context.store.sites.byId(id)
    if (!site) return gone.abort()
    const now = stands(site)
    if (now === stood) return
    stood = now
    void look()
  })
  const timer = setInterval(() => void look(), USUALLY)
  const leave = services.fleet.watch(found.value)
  void look()
  await aborted(over)
  leave()
  clearInterval(timer)
  unsubscribe()
  if (gone.signal.aborted) known.delete(id)
  return ok(null)
}
