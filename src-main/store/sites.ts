/** The sites of this console. A row holds names and paths, never a secret. */
import { z } from 'zod'
import { type Failure, fail, ok, type Result } from '../../src-shared/result.ts'
import { type SshTarget, type SudoMode, sshTarget, sudoMode } from '../remote/target.ts'
import type { StoreDatabase } from './open.ts'

export interface Site {
  readonly id: string
  readonly name: string
  readonly colour: string
  readonly target: SshTarget
  readonly sudo: SudoMode
  /** The CVD root in the server's policy at the last inspection. */
  readonly root: string
  readonly hostName: string
  /** Pinned when the site was added: a changing operation is refused on another machine. */
  readonly machineId: string
  readonly createdAt: number
  readonly updatedAt: number
}

const siteRow = z.object({
  id: z.string(),
  name: z.string(),
  colour: z.string(),
  target: z.string().transform((text) => sshTarget.parse(JSON.parse(text))),
  sudo: sudoMode,
  root: z.string(),
  host_name: z.string(),
  machine_id: z.string(),
  created_at: z.number(),
  updated_at: z.number(),
})

function toSite(row: unknown): Site {
  const { host_name, machine_id, created_at, updated_at, ...rest } = siteRow.parse(row)
  return { ...rest, hostName: host_name, machineId: machine_id, createdAt: created_at, updatedAt: updated_at }
}

function toParameters(site: Site): Record<string, string | number> {
  const { target, ...rest } = site
  return { ...rest, target: JSON.stringify(target), nameKey: nameKey(site.name) }
}

/** Equal for names that differ only in case or Unicode composition. */
function nameKey(name: string): string {
  return name.normalize('NFC').toLowerCase()
}

function nameTaken(name: string): Failure {
  return {
    code: 'name-taken',
    message: `A site named ${name} exists already.`,
    unchanged: 'Nothing was changed.',
    next: 'Choose another name.',
  }
}

export class SiteRepository {
  readonly #db: StoreDatabase

  constructor(db: StoreDatabase) {
    this.#db = db
  }

  list(): Site[] {
    return this.#db.prepare('SELECT * FROM sites ORDER BY name_key').all().map(toSite)
  }

  byName(name: string): Site | null {
    const row = this.#db.prepare('SELECT * FROM sites WHERE name_key = ?').get(nameKey(name))
    return row === undefined ? null : toSite(row)
  }

  byId(id: string): Site | null {
    const row = this.#db.prepare('SELECT * FROM sites WHERE id = ?').get(id)
    return row === undefined ? null : toSite(row)
  }

  /** Fails with `name-taken`, ignoring case. */
  insert(site: Site): Result<Site> {
    if (this.byName(site.name)) return fail(nameTaken(site.name))
    this.#db
      .prepare(
        `INSERT INTO sites (id, name, name_key, colour, target, sudo, root, host_name, machine_id, created_at, updated_at)
         VALUES (@id, @name, @nameKey, @colour, @target, @sudo, @root, @hostName, @machineId, @createdAt, @updatedAt)`,
      )
      .run(toParameters(site))
    return ok(site)
  }

  /** Replaces all but id and createdAt. Fails with `name-taken` if another site has the name. */
  update(site: Site): Result<Site> {
    const other = this.byName(site.name)
    if (other && other.id !== site.id) return fail(nameTaken(site.name))
    this.#db
      .prepare(
        `UPDATE sites SET name = @name, name_key = @nameKey, colour = @colour, target = @target, sudo = @sudo, root = @root,
           host_name = @hostName, machine_id = @machineId, updated_at = @updatedAt
         WHERE id = @id`,
      )
      .run(toParameters(site))
    return ok(site)
  }

  /** Removes the site with its journal and last inspection; the audit keeps its entries. */
  remove(id: string): void {
    this.#db.prepare('DELETE FROM sites WHERE id = ?').run(id)
  }
}
