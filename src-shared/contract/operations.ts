/** Operations of this console, and foreign ones that a site reports. */
import { z } from 'zod'
import { archiveReport, backupReport, verification } from '../domain/kit-backups.ts'
import { kitEvent } from '../domain/kit-protocol.ts'
import { restoreReport } from '../domain/kit-restore.ts'
import { command, query, subscription } from './define.ts'
import {
  backupPath,
  operationId,
  outcome,
  progress,
  reason,
  serverOperation,
  siteId,
  startedOperation,
  time,
} from './words.ts'

/** One row of a list of operations. */
export const operationRow = z.object({
  /** The journal's id; for a foreign operation the server's. */
  id: operationId,
  site: siteId,
  siteName: z.string(),
  siteColour: z.string(),
  /** `database`, `verify`, `restore`, `undo`, `recover`, `delete`, … */
  command: z.string(),
  /** True for an undo of an undo: the restored state is live again afterwards. */
  redo: z.boolean(),
  /** In words: `Database backup`, `Database restore`, … */
  title: z.string(),
  /** `unknown`: the server was asked, and the connection was lost; `operations.reattach` tries again. */
  state: z.enum(['queued', 'starting', 'running', 'ended', 'unknown']),
  /**
   * Whether its progress is received. `searching`: the connection broke, and the operation continues on the server while
   * the console tries to reconnect. `none`: this console does not follow it. See `connectionLost`.
   */
  link: z.enum(['listening', 'searching', 'none']),
  /** Known from the server only, started by another console or on the server itself: `operations.import` listens to it. */
  elsewhere: z.boolean(),
  /** The server's id; null until the server has reported it. */
  remote: z.string().nullable(),
  outcome: outcome.nullable(),
  code: z.string(),
  message: z.string(),
  unchanged: z.string(),
  next: z.string(),
  who: z.string(),
  reason: z.string(),
  startedAt: time,
  endedAt: time.nullable(),
  backup: backupPath.nullable(),
  /** The current or last step. */
  step: z.object({ step: z.string(), title: z.string() }).nullable(),
  progress: progress.nullable(),
})

const operationReport = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('restore'), report: z.object(restoreReport.shape) }),
  z.object({ kind: z.literal('backup'), report: z.object(backupReport.shape) }),
  z.object({ kind: z.literal('archive'), report: z.object(archiveReport.shape) }),
  z.object({ kind: z.literal('verify'), backups: z.array(z.object(verification.shape)) }),
])

const operationView = z.object({
  row: operationRow,
  /** All events so far, oldest first; progress only in `row`. */
  events: z.array(kitEvent),
  /** Evidence of the outcome; null before the end, and where there is none. */
  report: operationReport.nullable(),
  /** True if `restore.undo` can restore what this operation replaced; null if unknown. */
  undoable: z.boolean().nullable(),
})

const operationViewChange = z.object({
  row: operationRow.optional(),
  /** New events, to be appended. */
  events: z.array(kitEvent).optional(),
  report: operationReport.nullable().optional(),
  undoable: z.boolean().nullable().optional(),
})

function applyView(state: OperationView, change: z.output<typeof operationViewChange>): OperationView {
  const { events, row, report, undoable } = change
  return {
    row: row ?? state.row,
    events: events ? [...state.events, ...events] : state.events,
    report: report === undefined ? state.report : report,
    undoable: undoable === undefined ? state.undoable : undoable,
  }
}

const rows = z.object({
  /** Newest first. */
  operations: z.array(operationRow),
})

const rowChange = z.object({ upsert: z.array(operationRow), removed: z.array(operationId) })

function applyRows(state: z.output<typeof rows>, change: z.output<typeof rowChange>): z.output<typeof rows> {
  const gone = new Set([...change.removed, ...change.upsert.map(({ id }) => id)])
  const rest = state.operations.filter(({ id }) => !gone.has(id))
  const operations = [...change.upsert, ...rest].sort((one, other) => other.startedAt - one.startedAt)
  return { operations }
}

export const operations = {
  /** Running and past operations of one site or of all; foreign ones only while they run. */
  watch: subscription({
    role: 'viewer',
    input: z.strictObject({ site: siteId.optional(), limit: z.number().int().min(1).max(1000).default(200) }),
    snapshot: rows,
    change: rowChange,
    apply: applyRows,
    errors: ['no-such-site'],
  }),
  /** The server's own record of operations, of all consoles, newest first. */
  onServer: query({
    role: 'viewer',
    input: z.strictObject({ site: siteId, limit: z.number().int().min(1).max(1000).default(100) }),
    output: z.object({
      operations: z.array(z.object({ ...serverOperation.shape, journal: operationId.nullable() })),
    }),
    errors: ['no-such-site'],
  }),
  /** Asks an operation to stop, and returns its final state. */
  cancel: command({
    role: 'admin',
    input: z.strictObject({ site: siteId, operation: operationId }),
    output: z.object({ state: z.string(), outcome: z.string(), message: z.string() }),
    errors: ['no-such-site', 'not-found'],
  }),
  /** Imports a foreign operation into our journal and follows it from its beginning. */
  import: command({
    role: 'admin',
    input: z.strictObject({ site: siteId, operation: operationId }),
    output: startedOperation,
    errors: ['no-such-site', 'not-found'],
  }),
  /** Looks again for an operation to which the connection was lost. */
  reattach: command({
    role: 'admin',
    input: z.strictObject({ operation: operationId }),
    output: startedOperation,
    errors: ['not-found'],
  }),
  /** Completes or rolls back an interrupted operation of a site. */
  recover: command({
    role: 'admin',
    input: z.strictObject({ site: siteId, reason }),
    output: startedOperation,
    errors: ['no-such-site'],
  }),
}

export const operation = {
  /** One operation with all its events so far, then new ones. Any number of windows may watch. */
  watch: subscription({
    role: 'viewer',
    input: z.strictObject({ operation: operationId }),
    snapshot: operationView,
    change: operationViewChange,
    apply: applyView,
    errors: ['not-found'],
  }),
}

export type OperationRow = z.infer<typeof operationRow>
export type OperationView = z.infer<typeof operationView>
export type OperationReport = z.infer<typeof operationReport>
