/** The journal of operations. A row is written before the server is asked, and states only what is known. */
import { z } from 'zod'
import { outcomes } from '../../src-shared/domain/kit-fields.ts'
import type { StoreDatabase } from './open.ts'

/** `starting`: the server may or may not have received it. `unknown`: it has, and the connection was lost. */
const journalState = z.enum(['queued', 'starting', 'running', 'ended', 'unknown'])

/** An argument of the kit: our own text, or a server path, percent-encoded as the kit sent it. */
const kitArgument = z.union([z.string(), z.strictObject({ path: z.string() })])
export type KitArgument = z.infer<typeof kitArgument>

const journalRow = z
  .object({
    id: z.string(),
    site_id: z.string(),
    command: z.string(),
    request: z.string().transform((text) => z.array(kitArgument).parse(JSON.parse(text))),
    state: journalState,
    remote_operation: z.string().nullable(),
    event_offset: z.number(),
    outcome: z.enum(outcomes).nullable(),
    code: z.string(),
    message: z.string(),
    unchanged: z.string(),
    next: z.string(),
    data: z
      .string()
      .nullable()
      .transform((text): unknown => (text === null ? null : JSON.parse(text))),
    who: z.string(),
    reason: z.string(),
    created_at: z.number(),
    ended_at: z.number().nullable(),
  })
  .transform(({ site_id, remote_operation, event_offset, created_at, ended_at, ...rest }) => ({
    ...rest,
    siteId: site_id,
    /** The server's id of the operation; null until the server has reported it. */
    remoteOperation: remote_operation,
    /** Byte offset in the server's event file up to which everything is recorded here. */
    eventOffset: event_offset,
    createdAt: created_at,
    endedAt: ended_at,
  }))

export type JournalEntry = z.infer<typeof journalRow>
export type NewJournalEntry = Pick<
  JournalEntry,
  'id' | 'siteId' | 'command' | 'request' | 'who' | 'reason' | 'createdAt'
>
export type JournalOutcome = {
  readonly outcome: NonNullable<JournalEntry['outcome']>
  readonly code: string
  readonly message: string
  readonly unchanged: string
  readonly next: string
  readonly data: unknown
}

/** Maximum size in bytes of a stored result. Larger ones stay on the server, to keep the journal fast. */
const DATA_LIMIT = 4 * 1024 * 1024

export class OperationRepository {
  readonly #db: StoreDatabase

  constructor(db: StoreDatabase) {
    this.#db = db
  }

  insert(entry: NewJournalEntry): void {
    this.#db
      .prepare(
        `INSERT INTO operations (id, site_id, command, request, state, who, reason, created_at)
         VALUES (@id, @siteId, @command, @request, 'queued', @who, @reason, @createdAt)`,
      )
      .run({ ...entry, request: JSON.stringify(entry.request) })
  }

  byId(id: string): JournalEntry | null {
    return this.#one('SELECT * FROM operations WHERE id = @id', { id })
  }

  /** By our id or the server's: users see the server's, which every console knows. */
  find(siteId: string, id: string): JournalEntry | null {
    return this.#one(
      `SELECT * FROM operations WHERE site_id = @siteId AND (id = @id OR remote_operation = @id)
       ORDER BY created_at DESC LIMIT 1`,
      { siteId, id },
    )
  }

  /** Newest first. */
  ofSite(siteId: string, limit: number): JournalEntry[] {
    return this.#db
      .prepare('SELECT * FROM operations WHERE site_id = ? ORDER BY created_at DESC, rowid DESC LIMIT ?')
      .all(siteId, limit)
      .map((row) => journalRow.parse(row))
  }

  /** Of all sites, newest first. */
  recent(limit: number): JournalEntry[] {
    return this.#db
      .prepare('SELECT * FROM operations ORDER BY created_at DESC, rowid DESC LIMIT ?')
      .all(limit)
      .map((row) => journalRow.parse(row))
  }

  /** Oldest first; a starting console must find out how these ended. */
  unfinished(): JournalEntry[] {
    return this.#db
      .prepare(`SELECT * FROM operations WHERE state <> 'ended' ORDER BY created_at`)
      .all()
      .map((row) => journalRow.parse(row))
  }

  /**
   * Commits the state `starting`; ask the server only after this returned true. False if the operation was cancelled
   * while queued.
   */
  starting(id: string): boolean {
    const change = this.#db.prepare(`UPDATE operations SET state = 'starting' WHERE id = ? AND state = 'queued'`)
    return change.run(id).changes === 1
  }

  running(id: string, remoteOperation: string): void {
    this.#db
      .prepare(`UPDATE operations SET state = 'running', remote_operation = ? WHERE id = ? AND state <> 'ended'`)
      .run(remoteOperation, id)
  }

  /** The connection was lost; the operation continues on the server. */
  lost(id: string): void {
    this.#db.prepare(`UPDATE operations SET state = 'unknown' WHERE id = ? AND state <> 'ended'`).run(id)
  }

  /** The first outcome wins. False if it had already ended. */
  ended(id: string, at: number, outcome: JournalOutcome): boolean {
    const { code, message, unchanged, next, data } = outcome
    const text = data === undefined || data === null ? null : JSON.stringify(data)
    const words = { outcome: outcome.outcome, code, message, unchanged, next }
    const change = this.#db
      .prepare(
        `UPDATE operations SET state = 'ended', outcome = @outcome, code = @code, message = @message,
           unchanged = @unchanged, next = @next, data = @data, ended_at = @at
         WHERE id = @id AND state <> 'ended'`,
      )
      .run({ ...words, id, at, data: text !== null && text.length > DATA_LIMIT ? null : text })
    return change.changes === 1
  }

  #one(sql: string, parameters: Record<string, string>): JournalEntry | null {
    const row = this.#db.prepare(sql).get(parameters)
    return row === undefined ? null : journalRow.parse(row)
  }
}
