/**
 * The audit: who did what, where, why and with what outcome. Append-only; the hash of each entry covers the previous
 * one, so changed, removed or inserted entries are detected. Truncation at the end is not; the servers' own audits
 * cover that.
 */
import { createHash } from 'node:crypto'
import type { StoreDatabase } from './open.ts'

export interface AuditFacts {
  readonly at: number
  readonly who: string
  readonly action: string
  readonly site: string
  readonly operation: string
  readonly outcome: string
  readonly reason: string
  readonly detail: string
}

export interface AuditEntry extends AuditFacts {
  readonly seq: number
  readonly previous: string
  readonly hash: string
}

export type AuditVerdict =
  | { readonly intact: true; readonly entries: number; readonly head: string }
  | { readonly intact: false; readonly seq: number; readonly reason: string }

const GENESIS = '0'.repeat(64)

function hashOf(seq: number, facts: AuditFacts, previous: string): string {
  const { at, who, action, site, operation, outcome, reason, detail } = facts
  const text = JSON.stringify([seq, at, who, action, site, operation, outcome, reason, detail, previous])
  return createHash('sha256').update(text).digest('hex')
}

export class AuditRepository {
  readonly #db: StoreDatabase

  constructor(db: StoreDatabase) {
    this.#db = db
  }

  append(facts: AuditFacts): AuditEntry {
    const add = this.#db.transaction(() => {
      const last = this.#db.prepare('SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1').get() as
        | { seq: number; hash: string }
        | undefined
      const seq = (last?.seq ?? 0) + 1
      const previous = last?.hash ?? GENESIS
      const entry: AuditEntry = { ...facts, seq, previous, hash: hashOf(seq, facts, previous) }
      this.#db
        .prepare(
          `INSERT INTO audit (seq, at, who, action, site, operation, outcome, reason, detail, previous, hash)
           VALUES (@seq, @at, @who, @action, @site, @operation, @outcome, @reason, @detail, @previous, @hash)`,
        )
        .run(entry)
      return entry
    })
    // Immediate: two consoles on one file must not read the same last entry.
    return add.immediate()
  }

  /** Newest first. @param before only entries with a smaller number. */
  list(limit: number, before = Number.MAX_SAFE_INTEGER): AuditEntry[] {
    return this.#db
      .prepare('SELECT * FROM audit WHERE seq < ? ORDER BY seq DESC LIMIT ?')
      .all(before, limit) as AuditEntry[]
  }

  /** Checks the whole chain and returns the first entry that does not fit. */
  verify(): AuditVerdict {
    let previous = GENESIS
    let entries = 0
    for (const entry of this.#db.prepare('SELECT * FROM audit ORDER BY seq').iterate() as Iterable<AuditEntry>) {
      entries += 1
      if (entry.seq !== entries) return { intact: false, seq: entries, reason: 'the entry is missing' }
      if (entry.previous !== previous)
        return { intact: false, seq: entry.seq, reason: 'it does not follow the entry before it' }
      if (entry.hash !== hashOf(entry.seq, entry, previous)) {
        return { intact: false, seq: entry.seq, reason: 'the entry was changed' }
      }
      previous = entry.hash
    }
    return { intact: true, entries, head: previous }
  }
}
