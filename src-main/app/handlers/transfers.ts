import type { ConsoleContract } from '../../../src-shared/contract/index.ts'
import { ok } from '../../../src-shared/result.ts'
import { aborted, type NamespaceHandlers } from '../../../src-shared/rpc/handlers.ts'
import { type Services, siteOf } from '../services.ts'
import { throttle } from '../throttle.ts'
import { PACE } from './fleet-feed.ts'

/** The speed falls while nothing moves. */
const AGEING = 1000

export function transfersHandlers(services: Services): NamespaceHandlers<ConsoleContract['transfers']> {
  const { context, transfers, prompts } = services
  /** The user started it: refused and declined logins may be tried again. */
  const started = (id: string) => {
    const site = siteOf(services, id)
    if (site.ok) {
      prompts.unblock(site.value)
      context.links.unblock(site.value)
    }
    return site
  }
  return {
    watch: async (_input, feed) => {
      let lastSent = ''
      const look = () => ({ transfers: transfers.list() })
      feed.snapshot(look())
      const changes = throttle<null>(PACE, context.log, () => {
        const now = look()
        const text = JSON.stringify(now)
        if (text !== lastSent) feed.change(now)
        lastSent = text
      })
      const unsubscribe = transfers.subscribe(() => changes.add(null))
      const ageing = setInterval(() => changes.add(null), AGEING)
      await aborted(feed.signal)
      clearInterval(ageing)
      unsubscribe()
      changes.stop()
      return ok(null)
    },

    download: async ({ site: id, path }) => {
      const site = started(id)
      if (!site.ok) return site
      const begun = await transfers.download(site.value, path)
      return begun.ok ? ok({ transfer: begun.value }) : begun
    },

    link: ({ transfer }) => {
      const link = transfers.link(transfer)
      return link.ok ? ok({ url: link.value }) : link
    },

    upload: async ({ site: id }) => {
      const site = started(id)
      if (!site.ok) return site
      const begun = await transfers.upload(site.value)
      return begun.ok ? ok({ transfer: begun.value }) : begun
    },

    receive: async ({ site: id, ...file }) => {
      const site = started(id)
      return site.ok ? await transfers.receive(site.value, file) : site
    },

    cancel: ({ transfer }) => transfers.cancel(transfer),

    again: ({ transfer }) => {
      const begun = transfers.again(transfer)
      return begun.ok ? ok({ transfer: begun.value }) : begun
    },

    dismiss: ({ transfer }) => transfers.dismiss(transfer),
  }
}
