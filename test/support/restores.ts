/** Restores on real servers: asking for them, stopping them at a phase, and what they left behind. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { restoreDatabase } from '../../src-main/operations/restore-database.ts'
import { undoRestore } from '../../src-main/operations/undo.ts'
import type { JournalEntry } from '../../src-main/store/operations.ts'
import type { Site } from '../../src-main/store/sites.ts'
import { decodePath } from '../../src-shared/domain/backup-path.ts'
import { type RestoreReport, restoreReport } from '../../src-shared/domain/kit-protocol.ts'
import { must, type ServerDesk } from './server-desk.ts'
import type { Server } from './servers/server.ts'
import { waitUntil } from './wait.ts'

/** Where the kit keeps its state on a server, for root and for sudo. */
export const state = '/var/lib/cvd-backup'
export const database = '/opt/cvd/data/cvd.db'
const reason = 'a test'

interface RestoreHow {
  /** Somebody says so. */
  readonly siteIsDown?: boolean
}

/** Asks for a restore as people do; answers its row in the journal while it runs. */
export async function beginRestore(
  desk: ServerDesk,
  site: Site,
  backup: string,
  how: RestoreHow = {},
): Promise<JournalEntry> {
  const { context: services, runner } = desk.console
  return must(await restoreDatabase(services, runner, site, backup, { confirm: site.name, reason, ...how }))
}

/** Restores, and waits for the end, whatever it is. */
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

/** What an operation that ended as wished reports; its message where it did not. */
export function restored(entry: JournalEntry, outcome = 'succeeded'): RestoreReport {
  if (entry.outcome !== outcome) throw new Error(`${entry.outcome ?? entry.state}: ${entry.code}: ${entry.message}`)
  return restoreReport.parse(entry.data)
}

/** The safety copy's path on the server; throws where none was kept. */
export function safetyOf({ safetyCopy }: RestoreReport): string {
  if (safetyCopy === null) throw new Error('no safety copy was kept')
  return Buffer.from(decodePath(safetyCopy)).toString()
}

/** The name that the server gave an operation; the console may hear of it later than others see that it runs. */
export async function nameOf(desk: ServerDesk, { id }: JournalEntry): Promise<string> {
  return await waitUntil('the name of the operation', () => {
    return desk.console.context.store.operations.byId(id)?.remoteOperation ?? undefined
  })
}

/** Makes the kit stop at phases: `PHASE kill|pause|fail`, one a line. */
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

/** Takes the failpoint away: what pauses goes on. Works without power too. */
export function clearFailpoint(server: Server): void {
  for (const name of ['failpoint', 'failpoint.reached']) {
    rmSync(join(server.folder, 'root', state, name), { force: true })
  }
}

/** Everything in the folder of the database that is neither the database nor a kept state of it, and the mark of an open transaction. */
export async function leftovers(server: Server): Promise<string> {
  return await server.must(
    `find /opt/cvd/data -mindepth 1 ! -name 'cvd.db' ! -name 'cvd.db-*' ! -name 'cvd.db.pre-restore.*' ! -name 'cvd.db.rejected.*' -printf '%P '; ls ${state}/unfinished 2>/dev/null || true`,
  )
}

/** Rows that a file on the server answers, opened as a copy so that nothing is written beside it. */
export async function queryFile(server: Server, file: string, sql: string): Promise<string> {
  return await server.must(
    `d=$(mktemp -d) && for s in '' -wal -journal; do [ ! -e "${file}$s" ] || cp "${file}$s" "$d/x.db$s"; done; sqlite3 -batch -bail "$d/x.db"; r=$?; rm -rf "$d"; exit $r`,
    { stdin: `${sql};\n` },
  )
}

/** Runs SQL on the live database as the application's user, as somebody does who makes a mistake. */
export async function change(server: Server, sql: string): Promise<void> {
  await server.must(`sqlite3 -batch -bail -cmd '.timeout 10000' ${database}`, { stdin: `${sql};\n`, user: 'cvdapp' })
}

/** Ids of sales that the writer logged as committed, in the lines of its log from `from` on. */
export async function committedSales(server: Server, from: number): Promise<number[]> {
  const lines = (await server.readFile('/opt/cvd/logs/writer.log')).split('\n').slice(from)
  return lines.flatMap((line) => {
    const match = / ok (\d+)$/.exec(line)
    return match ? [Number(match[1])] : []
  })
}

/** How many of these sales are not among the rows of a query's answer. */
export function missingFrom(ids: readonly number[], answer: string): number[] {
  const rows = new Set(answer.split('\n').map(Number))
  return ids.filter((id) => !rows.has(id))
}

/** The ids up to where they begin anew, as they do when the database becomes an older one. */
export function untilRestart(ids: readonly number[]): number[] {
  const turn = ids.findIndex((id, index) => index > 0 && id <= (ids[index - 1] ?? 0))
  return turn < 0 ? [...ids] : ids.slice(0, turn)
}
