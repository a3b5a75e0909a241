/** A real server for these tests: known to the console, and inspected without the console's code. */
import { addSite } from '../../../src-main/operations/add-site.ts'
import type { Site } from '../../../src-main/store/sites.ts'
import { must } from '../server-desk.ts'
import { checkIndependently } from '../server-faults.ts'
import type { Server } from '../servers/server.ts'
import type { Desk } from './desk.ts'
import type { Seen } from './job.ts'

/** Makes a server with root login known to the console, as if a user had added it. */
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

/** A backup on the server, read with its own gunzip and sqlite3; only the named tables. */
export async function readOnServer(server: Server, file: string, tables: readonly string[]): Promise<Seen> {
  const { sha256, rows } = await checkIndependently(server, `/opt/cvd/backups/${file}`)
  return { sha256, rows: Object.fromEntries(tables.map((table) => [table, rows[table] ?? Number.NaN])) }
}
