/** The demo site as these tests use it: known to the console, and looked into with nothing of the console's. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { DemoSite } from '../../../src-main/demo/site.ts'
import { addSite } from '../../../src-main/operations/add-site.ts'
import type { Site } from '../../../src-main/store/sites.ts'
import { must } from '../server-desk.ts'
import type { Desk } from './desk.ts'
import type { Seen } from './job.ts'

export interface Known extends Pick<Site, 'colour'> {
  readonly name: string
  /** Another way to it than its own port. */
  readonly port?: number
}

/** Makes the site known to the console, as if somebody had added it. */
export async function know({ console }: Desk, site: DemoSite, { name, colour, port }: Known): Promise<Site> {
  const { context } = console.application.console
  const { host, user, keyFile } = site
  const added = await addSite(context, {
    ...{ name, colour },
    target: { host, port: port ?? site.port, user, auth: { method: 'key', keyFile }, jumps: [] },
    sudo: 'none',
    policy: { root: site.root, health: site.app.healthUrl },
    accept: [site.hostKeyFingerprint],
  })
  return must(added).site
}

/** A name as the runbook's schedule makes them, one an hour. */
export function scheduledName(index: number): string {
  const text = new Date(Date.UTC(2024, 0, 1) + index * 3_600_000).toISOString()
  return `cvd_auto_${text.slice(0, 10).replaceAll('-', '')}_${text.slice(11, 19).replaceAll(':', '')}.db.gz`
}

/** Puts as many backups there, of a byte each. */
export function crowd(site: DemoSite, count: number): void {
  for (let index = 0; index < count; index += 1) writeFileSync(join(site.root, 'backups', scheduledName(index)), 'x')
}

/** The live database's answer to a statement. A database that is not there is not made: a restore may be moving it. */
export function sql({ database }: Pick<DemoSite, 'database'>, text: string): string {
  const words = ['-cmd', '.timeout 10000', `file:${database}?mode=rw`, text]
  return execFileSync('sqlite3', words, { encoding: 'utf8', stdio: 'pipe' }).trim()
}

export function orders(site: Pick<DemoSite, 'database'>, where = 'id <= 200'): number {
  return Number(sql(site, `SELECT count(*) FROM service_orders WHERE ${where}`))
}

/** A backup, read without the console and without its kit. */
export function readBackup(site: DemoSite, name: string): Seen {
  const packed = readFileSync(join(site.root, 'backups', name))
  const database = join(site.folder, 'read.db')
  writeFileSync(database, gunzipSync(packed))
  const counted = orders({ database }, '1')
  rmSync(database)
  return { sha256: createHash('sha256').update(packed).digest('hex'), rows: { service_orders: counted } }
}

export interface Pause {
  /** True once a transaction stands still there. */
  readonly reached: () => boolean
  readonly go: () => void
  /** True where the operation that stands still was asked to stop. */
  readonly cancelAsked: () => boolean
}

/** Makes a transaction stop at a phase until `go` is called: the kit's own switch for tests. */
export function pauseAt(site: DemoSite, phase: string): Pause {
  const file = join(site.state, 'failpoint')
  rmSync(`${file}.reached`, { force: true })
  writeFileSync(file, `${phase} pause\n`)
  return {
    reached: () => existsSync(`${file}.reached`),
    go: () => rmSync(file, { force: true }),
    cancelAsked: () => {
      const unfinished = readFileSync(join(site.state, 'unfinished'), 'utf8').trim()
      return existsSync(join(site.state, 'operations', unfinished, 'cancel'))
    },
  }
}
