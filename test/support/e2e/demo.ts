/** The demo site for these tests: known to the console, and inspected without the console's code. */
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
  /** A port other than its own to reach it by. */
  readonly port?: number
}

/** Makes the site known to the console, as if a user had added it. */
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

/** A name as made by the runbook's hourly schedule. */
export function scheduledName(index: number): string {
  const text = new Date(Date.UTC(2024, 0, 1) + index * 3_600_000).toISOString()
  return `cvd_auto_${text.slice(0, 10).replaceAll('-', '')}_${text.slice(11, 19).replaceAll(':', '')}.db.gz`
}

/** Creates `count` backups of one byte each. */
export function crowd(site: DemoSite, count: number): void {
  for (let index = 0; index < count; index += 1) writeFileSync(join(site.root, 'backups', scheduledName(index)), 'x')
}

/** Queries the live database. Does not create a missing one, which a restore may be moving. */
export function sql({ database }: Pick<DemoSite, 'database'>, text: string): string {
  const words = ['-cmd', '.timeout 10000', `file:${database}?mode=rw`, text]
  return execFileSync('sqlite3', words, { encoding: 'utf8', stdio: 'pipe' }).trim()
}

export function orders(site: Pick<DemoSite, 'database'>, where = 'id <= 200'): number {
  return Number(sql(site, `SELECT count(*) FROM service_orders WHERE ${where}`))
}

/** A backup, read without the console and its kit. */
export function readBackup(site: DemoSite, name: string): Seen {
  const packed = readFileSync(join(site.root, 'backups', name))
  const database = join(site.folder, 'read.db')
  writeFileSync(database, gunzipSync(packed))
  const counted = orders({ database }, '1')
  rmSync(database)
  return { sha256: createHash('sha256').update(packed).digest('hex'), rows: { service_orders: counted } }
}

export interface Pause {
  /** True once a transaction has paused there. */
  readonly reached: () => boolean
  readonly go: () => void
  /** True if the paused operation was asked to stop. */
  readonly cancelAsked: () => boolean
}

/** Pauses a transaction at a phase until `go` is called, with the kit's failpoints. */
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
