/** What is asked for a channel, and what becomes of the answers. Pure. */
import type { ChannelEntry, ChannelForm, WebhookPreset } from '../../../src-shared/domain/channels.ts'

/** How alerts are told: a form, and with a webhook, for whom. */
export const ways = [
  { value: 'mail', label: 'Mail, sent by the server itself' },
  { value: 'smtp', label: 'Mail, through a mail server (SMTP)' },
  { value: 'slack', label: 'Slack' },
  { value: 'teams', label: 'Microsoft Teams' },
  { value: 'ntfy', label: 'ntfy' },
  { value: 'healthchecks', label: 'Healthchecks (alerts when runs stop)' },
  { value: 'json', label: 'Webhook (JSON)' },
] as const satisfies readonly { value: 'mail' | 'smtp' | WebhookPreset; label: string }[]
export type Way = (typeof ways)[number]['value']

export const fields = [
  'level',
  'to',
  'from',
  'host',
  'tls',
  'port',
  'user',
  'password',
  'url',
  'header',
  'secret',
  'watch',
] as const
export type FieldName = (typeof fields)[number]
export type Draft = Readonly<Record<FieldName, string>>

const secretFields: readonly FieldName[] = ['password', 'url', 'secret']
export const isSecret = (field: FieldName) => secretFields.includes(field)

const asked: Readonly<Record<Way, readonly FieldName[]>> = {
  mail: ['to', 'from', 'level'],
  smtp: ['host', 'port', 'user', 'password', 'from', 'to', 'tls', 'level'],
  slack: ['url', 'level'],
  teams: ['url', 'level'],
  ntfy: ['url', 'level', 'header', 'secret'],
  healthchecks: ['url', 'watch'],
  json: ['url', 'level', 'header', 'secret'],
}

/** What is asked, in this order: where there is room, two beside each other. */
export function fieldsOf(way: Way): readonly FieldName[] {
  return asked[way]
}

export function formOf(way: Way): ChannelForm {
  return way === 'mail' || way === 'smtp' ? way : 'webhook'
}

export function wayOf({ form, preset }: Pick<ChannelEntry, 'form' | 'preset'>): Way {
  return form === 'webhook' ? preset || 'json' : form || 'mail'
}

const empty: Draft = {
  ...{ level: 'all', to: '', from: '', host: '', tls: 'starttls', port: '' },
  ...{ user: '', password: '', url: '', header: '', secret: '', watch: 'database' },
}

/** What is set already; secrets are never known here. */
export function draftOf(entry: ChannelEntry | null): Draft {
  if (!entry) return empty
  const known = fields.flatMap((field) => {
    const value = isSecret(field) ? undefined : entry.settings[field]
    return value === undefined ? [] : [[field, value]]
  })
  return { ...empty, ...Object.fromEntries(known) }
}

/** A name that is free: after what it is. */
export function freeName(way: Way, taken: readonly string[]): string {
  const base = way === 'smtp' ? 'mail' : way === 'json' ? 'webhook' : way
  const names = [base, ...Array.from({ length: 99 }, (_, index) => `${base}-${index + 2}`)]
  return names.find((name) => !taken.includes(name)) ?? base
}

export function nameProblem(name: string, taken: readonly string[]): string | undefined {
  if (!/^[a-z][a-z0-9-]{0,30}$/.test(name)) return 'Small letters, digits and -, at most 31, beginning with a letter.'
  return taken.includes(name) ? 'There is a channel of this name.' : undefined
}

const needed: Readonly<Record<ChannelForm, readonly FieldName[]>> = {
  mail: ['to'],
  smtp: ['host', 'from', 'to'],
  webhook: ['url'],
}

/** What is wrong with an answer, as far as it can be said here; the server judges again. */
export function fieldProblem(way: Way, field: FieldName, draft: Draft, set: readonly string[]): string | undefined {
  const value = draft[field].trim()
  if (value === '') {
    const missing = needed[formOf(way)].includes(field) && !(isSecret(field) && set.includes(field))
    return missing ? 'This is needed.' : undefined
  }
  if (field === 'url' && !/^https?:\/\/[^\s]+$/.test(value)) return 'An address that begins with https:// or http://'
  if (field === 'port' && !(/^[1-9]\d{0,4}$/.test(value) && Number(value) <= 65_535)) return 'A number up to 65535.'
  if (field === 'from' && !/^[^\s@,]+@[^\s@,]+$/.test(value)) return 'One mail address.'
  return undefined
}

/** What is sent to the server: every setting, and the secrets that were typed. */
export function changeOf(way: Way, draft: Draft) {
  const given = fieldsOf(way).map((field) => [field, draft[field].trim()] as const)
  const values = Object.fromEntries(given.filter(([field]) => !isSecret(field)))
  const secrets = Object.fromEntries(given.filter(([field, value]) => isSecret(field) && value !== ''))
  // Without a user there is no password to send, and without a header nothing to put its value into.
  if (values.user === '') Object.assign(secrets, { password: '' })
  if (values.header === '') Object.assign(secrets, { secret: '' })
  const form = formOf(way)
  const preset = way === 'mail' || way === 'smtp' ? {} : { preset: way }
  return { form, values: { ...values, ...preset }, secrets }
}
