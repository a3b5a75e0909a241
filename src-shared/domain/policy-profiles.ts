/** Profiles: policies that are set as a whole, and what belongs to one server and is never copied to another. Pure. */
import { type PolicyKey, policyKeys } from './policy-values.ts'

type Profile = Readonly<Partial<Record<PolicyKey, string>>>

/** Each has the same keys, so that one replaces another as a whole. */
const runbook = {
  ...{ schedule_database: 'every 2h', schedule_application: 'daily 02:00', schedule_config: 'daily 02:00' },
  ...{ schedule_system: 'sunday 01:00', schedule_verify: 'daily 06:00', schedule_rotate: 'daily 06:30' },
  ...{ schedule_monitor: 'every 1h', backup_max_age: '14400', application_max_age: '93600', system_max_age: '691200' },
  ...{ retention_database: 'days 30 most 200', retention_application: 'days 14', retention_config: 'days 14' },
  ...{
    retention_systemd: 'days 14',
    retention_system: 'days 28',
    retention_safety: 'days 14',
    retention_rejected: 'days 30',
  },
  ...{ verify_budget: '30', verify_within: '30' },
} as const satisfies Profile

export const policyProfiles = {
  /** The numbers of the runbook, which are the defaults. */
  runbook,
  /** A short loss window: the database every hour, thinned out by day, week and month. */
  hourly: {
    ...runbook,
    ...{
      schedule_database: 'every 1h',
      backup_max_age: '7200',
      schedule_application: 'every 12h',
      schedule_config: 'every 12h',
    },
    ...{ application_max_age: '50400', schedule_system: 'daily 01:00', system_max_age: '93600' },
    retention_database: 'days 3 daily 30 weekly 8 monthly 12',
    ...{
      retention_application: 'days 14 weekly 8',
      retention_config: 'days 14 weekly 8',
      retention_system: 'days 7 weekly 8',
    },
    ...{ verify_budget: '60', verify_within: '14' },
  },
  /** A long memory: what was true years ago can still be looked up. */
  archive: {
    ...runbook,
    retention_database: 'days 14 daily 90 weekly 104 monthly 84',
    ...{ retention_application: 'days 30 weekly 52 monthly 84', retention_config: 'days 30 weekly 52 monthly 84' },
    ...{ retention_systemd: 'days 30 weekly 52 monthly 84', retention_system: 'days 56 monthly 84' },
    ...{ retention_safety: 'days 30', retention_rejected: 'days 90', verify_budget: '60', verify_within: '60' },
  },
} as const satisfies Readonly<Record<string, Profile>>

export type PolicyProfile = keyof typeof policyProfiles
export const isPolicyProfile = (name: string): name is PolicyProfile => Object.hasOwn(policyProfiles, name)

/** What belongs to one server: its place, its service, its people, and what it is doing now. */
const ofOneServer =
  /^(root|database|service|service_.*|health|health_.*|owner|units|nginx_site|key_tables|compressor|schedule_paused)$/

/** The settings that a copy to another site takes along. */
export const copiedKeys: readonly PolicyKey[] = policyKeys.filter((key) => !ofOneServer.test(key))
