/** Restores: plan, start the plan, and possibly undo it. */
import { z } from 'zod'
import { fileDifferences } from '../domain/file-differences.ts'
import { kitCommands } from '../domain/kit-commands.ts'
import { backupMoment, restorePlan } from '../domain/kit-restore.ts'
import { ownerNames, restorableParts, siteParts } from '../domain/restored-parts.ts'
import { command, query, subscription } from './define.ts'
import { wireFailure } from './failure.ts'
import { backupPath, confirmation, operationId, progress, reason, siteId, startedOperation, time } from './words.ts'

/**
 * The user states that the site is down and that the configured probe will show when it is up again; otherwise a
 * failing probe refuses the restore.
 */
const siteIsDown = z.boolean().default(false)

/** A backup, and what is chosen for it: of a system backup the parts that are meant; without them, all that it holds. */
const planned = {
  site: siteId,
  path: backupPath,
  parts: z.array(z.enum(siteParts)).min(1).max(siteParts.length).optional(),
  /** On a server without the site, who is to own its data; otherwise as the backup says. */
  owner: z.string().max(100).regex(ownerNames).optional(),
}

const planStep = z.object({
  step: z.string(),
  title: z.string(),
  state: z.enum(['started', 'done', 'failed', 'skipped']),
  at: time,
})

const planView = z.object({
  state: z.enum(['planning', 'planned', 'failed']),
  steps: z.array(planStep),
  progress: progress.nullable(),
  failure: wireFailure.nullable(),
  /**
   * Identifies the plan for `restore.start`; null until it is made. An impossible plan has an id too, but is refused.
   */
  planId: z.string().nullable(),
  plan: z.object(restorePlan.shape).nullable(),
  /** When planning began, by this computer's clock: it continues without a subscriber. */
  startedAt: time,
  plannedAt: time.nullable(),
  /** When the plan expires. */
  expiresAt: time.nullable(),
})

export const restore = {
  /** Which backup a moment means, as `--at` would take it. `time`: `2026-03-29 02:30` in the server's zone, or with an offset. */
  moment: query({
    role: kitCommands.moment.role,
    input: z.strictObject({ site: siteId, kind: z.enum(restorableParts), time: z.string().min(1).max(40) }),
    output: z.object({ ...backupMoment.shape, at: z.object(backupMoment.shape.at.unwrap().shape).nullable() }),
    errors: ['no-such-site', 'usage'],
  }),
  /**
   * Makes a plan: reads the backup, compares it with the live database, checks everything; changes nothing. A finished
   * plan is kept until `expiresAt` even without a subscriber; with its `planId` it is returned at once.
   */
  plan: subscription({
    role: 'admin',
    input: z.strictObject({ ...planned, planId: z.string().max(64).optional() }),
    snapshot: planView,
    change: z.object({
      state: planView.shape.state.optional(),
      /** Replaces the step with the same name, or is appended. */
      step: planStep.optional(),
      progress: progress.nullable().optional(),
      failure: wireFailure.nullable().optional(),
      planId: z.string().nullable().optional(),
      plan: planView.shape.plan.optional(),
      plannedAt: time.nullable().optional(),
      expiresAt: time.nullable().optional(),
    }),
    apply: (state, change): PlanView => {
      const { step, ...rest } = change
      const present = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined))
      return { ...state, ...present, steps: step ? withStep(state.steps, step) : state.steps }
    },
    errors: ['no-such-site', 'wrong-site', 'not-found'],
  }),
  /** Stops making a plan; its watchers are notified. */
  stopPlanning: command({
    role: 'admin',
    input: z.strictObject(planned),
    output: z.object({}),
    errors: ['no-such-site'],
  }),
  /**
   * Starts exactly what was planned. Refused if the backup or the machine has changed since, or if a check needs
   * `acceptSchema`, `keepVenv`, `acceptFiles` or `newServer` and it is missing.
   */
  start: command({
    role: 'admin',
    input: z.strictObject({
      planId: z.string().min(1).max(64),
      confirm: confirmation,
      reason,
      acceptSchema: z.boolean().optional(),
      /** The live virtual environment stays, or a new one is built, whatever the plan says. */
      keepVenv: z.boolean().optional(),
      acceptFiles: z.boolean().optional(),
      newServer: z.boolean().optional(),
      rebuildVenv: z.boolean().optional(),
      /** Only these files of the configuration; encoded. */
      only: z.array(backupPath).max(100).optional(),
      siteIsDown,
    }),
    output: startedOperation,
    errors: ['plan-expired', 'not-confirmed', 'checks-failed', 'no-such-site'],
  }),
  /** How one file differs from the one in the backup of a plan. Secrets are hidden; showing them is recorded in both audits. */
  differences: command({
    role: 'admin',
    input: z.strictObject({ planId: z.string().min(1).max(64), file: backupPath, showSecrets: z.boolean() }),
    output: z.object(fileDifferences.shape),
    errors: ['plan-expired', 'no-such-site', 'not-found'],
  }),
  /** Brings back what a restore replaced. */
  undo: command({
    role: 'admin',
    input: z.strictObject({ site: siteId, operation: operationId, confirm: confirmation, reason, siteIsDown }),
    output: startedOperation,
    errors: ['no-such-site', 'not-confirmed', 'wrong-site'],
  }),
}

function withStep(steps: readonly PlanStep[], step: PlanStep): PlanStep[] {
  const known = steps.some((one) => one.step === step.step)
  return known ? steps.map((one) => (one.step === step.step ? step : one)) : [...steps, step]
}

type PlanStep = z.infer<typeof planStep>
export type PlanView = z.infer<typeof planView>
