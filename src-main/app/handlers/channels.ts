import type { ConsoleContract } from '../../../src-shared/contract/index.ts'
import type { ChannelReport } from '../../../src-shared/domain/channels.ts'
import type { NamespaceHandlers } from '../../../src-shared/rpc/handlers.ts'
import { readChannels, removeChannel, setChannel, testChannel } from '../../operations/channels.ts'
import { Secret } from '../../remote/secret.ts'
import { type Answer, feedAnswer } from '../live-answer.ts'
import { onSite, type Services } from '../services.ts'

export function channelsHandlers(services: Services): NamespaceHandlers<ConsoleContract['channels']> {
  const { context, fleet } = services
  const known = new Map<string, Answer<ChannelReport>>()
  /** By site: how often something was done with its channels here. Windows that show them ask again. */
  const touched = new Map<string, number>()
  const touch = (id: string) => {
    if (!context.store.sites.byId(id)) return
    touched.set(id, (touched.get(id) ?? 0) + 1)
    fleet.changed(id)
  }
  return {
    watch: ({ site: id }, feed) =>
      feedAnswer(
        services,
        id,
        feed,
        known,
        (site, signal) => readChannels(context, site, signal),
        (site) => touched.get(site.id),
      ),

    set: async ({ site: id, name, form, values, secrets }) => {
      const hidden = Object.fromEntries(Object.entries(secrets).map(([key, value]) => [key, new Secret(value)]))
      const change = { name, form, settings: values, secrets: hidden }
      const set = await onSite(
        services,
        id,
        (site) => setChannel(context, site, change),
        () => ({}),
      )
      touch(id)
      return set
    },

    remove: async ({ site: id, name }) => {
      const removed = await onSite(
        services,
        id,
        (site) => removeChannel(context, site, name),
        () => ({}),
      )
      touch(id)
      return removed
    },

    test: async ({ site: id, name }, { signal }) => {
      const tested = await onSite(
        services,
        id,
        (site) => testChannel(context, site, name, signal),
        (answer) => answer,
      )
      touch(id)
      return tested
    },
  }
}
