/** THE catalogue of the settings of a policy, in people's words and units: their pages, their checks, before and after. Pure. */
import { policyProblem } from '../../src-shared/domain/policy-values.ts'
import { parseRetention, type RetentionKind, retentionKinds } from '../../src-shared/domain/retention.ts'
import { scheduledTitle, scheduleWords } from '../../src-shared/domain/schedule-words.ts'

/** A number is stored in a small unit, and shown in a larger one: `factor` of the one make one of the other. */
export interface NumberForm {
  readonly form: 'number'
  readonly unit: readonly [one: string, many: string]
  readonly factor: number
  readonly least: number
  readonly most: number
  /** What 0 means, where it means something. */
  readonly zero?: string
}

export type SettingForm =
  | NumberForm
  | {
      readonly form: 'text'
      readonly example: string
      /** What applies where it is empty; without, it must not be. */
      readonly empty?: string
      readonly mono?: boolean
    }
  | { readonly form: 'choice'; readonly options: readonly { readonly value: string; readonly label: string }[] }
  | { readonly form: 'quiet-hours' }
  /** They are set on pages of their own. */
  | { readonly form: 'schedule' }
  | { readonly form: 'retention'; readonly kind: RetentionKind }
  | { readonly form: 'state' }

export interface Setting {
  readonly label: string
  readonly help: string
  readonly form: SettingForm
}

const span = (unit: 'hour' | 'minute' | 'second' | 'day', factor: number, most: number, zero?: string): NumberForm => ({
  form: 'number',
  unit: [unit, `${unit}s`],
  ...{ factor, least: zero === undefined ? 1 : 0, most, ...(zero !== undefined && { zero }) },
})

const seconds = (unit: 'hour' | 'minute' | 'second', most = 9_999_999, zero?: string) =>
  span(unit, { hour: 3600, minute: 60, second: 1 }[unit], most, zero)

const path = (empty?: string): SettingForm => ({
  form: 'text',
  example: 'An absolute path, such as /opt/cvd.',
  mono: true,
  ...(empty !== undefined && { empty }),
})

const kinds: Readonly<Record<RetentionKind, string>> = {
  database: 'Database backups',
  application: 'Application backups',
  config: 'Configuration backups',
  systemd: 'Backups of unit files',
  system: 'System backups',
  safety: 'Safety copies',
  rejected: 'Rejected and stray files',
}

export function retentionTitle(kind: RetentionKind): string {
  return kinds[kind]
}

const schedule = (kind: string): Setting => ({
  label: scheduledTitle(kind),
  help: '',
  form: { form: 'schedule' },
})

const retention = (kind: RetentionKind): Setting => ({
  label: `Retention: ${kinds[kind].toLowerCase()}`,
  help: '',
  form: { form: 'retention', kind },
})

export const settings: Readonly<Record<string, Setting>> = {
  root: { label: 'CVD root', help: 'The folder of the installation.', form: path() },
  database: {
    label: 'Database',
    help: 'The SQLite file of the application.',
    form: path('data/cvd.db in the CVD root'),
  },
  owner: {
    label: 'Owner of the data',
    help: 'The user and the group that the CVD data belong to.',
    form: {
      form: 'text',
      example: 'A user and a group, such as cvdapp:cvdapp.',
      empty: 'as found on the server',
      mono: true,
    },
  },
  service: {
    label: 'Services',
    help: 'What is stopped for a restore, and started again; separated by blanks.',
    form: { form: 'text', example: 'Names of units, such as cvd.', mono: true },
  },
  service_manager: {
    label: 'Controlled by',
    help: 'What starts and stops the services.',
    form: {
      form: 'choice',
      options: [
        { value: 'systemd', label: 'systemd' },
        { value: 'program', label: 'A program of its own' },
      ],
    },
  },
  service_program: { label: 'Service program', help: 'The program that starts and stops them.', form: path('none') },
  units: { label: 'Unit files', help: 'The folder that the units of the services are in.', form: path() },
  nginx_site: { label: 'nginx site', help: 'The file of the site in the configuration of nginx.', form: path() },

  health: {
    label: 'Health check',
    help: 'What is asked to find out whether the application works.',
    form: {
      form: 'text',
      example: 'http://HOST:PORT/PATH or unix:SOCKET:PATH.',
      empty: 'as found on the server',
      mono: true,
    },
  },
  health_status: {
    label: 'Healthy answer',
    help: 'The status of HTTP that it must answer.',
    form: { form: 'text', example: 'A status of HTTP, such as 200.' },
  },
  health_timeout: {
    label: 'Wait for health',
    help: 'After a start, before it counts as unhealthy.',
    form: seconds('second'),
  },

  key_tables: {
    label: 'Key tables',
    help: 'Their rows are counted in every backup; separated by blanks.',
    form: {
      form: 'text',
      example: 'Names of tables, such as users devices.',
      empty: 'none',
      mono: true,
    },
  },
  include_venv: {
    label: 'Virtual environment',
    help: 'Whether a system backup holds it; otherwise it is built anew from requirements.txt.',
    form: {
      form: 'choice',
      options: [
        { value: 'no', label: 'Left out' },
        { value: 'yes', label: 'Included' },
      ],
    },
  },
  compressor: {
    label: 'Compressor',
    help: 'All of them write the same format.',
    form: {
      form: 'choice',
      options: [
        { value: '', label: 'The fastest that is installed' },
        { value: 'igzip', label: 'igzip' },
        { value: 'pigz', label: 'pigz' },
        { value: 'gzip', label: 'gzip' },
      ],
    },
  },
  busy_timeout: {
    label: 'Wait for the database',
    help: 'While the application holds it.',
    form: span('second', 1000, 9_999_999),
  },
  writer_block_limit: {
    label: 'Block writers at most',
    help: 'Where a copy cannot be made otherwise.',
    form: seconds('second'),
  },

  schedule_database: schedule('database'),
  schedule_application: schedule('application'),
  schedule_config: schedule('config'),
  schedule_system: schedule('system'),
  schedule_verify: schedule('verify'),
  schedule_rotate: schedule('rotate'),
  schedule_monitor: schedule('monitor'),
  schedule_wait: {
    label: 'Wait for another operation',
    help: 'A scheduled run that finds the site busy waits that long; then it is skipped.',
    form: seconds('minute', 9999, 'not at all'),
  },
  schedule_paused: { label: 'Pause of the schedule', help: '', form: { form: 'state' } },

  ...Object.fromEntries(retentionKinds.map((kind) => [`retention_${kind}`, retention(kind)])),

  verify_budget: {
    label: 'Reading older backups',
    help: 'A night, the oldest verdict first; the newest five are read in any case.',
    form: span('minute', 1, 1440, 'off'),
  },
  verify_within: {
    label: 'Everything read within',
    help: 'A backup that was not read for longer is a warning.',
    form: span('day', 1, 9999),
  },

  backup_max_age: {
    label: 'Newest database backup',
    help: 'Older than this, it is overdue, and rotation deletes nothing.',
    form: seconds('hour'),
  },
  application_max_age: {
    label: 'Newest application backup',
    help: 'Also for the configuration and the unit files.',
    form: seconds('hour'),
  },
  system_max_age: { label: 'Newest system backup', help: 'Older than this, it is overdue.', form: seconds('hour') },
  alert_min_size: {
    label: 'Smallest database backup',
    help: 'A smaller one is hardly a whole one.',
    form: { form: 'number', unit: ['MiB', 'MiB'], factor: 1_048_576, least: 0, most: 999_999_999_999_999, zero: 'off' },
  },
  alert_change: {
    label: 'Change of rows or size',
    help: 'That far from the history of this site is a warning.',
    form: { form: 'number', unit: ['percent', 'percent'], factor: 1, least: 0, most: 9999, zero: 'off' },
  },
  alert_runway: {
    label: 'Disk lasts at least',
    help: 'A disk that will be full earlier is a warning.',
    form: span('day', 1, 9999, 'off'),
  },
  alert_lock: {
    label: 'Longest operation',
    help: 'One that holds the site for longer is a warning.',
    form: seconds('hour'),
  },
  quiet_hours: {
    label: 'Quiet hours',
    help: 'Warnings wait until they are over; errors do not. In the time of the server.',
    form: { form: 'quiet-hours' },
  },
}

/** Undefined for a setting of another version. */
export function settingOf(key: string): Setting | undefined {
  return Object.hasOwn(settings, key) ? settings[key] : undefined
}

export function settingLabel(key: string): string {
  return settingOf(key)?.label ?? key
}

/** What is stored, as it is typed: `14400` seconds are `4` hours. */
export function shownNumber(form: NumberForm, stored: string): string {
  if (!/^\d{1,15}$/.test(stored)) return stored
  return String(Math.round((Number(stored) / form.factor) * 1_000_000) / 1_000_000)
}

/** What was typed, as it is stored; what is no number stays as it is, and is refused. */
export function storedNumber(form: NumberForm, typed: string): string {
  const text = typed.trim().replace(',', '.')
  return /^\d{1,12}(\.\d{1,6})?$/.test(text) ? String(Math.round(Number(text) * form.factor)) : text
}

export function retentionValueWords(kind: RetentionKind, value: string): string {
  const rule = parseRetention(kind, value)
  if (!rule) return value
  const { days, most, hourly, daily, weekly, monthly } = rule
  const periods = [
    [hourly, 'hourly'],
    [daily, 'daily'],
    [weekly, 'weekly'],
    [monthly, 'monthly'],
  ] as const
  const kept = periods.flatMap(([count, word]) => (count > 0 ? [`${count} ${word}`] : []))
  return [
    `${days} ${days === 1 ? 'day' : 'days'}`,
    ...(most === null ? [] : [`at most ${most}`]),
    ...(kept.length === 0 ? [] : [`and ${kept.join(', ')}`]),
  ].join(', ')
}

/** A value in words: `4 hours`, `Every 2 hours`, `30 days, at most 200`. */
export function settingWords(key: string, value: string): string {
  const form = settingOf(key)?.form
  switch (form?.form) {
    case 'number': {
      if (value === '0' && form.zero !== undefined) return capital(form.zero)
      const shown = shownNumber(form, value)
      return `${shown} ${form.unit[shown === '1' ? 0 : 1]}`
    }
    case 'choice':
      return form.options.find((one) => one.value === value)?.label ?? value
    case 'schedule':
      return scheduleWords(value)
    case 'retention':
      return retentionValueWords(form.kind, value)
    case 'quiet-hours':
      return quietWords(value)
    case 'text':
      return value === '' ? capital(form.empty ?? 'not set') : value
    default:
      return value === '' ? 'Not set' : value
  }
}

function quietWords(value: string): string {
  const [, from, to] = /^(\d\d)-(\d\d)$/.exec(value) ?? []
  if (value === '') return 'None'
  return from === undefined ? value : `From ${from}:00 to ${to}:00`
}

function capital(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`
}

/** What is wrong with a value, in the words of its field; undefined if nothing is. */
export function settingProblem(key: string, value: string): string | undefined {
  if (policyProblem(key, value) === null) return undefined
  const form = settingOf(key)?.form
  switch (form?.form) {
    case 'number':
      return numberProblem(form, value)
    case 'text':
      return form.example
    case 'retention':
      return 'Whole numbers; the days are required.'
    case 'quiet-hours':
      return 'From one hour to another.'
    default:
      return 'Not a value of this setting.'
  }
}

function numberProblem(form: NumberForm, value: string): string {
  const [, many] = form.unit
  if (!/^\d{1,15}$/.test(value)) return `A number of ${many}.`
  if (Number(value) < form.least) return `More than 0 ${many}.`
  return `At most ${shownNumber(form, String(form.most))} ${many}.`
}
