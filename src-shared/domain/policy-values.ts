/** The keys of a policy and the form of each value: the kit's `policy_problem` in TypeScript; a test compares the two. Pure. */

const hour = '(?:[01]\\d|2[0-3])'
const often = `(?:daily|sunday|monday|tuesday|wednesday|thursday|friday|saturday|monthly (?:0[1-9]|1\\d|2[0-8])) ${hour}:[0-5]\\d`
const tier = (name: string) => `(?: ${name} [1-9]\\d{0,3})?`

interface Form {
  readonly form: RegExp
  /** What it should be. */
  readonly words: string
  readonly holds?: (value: string) => boolean
}

const schedule: Form = {
  form: new RegExp(`^(?:off|every (?:1|2|3|4|6|8|12)h|${often})$`),
  words: 'off, every 2h, daily 02:00, sunday 01:00 or monthly 01 02:00',
}
const positive: Form = { form: /^[1-9]\d{0,6}$/, words: 'a positive whole number' }
const retention: Form = {
  form: new RegExp(
    `^days [1-9]\\d{0,3}(?: most [1-9]\\d{0,4})?${['hourly', 'daily', 'weekly', 'monthly'].map(tier).join('')}$`,
  ),
  words:
    "'days 30 most 200 hourly 24 daily 7 weekly 4 monthly 12', in this order, where all but the days may be left out",
}
const copies: Form = { form: /^days [1-9]\d{0,3}$/, words: "'days 14'" }
const path: Form = { form: /^\//, words: 'an absolute path' }
const pathOrNone: Form = { form: /^(?:$|\/)/, words: 'an absolute path' }

const forms = {
  ...{ root: path, database: pathOrNone },
  service: { form: /^(?!-)[A-Za-z0-9@._ -]+$/, words: 'unit names separated by blanks' },
  service_manager: { form: /^(?:systemd|program)$/, words: 'systemd or program' },
  service_program: pathOrNone,
  health: {
    form: /^(?:https?:\/\/[^ ]+|unix:\/[^:]+:\/[^ ]*)?$/,
    words: 'http://HOST:PORT/PATH or unix:SOCKET:PATH',
  },
  health_status: { form: /^[1-5]\d\d$/, words: 'a status of HTTP, such as 200' },
  health_timeout: positive,
  key_tables: { form: /^[A-Za-z0-9_ ]*$/, words: 'table names separated by blanks' },
  compressor: { form: /^(?:igzip|pigz|gzip)?$/, words: 'igzip, pigz or gzip' },
  ...{ busy_timeout: positive, writer_block_limit: positive, backup_max_age: positive },
  owner: { form: /^(?:[a-z_][a-z0-9_-]*:[a-z_][a-z0-9_-]*)?$/, words: 'user:group' },
  ...{ units: path, nginx_site: path },
  include_venv: { form: /^(?:yes|no)$/, words: 'yes or no' },
  ...{ application_max_age: positive, system_max_age: positive },
  ...{ retention_database: retention, retention_application: retention, retention_config: retention },
  ...{ retention_systemd: retention, retention_system: retention },
  ...{ retention_safety: copies, retention_rejected: copies },
  ...{ schedule_database: schedule, schedule_application: schedule, schedule_config: schedule },
  ...{ schedule_system: schedule, schedule_verify: schedule, schedule_rotate: schedule, schedule_monitor: schedule },
  schedule_wait: { form: /^(?:0|[1-9]\d{0,3})$/, words: 'seconds, at most 9999' },
  schedule_paused: { form: /^(?:[1-9]\d{12}|yes)?$/, words: 'empty, yes, or milliseconds since 1970' },
  verify_budget: {
    form: /^(?:0|[1-9]\d{0,3})$/,
    words: 'minutes a night, at most 1440; 0 is off',
    holds: (value: string) => Number(value) <= 1440,
  },
  verify_within: { form: /^[1-9]\d{0,3}$/, words: 'days, at most 9999' },
  alert_min_size: { form: /^(?:0|[1-9]\d{0,14})$/, words: 'bytes; 0 is off' },
  alert_change: { form: /^(?:0|[1-9]\d{0,3})$/, words: 'percent, at most 9999; 0 is off' },
  alert_runway: { form: /^(?:0|[1-9]\d{0,3})$/, words: 'days, at most 9999; 0 is off' },
  alert_lock: positive,
  quiet_hours: {
    form: new RegExp(`^(?:${hour}-${hour})?$`),
    words: 'empty, or hours such as 22-07',
    holds: (value: string) => value === '' || value.slice(0, 2) !== value.slice(3),
  },
} as const satisfies Readonly<Record<string, Form>>

export type PolicyKey = keyof typeof forms
/** In the order in which they are shown. */
export const policyKeys = Object.keys(forms) as readonly PolicyKey[]
const isPolicyKey = (key: string): key is PolicyKey => Object.hasOwn(forms, key)

const mostBytes = 4096

/** What is wrong with a setting, as the kit says it; null: nothing. Whether an owner exists, only the server knows. */
export function policyProblem(key: string, value: string): string | null {
  if (!isPolicyKey(key)) return `unknown setting: ${key}`
  if (new TextEncoder().encode(value).length > mostBytes) return `${key}: at most ${mostBytes} characters`
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  if (/[\u0000-\u001f\u007f]/.test(value)) return `${key}: one line without control characters`
  const { form, words, holds }: Form = forms[key]
  return form.test(value) && (holds?.(value) ?? true) ? null : `${key}: ${words}, not '${value}'`
}
