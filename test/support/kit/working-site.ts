/**
 * A working scratch site: a service program runs a small application that has the database open and answers health
 * checks. All statements about it are read from its files and the application; nothing here uses the kit.
 */
import { type ChildProcess, execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { request } from 'node:http'
import { hostname, tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { KitEvent } from '../../../src-shared/domain/kit-protocol.ts'
import { kitEvent } from '../../../src-shared/domain/kit-protocol.ts'
import { ScratchSite, type SiteOptions } from '../scratch-site.ts'
import { waitUntil } from '../wait.ts'

const serviceProgram = resolve(import.meta.dirname, '../../../src-main/demo/cvd/cvd-service')
const application = join(import.meta.dirname, 'application')

/** What a transaction must not change in part: the database's files and their contents. */
export interface DatabaseState {
  readonly inode: number
  readonly mode: string
  readonly owner: string
  /** SHA-256 of every row of every table. */
  readonly rows: string
}

export class WorkingSite extends ScratchSite {
  readonly socket = join(this.folder, 'run/health.sock')
  readonly #program = join(this.folder, 'bin/service')
  /** While this file exists, the service does not stop, but reports that it has. */
  readonly #clings = join(this.folder, 'clings')
  readonly #lies = join(this.folder, 'lies')
  readonly #login: number | undefined

  constructor(options: SiteOptions & { readonly wal?: boolean } = {}) {
    super(options)
    this.#login = options.login
    for (const part of ['bin', 'run', 'services', 'home']) mkdirSync(join(this.folder, part))
    const real = join(this.folder, 'bin/cvd-service')
    copyFileSync(serviceProgram, real)
    copyFileSync(application, join(this.folder, 'bin/application'))
    writeFileSync(
      this.#program,
      [
        '#!/bin/bash',
        `[[ $1 != stop || ! -e '${this.#clings}' ]] || exit 0`,
        `[[ ! -e '${this.#lies}' ]] || source '${this.#lies}'`,
        `exec '${real}' "$@"`,
        '',
      ].join('\n'),
    )
    for (const program of [this.#program, real, join(this.folder, 'bin/application')]) chmodSync(program, 0o755)
    const service = {
      command: join(this.folder, 'bin/application'),
      argument: this.folder,
      log: join(this.folder, 'run/log'),
    }
    writeFileSync(join(this.folder, 'services/cvd'), lines(service))
    this.policy({ service_manager: 'program', service_program: this.#program, health: `unix:${this.socket}:/health` })
    if (options.login !== undefined) this.give(options.login, join(this.folder, 'run'), join(this.state, 'policy'))
    if (options.wal === true) this.sql(this.database, 'PRAGMA journal_mode = wal;')
    this.service('start')
  }

  private give(uid: number, ...paths: readonly string[]): void {
    execFileSync('chown', ['-R', `${uid}:${uid}`, '--', ...paths])
  }

  /** Writes the policy as on a server. A healthy site has time to answer, however busy the machine is. */
  policy(settings: Readonly<Record<string, string>>): void {
    mkdirSync(this.state, { recursive: true, mode: 0o700 })
    writeFileSync(join(this.state, 'policy'), lines({ health_timeout: '30', ...settings }), { flag: 'a' })
  }

  /** How the application behaves from its next start or end on: see `application`. */
  behave(...words: readonly string[]): void {
    writeFileSync(join(this.folder, 'behaviour'), ` ${words.join(' ')} \n`)
  }

  cling(clings: boolean): void {
    if (clings) writeFileSync(this.#clings, '')
    else rmSync(this.#clings, { force: true })
  }

  /** Makes the service program run this bash text first, with its own arguments; '' to remove it. */
  lie(script: string): void {
    if (script === '') rmSync(this.#lies, { force: true })
    else writeFileSync(this.#lies, script)
  }

  service(verb: 'start' | 'stop' | 'status'): void {
    const as =
      this.#login === undefined ? [] : ['setpriv', `--reuid=${this.#login}`, `--regid=${this.#login}`, '--clear-groups']
    const [program = '', ...args] = [...as, this.#program, verb, 'cvd']
    execFileSync(program, args, { stdio: 'pipe' })
  }

  /** The status of the application's own answer; 0 if there is none. */
  health(): Promise<number> {
    return new Promise((done) => {
      const asked = request({ socketPath: this.socket, path: '/health', timeout: 5000 }, (answer) => {
        answer.resume()
        answer.on('close', () => done(answer.statusCode ?? 0))
      })
      asked.on('error', () => done(0))
      asked.end()
    })
  }

  databaseState(file = this.database): DatabaseState {
    const { ino, mode, uid, gid } = statSync(file)
    return { inode: ino, mode: (mode & 0o7777).toString(8), owner: `${uid}:${gid}`, rows: rowsOf(file) }
  }

  /** The files of the data folder except the database and its sidecars. */
  besideDatabase(): readonly string[] {
    return readdirSync(dirname(this.database)).filter((name) => !/^cvd\.db(-wal|-shm|-journal)?$/.test(name))
  }

  /** Files that an operation leaves behind only if it has not ended or has a bug. */
  leftBehind(): readonly string[] {
    const folders = [dirname(this.database), this.backups, join(this.state, 'work')]
    const work = folders
      .flatMap((folder) => (existsSync(folder) ? readdirSync(folder) : []))
      .filter((name) => name.startsWith('.'))
    const open = existsSync(join(this.state, 'unfinished')) ? ['unfinished'] : []
    const endless = this.operations().filter((id) => !existsSync(join(this.state, 'operations', id, 'outcome')))
    return [...work, ...open, ...endless, ...this.kitProcesses()]
  }

  /** Running processes of this site's kit. */
  kitProcesses(): readonly string[] {
    const commands = readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map((pid) => {
        try {
          return `${pid} ${readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')}`
        } catch {
          return ''
        }
      })
    return commands.filter((command) => command.includes(this.folder) && command.includes('cvd-backup'))
  }

  operations(command = ''): readonly string[] {
    const folder = join(this.state, 'operations')
    return existsSync(folder)
      ? readdirSync(folder)
          .filter((id) => id.includes(`Z-${command}`))
          .sort()
      : []
  }

  outcome(operation: string): Readonly<Record<string, string>> {
    const text = readFileSync(join(this.state, 'operations', operation, 'outcome'), 'utf8')
    return Object.fromEntries(text.split('\n').map((line) => [line.split('=')[0], line.slice(line.indexOf('=') + 1)]))
  }

  /** Error messages of bash in any worker. */
  complaints(): string {
    const stderrOf = (id: string) => join(this.state, 'operations', id, 'stderr')
    return this.operations()
      .map((id) => (existsSync(stderrOf(id)) ? readFileSync(stderrOf(id), 'utf8') : ''))
      .join('')
  }

  /** The failpoints for the next transaction: see docs/kit.md. */
  failpoint(...points: readonly `${string} ${'kill' | 'pause' | 'fail'}`[]): void {
    const file = join(this.state, 'failpoint')
    writeFileSync(file, `${points.join('\n')}\n`)
    if (this.#login !== undefined) this.give(this.#login, file)
  }

  restoring(backup: string): readonly string[] {
    return ['restore', 'database', backup, '--confirm', hostname(), '--reason', 'trial']
  }

  undoing(operation: string): readonly string[] {
    return ['undo', operation, '--confirm', hostname(), '--reason', 'trial']
  }

  /** Waits until the transaction pauses at a failpoint. */
  async paused(): Promise<void> {
    await waitUntil('a pause', () => existsSync(join(this.state, 'failpoint.reached')), { everyMs: 10 })
  }

  override remove(): void {
    try {
      this.cling(false)
      this.lie('')
      this.service('stop')
    } finally {
      super.remove()
    }
  }
}

/** The output of a running kit, to its end. */
export async function listen(child: ChildProcess): Promise<readonly KitEvent[]> {
  const parts: Buffer[] = []
  child.stdout?.on('data', (part: Buffer) => parts.push(part))
  child.stderr?.resume()
  await new Promise((done) => child.on('close', done))
  child.stdin?.destroy()
  return Buffer.concat(parts)
    .toString()
    .split('\n')
    .filter(Boolean)
    .map((line) => kitEvent.parse(JSON.parse(line)))
}

function lines(pairs: Readonly<Record<string, string>>): string {
  return Object.entries(pairs)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('')
}

/** Reads a copy: opening a database may change the files beside it. */
function rowsOf(file: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'cvd-rows-'))
  const copy = join(folder, 'copy.db')
  for (const suffix of ['', '-wal', '-journal'])
    if (existsSync(file + suffix)) copyFileSync(file + suffix, copy + suffix)
  const database = new DatabaseSync(copy)
  try {
    const hash = createHash('sha256')
    const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").all()
    for (const { name } of tables) {
      hash.update(`${name}\n`)
      const rows = database.prepare(`SELECT * FROM "${name}" ORDER BY 1`).iterate()
      for (const row of rows) hash.update(JSON.stringify(Object.values(row)))
    }
    return hash.digest('hex')
  } finally {
    database.close()
    rmSync(folder, { recursive: true })
  }
}
