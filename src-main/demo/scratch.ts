/**
 * The demo's scratch machine: a folder with the CVD layout, a database, a service and a home. Nothing is outside it.
 */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { mustRun } from './processes.ts'

const SOURCES = join(dirname(fileURLToPath(import.meta.url)), 'cvd')
/** Units of `grow.sql` per megabyte, roughly. */
const UNITS_PER_MB = 1000

export interface Scratch {
  /** Contains everything of the demo. */
  readonly folder: string
  /** The CVD root. */
  readonly root: string
  readonly database: string
  readonly home: string
  /** State of the kit (`CVD_BACKUP_STATE`). */
  readonly state: string
  readonly keys: string
  readonly service: string
  /** Where the unit files lie, and the nginx site: what belongs to root on a real server. */
  readonly units: string
  readonly nginxSite: string
  /** Where a schedule is installed (`CVD_BACKUP_ETC`): nothing there is ever run by itself. */
  readonly etc: string
  /** The kit as a program, for use on the command line. */
  readonly kit: string
}

export function scratchIn(folder: string): Scratch {
  const root = join(folder, 'cvd')
  return {
    folder,
    root,
    database: join(root, 'data', 'cvd.db'),
    home: join(folder, 'home'),
    state: join(folder, 'state'),
    keys: join(folder, 'keys'),
    service: join(folder, 'bin', 'cvd-service'),
    units: join(folder, 'etc', 'systemd'),
    nginxSite: join(folder, 'etc', 'nginx', 'sites-available', 'cvd'),
    etc: join(folder, 'etc'),
    kit: join(folder, 'bin', 'cvd-backup'),
  }
}

/** Creates what every server has: folders of the system, programs, a place for the site. */
export function furnishServer({ folder, root, etc, units, nginxSite, service, home, state, keys }: Scratch): void {
  mkdirSync(root, { recursive: true })
  for (const part of ['bin', 'run', 'services']) mkdirSync(join(folder, part), { recursive: true })
  for (const secret of [home, state, keys]) mkdirSync(secret, { recursive: true, mode: 0o700 })
  for (const part of [join(etc, 'cron.d'), units, dirname(nginxSite)]) mkdirSync(part, { recursive: true })
  copyFileSync(join(SOURCES, 'cvd-service'), service)
  chmodSync(service, 0o755)
}

/** Creates what is missing of a site: folders, the application, the database (enlarged by about `databaseMb`). */
export async function furnish(scratch: Scratch, databaseMb: number): Promise<void> {
  const { root } = scratch
  for (const part of ['app', 'data', 'config', 'backups/app', 'backups/system', 'logs']) {
    mkdirSync(join(root, part), { recursive: true })
  }
  furnishSystem(scratch)
  copyFileSync(join(SOURCES, 'app.mts'), join(root, 'app', 'app.mts'))
  if (!existsSync(scratch.database)) await makeDatabase(scratch.database, databaseMb)
}

/** The files of the system that a CVD server has for its service. The demo's service program does not read them. */
function furnishSystem({ units, nginxSite, root }: Scratch): void {
  mkdirSync(join(units, 'cvd.service.d'), { recursive: true })
  writeFileSync(
    join(units, 'cvd.service'),
    `[Unit]\nDescription=CVD\n\n[Service]\nUser=cvdapp\nWorkingDirectory=${join(root, 'app')}\nRestart=always\n`,
  )
  writeFileSync(join(units, 'cvd.service.d', 'limits.conf'), '[Service]\nLimitNOFILE=4096\n')
  writeFileSync(nginxSite, 'server {\n  listen 80;\n  location / { proxy_pass http://127.0.0.1:5000; }\n}\n')
}

async function makeDatabase(database: string, databaseMb: number): Promise<void> {
  const parts = ['PRAGMA journal_mode = WAL;', source('schema.sql'), source('seed.sql')]
  if (databaseMb > 0) {
    const units = Math.round(databaseMb * UNITS_PER_MB)
    parts.push(`CREATE TEMP TABLE growth (units INTEGER); INSERT INTO growth VALUES (${units});`, source('grow.sql'))
  }
  await mustRun('sqlite3', ['-batch', '-bail', database], { stdin: parts.join('\n') })
}

function source(name: string): string {
  return readFileSync(join(SOURCES, name), 'utf8')
}

export interface AppSettings {
  readonly port: number
  readonly writeEveryMs: number
  readonly startMs: number
}

const placeOf = (scratch: Scratch, { port }: Pick<AppSettings, 'port'>): readonly string[] => [
  `DATABASE_PATH=${scratch.database}`,
  `PORT=${port}`,
]

/** Writes the application's configuration, with its secret. */
export function configure(scratch: Scratch, app: AppSettings): void {
  const settings = [
    `SECRET_KEY=${randomBytes(24).toString('hex')}`,
    ...placeOf(scratch, app),
    `WRITE_EVERY_MS=${app.writeEveryMs}`,
    `START_MS=${app.startMs}`,
    `OWNER_PID=${process.pid}`,
  ]
  const file = join(scratch.root, 'config', '.env')
  writeFileSync(file, `${settings.join('\n')}\n`, { mode: 0o600 })
  chmodSync(file, 0o600)
}

/**
 * Writes the service that runs the application. On an empty server it also says where the application is: the configuration that a
 * restore brings names the place of another demo site, and two cannot have one place on one machine.
 */
export function writeService(scratch: Scratch, app: Pick<AppSettings, 'port'>, empty: boolean): void {
  const service = [
    `command=${process.execPath}`,
    'argument=app.mts',
    `folder=${join(scratch.root, 'app')}`,
    `log=${empty ? '/dev/null' : join(scratch.root, 'logs', 'app-output.log')}`,
    ...(empty ? placeOf(scratch, app).map((one) => `environment=${one}`) : []),
  ]
  writeFileSync(join(scratch.folder, 'services', 'cvd'), `${service.join('\n')}\n`)
}

/**
 * A free loopback port below the range that the system uses for outgoing connections, so that it stays free while the
 * application is down.
 */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 100; tries++) {
    const port = 20_000 + (randomBytes(2).readUInt16BE() % 10_000)
    const probe = createServer()
    try {
      probe.listen(port, '127.0.0.1')
      await once(probe, 'listening')
      return port
    } catch {
      // In use: try another one.
    } finally {
      probe.close()
    }
  }
  throw new Error('no free port between 20000 and 29999 on 127.0.0.1')
}
