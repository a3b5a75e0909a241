/** Restores on real servers: starting them, stopping them at a phase, and checking what they left behind. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { restorePart } from '../../src-main/operations/restore-part.ts'
import { undoRestore } from '../../src-main/operations/undo.ts'
import type { JournalEntry } from '../../src-main/store/operations.ts'
import type { Site } from '../../src-main/store/sites.ts'
import { decodePath } from '../../src-shared/domain/backup-path.ts'
import { type RestoreReport, restoreReport } from '../../src-shared/domain/kit-restore.ts'
import { must, type ServerDesk } from './server-desk.ts'
import type { Server } from './servers/server.ts'
import { waitUntil } from './wait.ts'

/** The kit's state folder on a server, for root and sudo. */
export const state = '/var/lib/cvd-backup'
export const database = '/opt/cvd/data/cvd.db'
const reason = 'a test'

export interface RestoreHow {
  /** The user states that the site is down. */
  readonly siteIsDown?: boolean
  readonly acceptFiles?: boolean
  readonly keepVenv?: boolean
  readonly newServer?: boolean
}

/** Starts a restore as users do; returns its journal row while it runs. */
export async function beginRestore(
  desk: ServerDesk,
  site: Site,
  backup: string,
  how: RestoreHow = {},
): Promise<JournalEntry> {
  const { context: services, runner } = desk.console
  return must(await restorePart(services, runner, site, backup, { confirm: site.name, reason, ...how }))
}

/** Restores and waits for the end, whatever the outcome. */
export async function restore(
  desk: ServerDesk,
  site: Site,
  backup: string,
  how: RestoreHow = {},
): Promise<JournalEntry> {
  return await desk.settled(await beginRestore(desk, site, backup, how))
}

export async function undo(desk: ServerDesk, site: Site, operation: string): Promise<JournalEntry> {
  const { context: services, runner } = desk.console
  return await desk.settled(must(await undoRestore(services, runner, site, operation, { confirm: site.name, reason })))
}

/** The report of an operation with the expected outcome; otherwise its message. */
export function restored(entry: JournalEntry, outcome = 'succeeded'): RestoreReport {
  if (entry.outcome !== outcome) throw new Error(`${entry.outcome ?? entry.state}: ${entry.code}: ${entry.message}`)
  return restoreReport.parse(entry.data)
}

/** The safety copy's path on the server; throws if there is none. */
export function safetyOf({ safetyCopy }: RestoreReport): string {
  if (safetyCopy === null) throw new Error('no safety copy was kept')
  return Buffer.from(decodePath(safetyCopy)).toString()
}

/** The server's id of an operation, which the console may learn later than other observers. */
export async function nameOf(desk: ServerDesk, { id }: JournalEntry): Promise<string> {
  return await waitUntil('the name of the operation', () => {
    return desk.console.context.store.operations.byId(id)?.remoteOperation ?? undefined
  })
}

/** Makes the kit stop at phases: `PHASE kill|pause|fail`, one per line. */
export async function setFailpoint(server: Server, ...lines: string[]): Promise<void> {
  await server.must(`mkdir -p ${state} && chmod 700 ${state} && rm -f ${state}/failpoint.reached`)
  await server.writeFile(`${state}/failpoint`, `${lines.join('\n')}\n`)
}

/** Waits until a kit pauses at its failpoint. */
export async function paused(server: Server): Promise<void> {
  await waitUntil(
    `${server.name}: a kit at its failpoint`,
    async () => (await server.run(`test -e ${state}/failpoint.reached`)).code === 0,
  )
}

/** Waits until no operation runs and no transaction is open: its mark goes once the outcome is on disk. */
export async function recovered(server: Server): Promise<void> {
  const open = `systemctl list-units --no-legend --all 'cvd-backup-2*'; ls ${state}/unfinished`
  await waitUntil(`${server.name}: the end of the transaction`, async () => (await server.run(open)).stdout === '')
}

/** Removes the failpoint, so that a paused kit continues. Works without power too. */
export function clearFailpoint(server: Server): void {
  for (const name of ['failpoint', 'failpoint.reached']) {
    rmSync(join(server.folder, 'root', state, name), { force: true })
  }
}

/**
 * Lists everything in the database's folder except the database and its safety copies, and the mark of an open
 * transaction.
 */
export async function leftovers(server: Server): Promise<string> {
  return await server.must(
    `find /opt/cvd/data -mindepth 1 ! -name 'cvd.db' ! -name 'cvd.db-*' ! -name 'cvd.db.pre-restore.*' ! -name 'cvd.db.rejected.*' -printf '%P '; ls ${state}/unfinished 2>/dev/null || true`,
  )
}

/** Queries a copy of a file on the server, so that nothing is written beside the file. */
export async function queryFile(server: Server, file: string, sql: string): Promise<string> {
  return await server.must(
    `d=$(mktemp -d) && for s in '' -wal -journal; do [ ! -e "${file}$s" ] || cp "${file}$s" "$d/x.db$s"; done; sqlite3 -batch -bail "$d/x.db"; r=$?; rm -rf "$d"; exit $r`,
    { stdin: `${sql};\n` },
  )
}

/** Runs SQL on the live database as the application's user, like a user's mistake. */
export async function change(server: Server, sql: string): Promise<void> {
  await server.must(`sqlite3 -batch -bail -cmd '.timeout 10000' ${database}`, { stdin: `${sql};\n`, user: 'cvdapp' })
}

/** Ids of sales that the writer logged as committed, from log line `from` on. */
export async function committedSales(server: Server, from: number): Promise<number[]> {
  const lines = (await server.readFile('/opt/cvd/logs/writer.log')).split('\n').slice(from)
  return lines.flatMap((line) => {
    const match = / ok (\d+)$/.exec(line)
    return match ? [Number(match[1])] : []
  })
}

/** Number of these sales missing from a query's answer. */
export function missingFrom(ids: readonly number[], answer: string): number[] {
  const rows = new Set(answer.split('\n').map(Number))
  return ids.filter((id) => !rows.has(id))
}

/** The ids up to the point where they restart, as they do when the database is replaced by an older one. */
export function untilRestart(ids: readonly number[]): number[] {
  const turn = ids.findIndex((id, index) => index > 0 && id <= (ids[index - 1] ?? 0))
  return turn < 0 ? [...ids] : ids.slice(0, turn)
}
