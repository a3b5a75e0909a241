/** Sites: the state of the fleet and of one site; adding, changing and forgetting sites. */
import { z } from 'zod'
import { kitCommands } from '../domain/kit-commands.ts'
import { inspection as kitInspection } from '../domain/kit-site.ts'
import { siteName } from '../domain/site-name.ts'
import { sshTarget, sudoMode } from '../domain/ssh-target.ts'
import { siteVerdict } from '../domain/verdict.ts'
import { command, nothing, query, subscription } from './define.ts'
import { shownHostKey, wireFailure } from './failure.ts'
import { operationRow } from './operations.ts'
import {
  backupPath,
  colour,
  confirmation,
  count,
  reason,
  serverOperation,
  siteId,
  siteRef,
  startedOperation,
  time,
  verdict,
} from './words.ts'

const connection = z.object({
  /** `idle`: no connection needed now. `refused`: the user must act first (login, host key). */
  state: z.enum(['idle', 'connecting', 'connected', 'waiting', 'offline', 'refused']),
  failure: wireFailure.nullable(),
  /** With `waiting`: time of the next attempt. */
  retryAt: time.nullable(),
})

const backupMark = z.object({
  path: backupPath,
  /** The time to which it would restore; by the server's clock. */
  takenAt: time,
  verdict,
})

export const siteOverview = z.object({
  id: siteId,
  name: z.string(),
  colour: z.string(),
  /** `user@host:port`. */
  address: z.string(),
  hostName: z.string(),
  connection,
  verdict: siteVerdict,
  /** When this state was received, by this computer's clock; null if never. */
  inspectedAt: time.nullable(),
  /** Server's clock minus this computer's, in milliseconds: add it to `Date.now()` for ages of the server's times. */
  clockOffset: z.number().int(),
  zone: z.string(),
  refreshing: z.boolean(),
  /** Why the last refresh failed; the state shown is older then. */
  failure: wireFailure.nullable(),
  newestBackup: backupMark.nullable(),
  /** The newest backup with verdict `verified`: the safest one to restore. */
  recoveryPoint: backupMark.nullable(),
  lastVerification: z.object({ path: backupPath, at: time, verdict }).nullable(),
  backups: z.object({ total: count, verified: count, failed: count, inconclusive: count, never: count, held: count }),
  /** False if the site was never checked, or the server could not list all of them: none may mean unknown. */
  backupsKnown: z.boolean(),
  problems: z.object({ errors: count, warnings: count, infos: count }),
  /**
   * Open alerts, of the server and of this console; errors and warnings without the acknowledged ones. `known`: whether the
   * server reports alerts. `monitoredAt`: when it last asked its rules, by its clock; null if never.
   */
  alerts: z.object({
    errors: count,
    warnings: count,
    acknowledged: count,
    known: z.boolean(),
    monitoredAt: time.nullable(),
  }),
  /** The backups' disk. `runwayDays`: until it is full at the recent rate; null if unknown. */
  disk: z.object({ free: count, total: count, runwayDays: z.number().nonnegative().nullable() }).nullable(),
  services: z.object({ running: count, total: count }),
  healthy: z.boolean().nullable(),
  databaseSize: count.nullable(),
  /** Operations that have not ended. */
  operations: z.array(operationRow),
})

const fleet = z.object({ sites: z.array(siteOverview), verdict: siteVerdict })
const fleetChange = z.object({
  upsert: z.array(siteOverview),
  removed: z.array(siteId),
  verdict: siteVerdict,
})

function applyFleet(state: Fleet, change: z.output<typeof fleetChange>): Fleet {
  const gone = new Set([...change.removed, ...change.upsert.map(({ id }) => id)])
  const rest = state.sites.filter(({ id }) => !gone.has(id))
  const sites = [...rest, ...change.upsert].sort((one, other) => one.name.localeCompare(other.name))
  return { sites, verdict: change.verdict }
}

/** An inspection without the backups, of which there can be thousands: `backups.watch` has them. */
const inspectionFacts = z.object({
  ...kitInspection.omit({ backups: true }).shape,
  unfinished: z.array(serverOperation),
})

const settings = z.object({
  target: sshTarget,
  sudo: sudoMode,
  root: z.string(),
  machineId: z.string(),
  createdAt: time,
  updatedAt: time,
})

const siteView = z.object({
  overview: siteOverview,
  settings,
  /** The last one; null if there is none. */
  inspection: inspectionFacts.nullable(),
})

const policy = z.strictObject({
  /** The CVD root on the server; absolute. */
  root: z
    .string()
    .max(4096)
    .regex(/^\/[^\p{Cc}]*$/u, 'an absolute path')
    .optional(),
  /** `http(s)://…` or `unix:SOCKET:PATH`. */
  health: z
    .string()
    .max(2048)
    .regex(/^(https?:\/\/|unix:)[^\s\p{Cc}]+$/u, 'http(s)://… or unix:SOCKET:PATH')
    .optional(),
})

/** Fingerprints (`SHA256:…`) of host keys that the user compared and accepted. */
const accept = z
  .array(z.string().regex(/^SHA256:[A-Za-z0-9+/]{43}$/))
  .max(16)
  .default([])

export const checkSteps = ['reach', 'host-key', 'login', 'rights', 'layout', 'policy'] as const

const checkStep = z.object({
  step: z.enum(checkSteps),
  title: z.string(),
  state: z.enum(['waiting', 'running', 'passed', 'warning', 'failed', 'skipped']),
  /** What was found. */
  evidence: z.string(),
  /** What to do; empty if nothing. */
  fix: z.string(),
})

const checkView = z.object({
  steps: z.array(checkStep),
  /** When false, `passed` has the result. */
  running: z.boolean(),
  passed: z.boolean(),
  failure: wireFailure.nullable(),
  /**
   * With an unknown key: pass its fingerprint in `accept` to accept exactly this one. A changed key cannot be accepted.
   */
  hostKey: shownHostKey.extend({ state: z.enum(['unknown', 'changed', 'revoked']) }).nullable(),
  /** The site's facts, once inspected. */
  found: inspectionFacts.nullable(),
})

export const sites = {
  /** The fleet, live. */
  watch: subscription({ role: 'viewer', input: nothing, snapshot: fleet, change: fleetChange, apply: applyFleet }),
  /**
   * Checks the connection to a site step by step without storing anything, before it is added. With `site`, checks an
   * existing site that is being changed. Ends after the last state.
   */
  check: subscription({
    role: 'admin',
    input: z.strictObject({
      target: sshTarget,
      sudo: sudoMode,
      policy: policy.default({}),
      accept,
      site: siteId.optional(),
    }),
    snapshot: checkView,
    change: checkView.partial(),
    apply: (state, change): CheckView => ({ ...state, ...withoutUndefined(change) }),
  }),
  add: command({
    role: 'admin',
    input: z.strictObject({
      name: siteName,
      colour: colour.optional(),
      target: sshTarget,
      sudo: sudoMode,
      policy: policy.default({}),
      accept,
    }),
    output: z.object({ site: siteId }),
    errors: ['usage', 'name-taken', 'no-layout', 'host-key-unknown', 'host-key-changed', 'auth-failed', 'unreachable'],
  }),
  /** Changes name and colour only here; tests everything else on the server first. */
  edit: command({
    role: 'admin',
    input: z.strictObject({
      site: siteId,
      name: siteName.optional(),
      colour: colour.optional(),
      target: sshTarget.optional(),
      sudo: sudoMode.optional(),
      policy: policy.default({}),
      accept,
      /** The machine id that replaces the pinned one, after the server was replaced on purpose. */
      acceptMachine: z.string().min(1).max(128).optional(),
    }),
    output: z.object({ site: siteId }),
    errors: ['no-such-site', 'name-taken', 'wrong-site', 'host-key-unknown', 'host-key-changed', 'auth-failed'],
  }),
  /** Forgets a site here; nothing changes on the server. */
  remove: command({
    role: 'admin',
    input: z.strictObject({ site: siteId, confirm: confirmation }),
    output: z.object({}),
    errors: ['no-such-site', 'not-confirmed', 'busy'],
  }),
  /** Hosts of `~/.ssh/config`, to choose from. */
  importable: query({
    role: 'admin',
    input: nothing,
    output: z.object({
      hosts: z.array(
        z.object({
          alias: z.string(),
          address: z.string(),
          /** Null if it cannot be used; `problem` says why. */
          target: sshTarget.nullable(),
          problem: z.string().nullable(),
          /** Name of the site that already uses this target. */
          known: z.string().nullable(),
        }),
      ),
    }),
    errors: ['config-missing', 'config-unsafe'],
  }),
}

export const site = {
  /** One site's state without its backups. It is refreshed often while watched. */
  watch: subscription({
    role: 'viewer',
    input: siteRef,
    snapshot: siteView,
    change: siteView.partial(),
    apply: (state, change): SiteView => ({ ...state, ...withoutUndefined(change) }),
    errors: ['no-such-site'],
  }),
  /** Refreshes a site now and returns when done. Also retries a refused login. */
  refresh: command({
    role: 'viewer',
    input: siteRef,
    output: z.object({ inspectedAt: time }),
    errors: ['no-such-site', 'wrong-site', 'unreachable', 'auth-failed'],
  }),
  /** Installs the programs that a restored site needs and that its server lacks, by the distribution's own commands. */
  installPackages: command({
    role: kitCommands.packages.role,
    input: z.strictObject({ site: siteId, confirm: confirmation, reason }),
    output: startedOperation,
    errors: ['no-such-site', 'not-confirmed', 'wrong-site'],
  }),
}

type Present<T> = { [K in keyof T]: Exclude<T[K], undefined> }

function withoutUndefined<T extends object>(change: T): Present<T> {
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined)) as Present<T>
}

export type SiteOverview = z.infer<typeof siteOverview>
export type Fleet = z.infer<typeof fleet>
export type SiteView = z.infer<typeof siteView>
export type CheckStep = z.infer<typeof checkStep>
export type CheckView = z.infer<typeof checkView>
export type InspectionFacts = z.infer<typeof inspectionFacts>
