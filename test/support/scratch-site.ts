/** A CVD-like site in a temporary folder, and the assembled kit run on it with real bash and sqlite3. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { z } from 'zod'
import { END_OF_SIDES, writeKit } from '../../src-main/kit/assemble.ts'
import { helloEvent, type KitEvent, type KitResult, kitEvent } from '../../src-shared/domain/kit-protocol.ts'
import { type CommandResult, command } from './command.ts'
import { collectTrace, traced } from './kit/trace.ts'

const schema = `
  CREATE TABLE users (id INTEGER PRIMARY KEY, username TEXT UNIQUE, email TEXT, role TEXT, created_at TEXT, updated_at TEXT, deleted_at TEXT);
  CREATE TABLE routes (id INTEGER PRIMARY KEY, name TEXT);
  CREATE TABLE locations (id INTEGER PRIMARY KEY, name TEXT, route_id INTEGER REFERENCES routes(id));
  CREATE TABLE devices (id INTEGER PRIMARY KEY, asset TEXT UNIQUE, location_id INTEGER REFERENCES locations(id), created_at TEXT, updated_at TEXT);
  CREATE TABLE products (id INTEGER PRIMARY KEY, name TEXT, price NUMERIC);
  CREATE TABLE service_orders (id INTEGER PRIMARY KEY, route_id INTEGER REFERENCES routes(id), status TEXT, created_at TEXT);
  CREATE TABLE service_visits (id INTEGER PRIMARY KEY, order_id INTEGER, note TEXT, created_at TEXT);
  CREATE TABLE sales (id INTEGER PRIMARY KEY, device_id INTEGER, product_id INTEGER, quantity INTEGER, created_at TEXT);
  CREATE TABLE dex_records (id INTEGER PRIMARY KEY, device_id INTEGER, raw BLOB, created_at TEXT);
  CREATE TABLE sessions (token TEXT PRIMARY KEY, user_id INTEGER) WITHOUT ROWID;
  CREATE TABLE migrations (version INTEGER PRIMARY KEY, applied_at TEXT);
  CREATE TABLE system_config (key TEXT PRIMARY KEY, value TEXT);
  CREATE INDEX idx_sales_device ON sales(device_id, created_at);
  CREATE INDEX idx_token_ok ON service_visits(note);
  WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40)
    INSERT INTO users SELECT i, 'user' || i, 'u' || i || '@example.org', 'driver', '2026-01-01 08:00:' || i, NULL, NULL FROM n;
  INSERT INTO routes VALUES (1, 'north'), (2, 'south');
  INSERT INTO locations VALUES (1, 'depot', 1), (2, 'station', 2);
  WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60)
    INSERT INTO devices SELECT i, 'A' || i, 1 + i % 2, '2026-01-02 08:00:00', NULL FROM n;
  INSERT INTO products VALUES (1, 'water', 1.5), (2, 'juice', 2);
  WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 25)
    INSERT INTO service_orders SELECT i, 1 + i % 2, 'pending', '2026-01-03 08:00:00' FROM n;
  WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 90)
    INSERT INTO service_visits SELECT i, i % 25, 'note ' || i, '2026-01-04 08:00:00' FROM n;
  WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)
    INSERT INTO sales SELECT i, i % 60, 1 + i % 2, 1, '2026-01-05 08:00:00' FROM n;
  WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20)
    INSERT INTO dex_records SELECT i, i, randomblob(9000), '2026-01-06 08:00:00' FROM n;
  INSERT INTO sessions VALUES ('t1', 1), ('t2', 2);
  INSERT INTO migrations VALUES (7, '2026-01-01');
  INSERT INTO system_config VALUES ('name', 'scratch');
  PRAGMA user_version = 7;`

export interface KitAnswer {
  readonly events: readonly KitEvent[]
  readonly result: KitResult
  readonly exitCode: number | null
  readonly stderr: string
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>
  /** Bash text that replaces functions of the kit. */
  readonly instead?: string
  /** User id to run as, by setpriv. Needs root. */
  readonly uid?: number
}

export interface SiteOptions {
  /** User id that owns the CVD root; needs root. */
  readonly owner?: number
  /**
   * User id that runs the kit, by setpriv, and owns its state; needs root. Also owns the CVD root unless `owner` is
   * set.
   */
  readonly login?: number
  /** The kit works on a copy of this machine's /etc, so that it can create users; needs root. */
  readonly ownUsers?: boolean
  /** Scripts by name that the kit finds before the system's programs. */
  readonly programs?: Readonly<Record<string, string>>
}

/** User id of an ordinary user without a name on this machine. */
export const ORDINARY = 61_001

let template: Buffer | undefined

export class ScratchSite {
  readonly folder = mkdtempSync(join(tmpdir(), 'cvd-site-'))
  readonly root = join(this.folder, 'cvd')
  readonly state = join(this.folder, 'state')
  readonly database = join(this.root, 'data/cvd.db')
  readonly backups = join(this.root, 'backups')
  readonly kit = join(this.folder, 'kit/cvd-backup')
  /** The kit without its last line: defines functions and runs nothing. */
  readonly definitions = join(this.folder, 'kit/definitions')
  readonly #trace = join(this.folder, 'trace')
  /** User id that runs the kit; undefined: the test's own. */
  readonly #login: number | undefined
  /** What the kit sees as /etc; empty: this machine's. */
  readonly etc: string

  constructor(options: SiteOptions = {}) {
    for (const part of ['app', 'data', 'config', 'logs', 'backups/app', 'backups/system']) {
      mkdirSync(join(this.root, part), { recursive: true })
    }
    // Parent folders belong to root and are traversable; the CVD root belongs to its owner.
    chmodSync(this.folder, 0o755)
    writeKit(this.kit)
    writeFileSync(this.kit, traced(this.withPrograms(readFileSync(this.kit, 'utf8'), options.programs), this.#trace))
    writeFileSync(this.definitions, readFileSync(this.kit, 'utf8').replace(/\nmain "\$@"\n$/, '\n'))
    writeFileSync(this.database, this.template())
    this.#login = options.login
    this.etc = options.ownUsers === true ? join(this.folder, 'machine/etc') : ''
    if (this.etc !== '') {
      mkdirSync(dirname(this.etc))
      execFileSync('cp', ['-a', '/etc', this.etc])
      // A number that nobody has: a user who runs something is not removed.
      appendFileSync(join(this.etc, 'login.defs'), '\nSYS_UID_MIN 60900\nSYS_UID_MAX 60950\n')
    }
    const owner = options.owner ?? options.login
    if (owner !== undefined) execFileSync('chown', ['-R', `${owner}:${owner}`, '--', this.root])
    if (owner === undefined && options.login === undefined) return
    chmodSync(dirname(this.kit), 0o755)
    mkdirSync(this.state, { mode: 0o700 })
    if (options.login !== undefined) execFileSync('chown', [`${options.login}:${options.login}`, '--', this.state])
  }

  private withPrograms(kit: string, programs: Readonly<Record<string, string>> = {}): string {
    if (Object.keys(programs).length === 0) return kit
    const folder = join(this.folder, 'programs')
    mkdirSync(folder)
    for (const [name, text] of Object.entries(programs)) {
      writeFileSync(join(folder, name), text)
      chmodSync(join(folder, name), 0o755)
    }
    const changed = kit.replace(/^PATH=/m, () => `PATH=${folder}:`)
    if (changed === kit) throw new Error('the kit does not set its PATH any more')
    return changed
  }

  private template(): Buffer {
    if (template === undefined) {
      const file = join(this.folder, 'template.db')
      this.sql(file, schema)
      template = readFileSync(file)
      rmSync(file)
    }
    return template
  }

  /** Runs SQL with the sqlite3 command, with write access; returns its output. */
  sql(file: string, text: string): string {
    return execFileSync('sqlite3', ['-batch', '-bail', file], { input: text, encoding: 'utf8' })
  }

  /** Makes a gzip backup of the live database like the runbook; returns its path. */
  backup(name: string, folder = this.backups): string {
    const path = join(folder, name)
    const plain = join(this.folder, 'copy.db')
    rmSync(plain, { force: true })
    this.sql(this.database, `.backup '${plain}'`)
    const bytes = execFileSync(name.endsWith('.gz') ? 'gzip' : 'cat', name.endsWith('.gz') ? ['-c', plain] : [plain], {
      maxBuffer: 1e9,
    })
    writeFileSync(path, bytes)
    rmSync(plain)
    return path
  }

  /** Records a fingerprint of a sound backup with the kit's own functions. */
  fingerprint(path: string, takenAt = Date.now()): void {
    this.library(
      `database=$(mktemp -d)/db; state_create
       extract_look "$1" && { if [[ $EXTRACT_FORMAT == gzip ]]; then gzip -dc <"$1"; else cat "$1"; fi; } >"$database"
       database_check "$database" || exit 1
       fingerprint_of_check "$1" "$(sha256sum <"$1" | cut -c1-64)" "$EXTRACT_SIZE" "$(sha256sum <"$database" | cut -c1-64)" "$2"
       fingerprint_save "$1" && rm -r "\${database%/*}"`,
      [path, String(takenAt)],
    )
  }

  /** Runs bash text with the kit's functions defined and the arguments in `$1…`; returns its output. */
  library(text: string, args: readonly string[] = []): string {
    const load = `source "$KIT_DEFINITIONS"; ROOT_OPTION=$SITE_ROOT; KIT_SHA256=test; KIT_FILE=$KIT; policy_load; services_load\n${text}`
    return execFileSync('/bin/bash', ['--noprofile', '--norc', '-c', load, 'library', ...args], {
      env: this.environment({ KIT: this.kit, KIT_DEFINITIONS: this.definitions, SITE_ROOT: this.root }),
      encoding: 'utf8',
    })
  }

  /** Starts the kit; `instead` is bash text that replaces functions of it. */
  start(args: readonly (string | Buffer)[], instead = '', options: RunOptions = {}): ChildProcess {
    const records = ['--events', '--root', this.root, '--who', 'test', ...args].map((one) => Buffer.from(one as string))
    let kit = this.kit
    if (instead !== '') {
      // Named by its content: bash reads a program while running it, so a running file must not be overwritten.
      kit = join(this.folder, 'kit', createHash('sha256').update(instead).digest('hex'))
      const changed = withInstead(readFileSync(this.kit, 'utf8'), instead)
      if (!existsSync(kit)) writeFileSync(kit, changed)
    }
    const words = ['/bin/bash', '--noprofile', '--norc', kit, '--params-fd', '3']
    const uid = options.uid ?? this.#login
    if (uid !== undefined) words.unshift('setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups', '--')
    if (this.etc !== '') {
      const inside = 'mount --bind "$0" /etc && exec "$@"'
      words.unshift('unshare', '--mount', '--propagation', 'private', '/bin/bash', '-c', inside, this.etc)
    }
    const child = spawn(words[0] ?? '', words.slice(1), {
      env: this.environment(options.env ?? {}),
      stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    })
    const parameters = child.stdio[3]
    if (parameters === null || parameters === undefined || !('end' in parameters)) throw new Error('no parameter pipe')
    parameters.end(Buffer.concat(records.flatMap((one) => [one, Buffer.from([0])])))
    return child
  }

  /** Runs the kit as a user does, with text output. */
  async asPerson(...args: readonly string[]): Promise<CommandResult> {
    const options = { env: this.environment({}), cwd: this.folder }
    return await command('/bin/bash', ['--noprofile', '--norc', this.kit, '--root', this.root, ...args], '', options)
  }

  /** Runs the kit with `--events` and arguments as bytes, and validates its output against the protocol. */
  async run(args: readonly (string | Buffer)[], options: RunOptions = {}): Promise<KitAnswer> {
    const child = this.start(args, options.instead, options)
    const out: Buffer[] = []
    const err: Buffer[] = []
    child.stdout?.on('data', (chunk: Buffer) => out.push(chunk))
    child.stderr?.on('data', (chunk: Buffer) => err.push(chunk))
    const exitCode = await new Promise<number | null>((resolve) => child.on('close', (code) => resolve(code)))
    child.stdin?.destroy()
    const stderr = Buffer.concat(err).toString()
    return { ...readEvents(Buffer.concat(out).toString(), stderr), exitCode, stderr }
  }

  /** Runs the kit and parses the result's data. */
  async ask<T extends z.ZodType>(
    args: readonly (string | Buffer)[],
    data: T,
    options: RunOptions = {},
  ): Promise<z.output<T>> {
    const { result, stderr } = await this.run(args, options)
    if (result.data === null) throw new Error(`${result.code}: ${result.message}\n${stderr}`)
    return data.parse(result.data)
  }

  private environment(more: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
    return { PATH: process.env.PATH, HOME: this.folder, TZ: 'UTC', CVD_BACKUP_STATE: this.state, ...more }
  }

  remove(): void {
    if (dirname(this.folder) !== tmpdir()) throw new Error('not ours')
    collectTrace(this.#trace)
    rmSync(this.folder, { recursive: true, force: true })
  }
}

function readEvents(text: string, stderr: string): { events: KitEvent[]; result: KitResult } {
  const lines = text.split('\n').filter((line) => line !== '')
  const events = lines.map((line) => kitEvent.parse(JSON.parse(line)))
  const last = events.at(-1)
  if (last?.kind !== 'result') throw new Error(`no result: ${text}\n${stderr}`)
  helloEvent.parse(events[0])
  return { events, result: last }
}

/**
 * The kit with functions replaced, for root and for the sides, which read the beginning only. There it is one line, in place of one: the
 * lines of what follows are counted by the coverage.
 */
export function withInstead(kit: string, instead: string): string {
  const quoted = instead.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', '\\n')
  const atSides = `\n[[ \${CVD_SIDE_ROOT+side} != side ]] || eval $'${quoted}' # ${END_OF_SIDES}`
  return kit
    .replace(new RegExp(`\n[^\n]*${END_OF_SIDES}`), () => atSides)
    .replace(/\nmain "\$@"\n$/, () => `\n${instead}\nmain "$@"\n`)
}
