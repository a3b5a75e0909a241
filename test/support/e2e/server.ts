/** A real server as these tests use it: known to the console, and looked into with nothing of the console's. */
import { addSite } from '../../../src-main/operations/add-site.ts'
import type { Site } from '../../../src-main/store/sites.ts'
import { must } from '../server-desk.ts'
import { checkIndependently } from '../server-faults.ts'
import type { Server } from '../servers/server.ts'
import type { Desk } from './desk.ts'
import type { Seen } from './job.ts'

/** Makes a server that is logged in to as root known to the console, as if somebody had added it. */
export async function knowServer({ console }: Desk, server: Server, name: string): Promise<Site> {
  const { address: host, port, user, keyFile } = server
  const added = await addSite(console.application.console.context, {
    name,
    target: { host, port, user, auth: { method: 'key', keyFile }, jumps: [] },
    sudo: 'none',
    policy: { health: server.probe },
    accept: [server.hostKeyFingerprint],
  })
  return must(added).site
}

/** A backup of the server, read with its own gunzip and sqlite3; of its tables those that are named. */
export async function readOnServer(server: Server, file: string, tables: readonly string[]): Promise<Seen> {
  const { sha256, rows } = await checkIndependently(server, `/opt/cvd/backups/${file}`)
  return { sha256, rows: Object.fromEntries(tables.map((table) => [table, rows[table] ?? Number.NaN])) }
}
