/** Channels: how alerts leave a server. Addresses and passwords stay on the server, where only root reads them. Pure. */
import { z } from 'zod'
import { count, text, word } from './kit-fields.ts'

/** `mail`: sendmail or mail of the server; `smtp`: a mail server, with a login or without; `webhook`: an HTTP request. */
export const channelForms = ['mail', 'smtp', 'webhook'] as const
export type ChannelForm = (typeof channelForms)[number]

/** `healthchecks`: requests at the start and at the end of the runs of one kind; silence is the alert (a dead man's switch). */
export const webhookPresets = ['json', 'slack', 'teams', 'ntfy', 'healthchecks'] as const
export type WebhookPreset = (typeof webhookPresets)[number]

/** The settings that never leave a server. */
export const channelSecrets = ['url', 'password', 'secret'] as const

const moment = count

/** A channel without its secrets: what is set, not what it is. */
export const channelEntry = z.looseObject({
  name: word,
  /** Empty if its file is damaged. */
  form: z.union([z.enum(channelForms), z.literal('')]),
  /** Of a webhook; otherwise empty. */
  preset: z.union([z.enum(webhookPresets), z.literal('')]),
  /** Recipients, or the host that gets the request: safe to show. */
  to: text,
  /** The values that are no secrets. */
  settings: z.record(word, text),
  /** Names of the secrets that are set. */
  secrets: z.array(word),
  lastSentAt: moment.nullable(),
  lastFailedAt: moment.nullable(),
  /** Why the last message did not leave; empty if it did. */
  failure: text,
  /** Failures since it last worked. */
  failures: count,
})
export type ChannelEntry = z.infer<typeof channelEntry>

/** Data of a `channels` result. */
export const channelReport = z.looseObject({ now: moment, channels: z.array(channelEntry) })

/** Data of a `channel test` result. */
export const channelTest = z.looseObject({ channel: word, sent: z.boolean(), why: text })
export type ChannelReport = z.infer<typeof channelReport>
export type ChannelTest = z.infer<typeof channelTest>
