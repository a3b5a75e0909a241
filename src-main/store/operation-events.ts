/** The events of operations received so far, and the byte offset reached in the server's event file. */
import { type KitEvent, kitEvent } from '../../src-shared/domain/kit-protocol.ts'
import type { StoreDatabase } from './open.ts'

/** Number of newest events kept per operation; the server has all of them. */
const EVENT_LIMIT = 2000

export class OperationEventRepository {
  readonly #db: StoreDatabase

  constructor(db: StoreDatabase) {
    this.#db = db
  }

  /**
   * Records an event and the offset after it in one transaction, so that no event is lost or doubled after a crash, or
   * when two consoles with one store follow the same operation. Keeps only the newest progress event. False if it was
   * recorded before.
   */
  record(operationId: string, event: KitEvent, offset: number): boolean {
    const record = this.#db.transaction(() => {
      const moved = this.#db
        .prepare('UPDATE operations SET event_offset = ? WHERE id = ? AND event_offset < ?')
        .run(offset, operationId, offset)
      if (moved.changes === 0) return false
      if (event.kind === 'progress') {
        this.#db.prepare(`DELETE FROM operation_events WHERE operation_id = ? AND kind = 'progress'`).run(operationId)
      }
      this.#db
        .prepare(
          `INSERT INTO operation_events (operation_id, seq, kind, event)
           SELECT @id, coalesce(max(seq), 0) + 1, @kind, @event FROM operation_events WHERE operation_id = @id`,
        )
        .run({ id: operationId, kind: event.kind, event: JSON.stringify(event) })
      this.#db
        .prepare(
          `DELETE FROM operation_events WHERE operation_id = @id
             AND seq <= (SELECT max(seq) FROM operation_events WHERE operation_id = @id) - @limit`,
        )
        .run({ id: operationId, limit: EVENT_LIMIT })
      return true
    })
    return record.immediate()
  }

  /** In the order they were sent. */
  list(operationId: string): KitEvent[] {
    const rows = this.#db
      .prepare('SELECT event FROM operation_events WHERE operation_id = ? ORDER BY seq')
      .all(operationId) as { event: string }[]
    return rows.map((row) => kitEvent.parse(JSON.parse(row.event)))
  }
}
