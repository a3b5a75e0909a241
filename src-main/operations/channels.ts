/** The channels of a site: how alerts leave its server. */
import type { ChannelForm, ChannelReport, ChannelTest } from '../../src-shared/domain/channels.ts'
import type { Result } from '../../src-shared/result.ts'
import type { Secret } from '../remote/secret.ts'
import type { Site } from '../store/sites.ts'
import { audit, type Context } from './context.ts'
import { onPinned } from './inspect.ts'
import type { KitLink } from './links.ts'

const outcomeOf = (good: boolean): string => (good ? 'succeeded' : 'failed')

export function readChannels(context: Context, site: Site, signal?: AbortSignal): Promise<Result<ChannelReport>> {
  return onPinned(context, site, (kit) => kit.client.channels(signal), signal)
}

export interface ChannelChange {
  readonly name: string
  readonly form: ChannelForm
  /** What is not here stays as it is; an empty value is taken away. */
  readonly settings: Readonly<Record<string, string>>
  readonly secrets: Readonly<Record<string, Secret>>
}

/** Sets a channel. Its secrets stay on the server, and nowhere else. */
export function setChannel(context: Context, site: Site, change: ChannelChange): Promise<Result<ChannelReport>> {
  const secrets = Object.entries(change.secrets).map(([key, secret]) => [key, secret.expose()] as const)
  const values = { ...change.settings, ...Object.fromEntries(secrets) }
  const { name, form } = change
  return onPinned(context, site, async (kit) => {
    const set = await kit.client.setChannel(name, form, values)
    // Without the values: each may be a secret, if only by mistake.
    const detail = { channel: name, form, keys: Object.keys(values).sort() }
    audit(context, 'channel set', site, { outcome: outcomeOf(set.ok), detail })
    return set
  })
}

export function removeChannel(context: Context, site: Site, name: string): Promise<Result<ChannelReport>> {
  return onPinned(context, site, async (kit) => {
    const removed = await kit.client.removeChannel(name)
    audit(context, 'channel removed', site, { outcome: outcomeOf(removed.ok), detail: { channel: name } })
    return removed
  })
}

/** Sends a test message. That it did not leave is an answer, not a failure. */
export function testChannel(
  context: Context,
  site: Site,
  name: string,
  signal?: AbortSignal,
): Promise<Result<ChannelTest>> {
  const test = async (kit: KitLink): Promise<Result<ChannelTest>> => {
    const tested = await kit.client.testChannel(name, signal)
    const sent = tested.ok && tested.value.sent
    audit(context, 'channel tested', site, { outcome: outcomeOf(sent), detail: { channel: name } })
    return tested
  }
  return onPinned(context, site, test, signal)
}
