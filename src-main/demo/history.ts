/** Gives the demo site a history to look at: backups of several days, with every verdict. */
import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, rmSync, statSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Result } from '../../src-shared/result.ts'
import type { Console } from '../app/console.ts'
import { addSite } from '../operations/add-site.ts'
import { makeBackup } from '../operations/make-backup.ts'
import { markBackup } from '../operations/mark-backup.ts'
import { verifyBackups } from '../operations/verify.ts'
import type { JournalEntry } from '../store/operations.ts'
import type { Site } from '../store/sites.ts'
import { mustRun } from './processes.ts'
import { type DemoSite, startDemoSite } from './site.ts'
import { shellWord } from './terminal.ts'

/** The demo site's name in the console. */
export const DEMO_NAME = 'Demo depot'
/** The name of the empty server. */
export const NEW_NAME = 'New server'
const HOUR = 3_600_000

const two = (value: number) => String(value).padStart(2, '0')

/** The time as the runbook writes it in names: local time of the server, which is this machine. */
function stamp(at: number): string {
  const d = new Date(at)
  return `${d.getFullYear()}${two(d.getMonth() + 1)}${two(d.getDate())}_${two(d.getHours())}${two(d.getMinutes())}${two(d.getSeconds())}`
}

/** The live database, copied and compressed as the runbook does it. */
export async function packedDatabase(site: DemoSite): Promise<Buffer> {
  const copy = join(site.folder, 'history.db')
  await mustRun('sqlite3', [site.database, '.timeout 10000', `.backup '${copy.replaceAll("'", "''")}'`], {
    env: site.env,
  })
  const packed = execFileSync('gzip', ['-c', copy], { maxBuffer: 2 ** 31 })
  rmSync(copy)
  return packed
}

/** Writes a backup like the runbook's, of that time; returns its file name. */
export function putBackup(site: DemoSite, prefix: string, at: number, packed: Buffer): string {
  const name = `${prefix}_${stamp(at)}.db.gz`
  const file = join(site.root, 'backups', name)
  writeFileSync(file, packed, { mode: 0o640 })
  utimesSync(file, at / 1000, at / 1000)
  return name
}

/** Makes a backup like the runbook's, dated `hours` ago; returns its file name. */
async function runbookBackup(site: DemoSite, prefix: string, hours: number): Promise<string> {
  const packed = await packedDatabase(site)
  return putBackup(site, prefix, Date.now() - hours * HOUR, packed)
}

/** Truncates a backup, as a full disk would, and keeps its date. */
function damage(site: DemoSite, name: string): void {
  const file = join(site.root, 'backups', name)
  const { size, atime, mtime } = statSync(file)
  truncateSync(file, Math.floor(size * 0.6))
  utimesSync(file, atime, mtime)
}

/** Creates an empty file, as a script may leave behind. */
function emptyFile(site: DemoSite): void {
  const at = (Date.now() - 31 * HOUR) / 1000
  const file = join(site.root, 'backups', 'cvd_before_update.db')
  writeFileSync(file, '')
  utimesSync(file, at, at)
}

function must<T>(result: Result<T>): T {
  if (result.ok) return result.value
  throw new Error(`${result.error.code}: ${result.error.message}`)
}

export async function ended(console: Console, asked: Result<JournalEntry>): Promise<void> {
  const entry = await console.runner.settled(must(asked).id)
  if (entry.state !== 'ended') throw new Error(`${entry.command}: ${entry.state}`)
}

async function know(console: Console, site: DemoSite, name: string, health?: string): Promise<Site> {
  const { host, port, user, keyFile, root, hostKeyFingerprint } = site
  const target = { host, port, user, auth: { method: 'key' as const, keyFile }, jumps: [] }
  const known = console.context.store.sites.byName(name)
  if (known) {
    // A kept folder: the site is the same, but its port has changed.
    const moved = { ...known, target }
    must(console.context.store.sites.update(moved))
    must(await console.context.links.open(moved, { accept: [hostKeyFingerprint] }))[Symbol.dispose]()
    return moved
  }
  const policy = { root, ...(health === undefined ? {} : { health }) }
  const added = await addSite(console.context, { name, target, sudo: 'none', policy, accept: [hostKeyFingerprint] })
  return must(added).site
}

/** Called with a description of the current work. */
export type Progress = (doing: string) => void

/** Adds the site to the console and, if it is new, creates its history. Returns the site. */
export async function prepareDemo(console: Console, site: DemoSite, progress: Progress = () => {}): Promise<Site> {
  progress('adding the site to the console')
  const known = await know(console, site, DEMO_NAME, site.app.healthUrl)
  const mark = join(site.folder, 'history')
  if (existsSync(mark)) return known
  mkdirSync(mark)
  const { context, runner } = console
  progress('making backups as the runbook makes them, one a day')
  const held = await runbookBackup(site, 'cvd_backup', 7 * 24 + 3)
  const older: string[] = []
  for (const days of [5, 4, 3]) older.push(await runbookBackup(site, 'cvd_auto', days * 24 + 2))
  const damaged = await runbookBackup(site, 'cvd_auto', 2 * 24 + 2)
  damage(site, damaged)
  await runbookBackup(site, 'cvd_auto', 26)
  emptyFile(site)
  progress('verifying five of them; one is damaged')
  await ended(
    console,
    await verifyBackups(context, runner, known, { which: 'named', backups: [held, ...older, damaged] }),
  )
  must(await markBackup(context, known, 'hold', held, 'Before the move to the new application'))
  progress('making a backup of now')
  await ended(console, await makeBackup(context, runner, known))
  return known
}

/** Starts a second server, which is empty, in the site's folder. */
export async function startNewServer(site: DemoSite): Promise<DemoSite> {
  const folder = join(site.folder, 'new-server')
  const fresh = await startDemoSite({ folder, empty: true })
  // Where this login is root, the data is given to another user, who has to reach the folder.
  if (process.getuid?.() === 0) for (const above of [site.folder, folder]) chmodSync(above, 0o711)
  return fresh
}

/** Adds the empty server to the console. */
export async function knowNewServer(console: Console, fresh: DemoSite): Promise<void> {
  await know(console, fresh, NEW_NAME)
}

/** Things to try, in a good order for a newcomer. */
export function demoHints(site: DemoSite): { title: string; text: string }[] {
  return [
    {
      title: 'See what is wrong',
      text: 'Open “Alerts” of the site: an error in a log. Acknowledge it; add a channel, and somebody hears of the next one.',
    },
    {
      title: 'See what runs by itself',
      text: 'Open “Schedule”: three weeks of runs, with a morning on which the server was off; and “Retention”: what is kept.',
    },
    { title: 'Back up', text: 'Press “Back up now”; the application keeps writing meanwhile.' },
    {
      title: 'Look inside',
      text: 'Open a backup: its fingerprint, its tables, every verdict on it. One of them is damaged.',
    },
    {
      title: 'Lose something',
      text: `In a terminal: sqlite3 ${shellWord(site.database)} 'DELETE FROM service_orders WHERE id <= 200'`,
    },
    {
      title: 'Restore',
      text: 'Choose a backup, see table by table what would change, confirm by typing the name of the site.',
    },
    { title: 'Undo', text: 'The result of the restore offers to undo it; nothing written since is lost.' },
    {
      title: 'Back up everything',
      text: 'Open the menu beside “Back up now” and choose “Whole system”: database, program, settings, unit files and nginx site in one file.',
    },
    { title: 'Break everything', text: `In a terminal: ${breakingWords(site)}` },
    {
      title: 'Restore the whole site',
      text: 'Open that backup, press “Restore this…”, and choose its parts. See what differs in each. One undo brings all of it back.',
    },
    {
      title: 'Build it anew',
      text: `Download that backup. Open “${NEW_NAME}”, which is empty, upload the backup there, and restore it${
        process.getuid?.() === 0 ? '; the owner can be daemon:daemon' : ''
      }.`,
    },
  ]
}

/** Orders, a release, the unit and the nginx site: everything but what the application needs to start. */
function breakingWords({ database, root, units, nginxSite }: DemoSite): string {
  const append = (text: string, file: string) => `echo ${shellWord(text)} >>${shellWord(file)}`
  return [
    `sqlite3 ${shellWord(database)} 'DELETE FROM service_orders WHERE id <= 200'`,
    append('// a broken release', join(root, 'app/app.mts')),
    append('MAIL_SERVER=nowhere', join(root, 'config/.env')),
    append('# edited by hand', join(units, 'cvd.service')),
    append('# edited by hand', nginxSite),
  ].join('; ')
}

/** The data folder of the demo's console: inside the site's folder, so that the user's stays untouched. */
export function consoleData(site: DemoSite): string {
  return join(site.folder, 'console')
}
