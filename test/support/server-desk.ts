/** A console of its own, as on a laptop, that manages real test servers through the console's services. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Console, createConsole } from '../../src-main/app/console.ts'
import { type AddedSite, addSite } from '../../src-main/operations/add-site.ts'
import type { RunnerEvent } from '../../src-main/operations/context.ts'
import { inspectSite } from '../../src-main/operations/inspect.ts'
import { verifyBackups } from '../../src-main/operations/verify.ts'
import { systemClock } from '../../src-main/ports/clock.ts'
import { fileLog } from '../../src-main/ports/log.ts'
import { systemPaths } from '../../src-main/ports/paths.ts'
import { MemorySecrets } from '../../src-main/ports/secrets.ts'
import { Secret } from '../../src-main/remote/secret.ts'
import type { SshTarget, SudoMode } from '../../src-main/remote/target.ts'
import type { JournalEntry, KitArgument } from '../../src-main/store/operations.ts'
import type { Site } from '../../src-main/store/sites.ts'
import {
  type BackupEntry,
  type BackupReport,
  backupReport,
  type Verification,
  verification,
} from '../../src-shared/domain/kit-backups.ts'
import type { Inspection, OperationEntry } from '../../src-shared/domain/kit-site.ts'
import type { Failure, Result } from '../../src-shared/result.ts'
import type { Server } from './servers/server.ts'
import type { Login } from './servers/spec.ts'

export interface HowToAdd {
  /** Login account, if not the server's default one. */
  readonly login?: Login
  /** Use this password of the account instead of the key. */
  readonly password?: string
  /** Password for sudo. Default: the account's. */
  readonly sudoPassword?: string
  /** The health address to set on the server. Default: the address that answers. */
  readonly health?: string
  /** Where to reach it, if not at its own address. */
  readonly at?: { readonly host: string; readonly port: number }
  /** Host keys to accept. Default: the server's. */
  readonly accept?: readonly string[]
}

const sudoOf: Readonly<Record<Login, SudoMode>> = {
  root: 'none',
  'sudo-password': 'password',
  'sudo-passwordless': 'passwordless',
  unprivileged: 'none',
}

/** The value; throws an error with the failure. */
export function must<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`${result.error.code}: ${result.error.message}`)
  return result.value
}

export function failureOf(result: Result<unknown>): Failure {
  if (result.ok) throw new Error('this was to fail')
  return result.error
}

export class ServerDesk implements AsyncDisposable {
  readonly console: Console
  readonly secrets = new MemorySecrets()
  readonly folder = mkdtempSync(join(tmpdir(), 'cvd-server-test-'))

  constructor(who = 'tester@desk') {
    const paths = systemPaths(this.folder)
    const log = fileLog({ file: paths.log, now: systemClock.now })
    this.console = must(createConsole({ paths, log, secrets: this.secrets, clock: systemClock, identity: { who } }))
  }

  async tryToAdd(server: Server, how: HowToAdd = {}): Promise<Result<AddedSite>> {
    const login = how.login ?? server.spec.login
    const { user, password, keyFile } = server.account(login)
    const at = { host: server.address, port: server.port, ...how.at, user }
    const auth: SshTarget['auth'] = how.password === undefined ? { method: 'key', keyFile } : { method: 'password' }
    if (how.password !== undefined) await this.secrets.save({ kind: 'password', ...at }, new Secret(how.password))
    const sudo = how.sudoPassword ?? password
    if (sudo !== undefined) await this.secrets.save({ kind: 'sudo', ...at }, new Secret(sudo))
    return await addSite(this.console.context, {
      name: server.name,
      target: { ...at, auth, jumps: [] },
      sudo: sudoOf[login],
      policy: how.health === undefined ? {} : { health: how.health },
      accept: how.accept ?? [server.hostKeyFingerprint],
    })
  }

  /** Adds the site, with the server's health probe unless `how` has another. */
  async add(server: Server, how: HowToAdd = {}): Promise<Site> {
    const probe = server.spec.health === 'unix' && how.login !== 'unprivileged' ? { health: server.probe } : {}
    return must(await this.tryToAdd(server, { ...probe, ...how })).site
  }

  async inspect(site: Site): Promise<Inspection> {
    return must(await inspectSite(this.console.context, site))
  }

  /** The backup with this path or name in the output of `inspect`. */
  async listed(site: Site, name: string): Promise<BackupEntry> {
    const { backups } = await this.inspect(site)
    const found = backups.find(({ path }) => path === name || path.endsWith(`/${name}`))
    if (!found) throw new Error(`${name} is not in the list: ${backups.map(({ path }) => path).join(', ')}`)
    return found
  }

  /** Runs an operation of the kit to its end. */
  run(site: Site, ...request: [string, ...KitArgument[]]): Promise<JournalEntry> {
    return this.settled(this.start(site, ...request))
  }

  start(site: Site, ...request: [string, ...KitArgument[]]): JournalEntry {
    return this.console.runner.start({ site, request, reason: '' })
  }

  settled({ id }: JournalEntry): Promise<JournalEntry> {
    return this.console.runner.settled(id)
  }

  /** Backs up the database; throws unless that succeeds. */
  async backUp(site: Site, ...options: string[]): Promise<BackupReport> {
    return reportOf(await this.run(site, 'database', ...options))
  }

  /** Verifies backups by name or path. */
  async verify(site: Site, ...backups: string[]): Promise<{ entry: JournalEntry; backups: Verification[] }> {
    const started = must(
      await verifyBackups(this.console.context, this.console.runner, site, { which: 'named', backups }),
    )
    const entry = await this.settled(started)
    const { data } = entry
    const list = (data as { backups?: unknown[] } | null)?.backups ?? []
    return { entry, backups: list.map((one) => verification.parse(one)) }
  }

  /** The operations that the server knows, newest first. */
  async operations(site: Site): Promise<OperationEntry[]> {
    using link = must(await this.console.context.links.open(site))
    return must(await link.client.operations(50))
  }

  setPolicy(site: Site, changes: Readonly<Record<string, string>>): Promise<void> {
    return setPolicy(this.console.context, site, changes)
  }

  /** Resolves with the runner's next matching event. */
  nextEvent(fits: (event: RunnerEvent) => boolean): Promise<RunnerEvent> {
    return new Promise((resolve) => {
      const stop = this.console.runner.subscribe((event) => {
        if (!fits(event)) return
        stop()
        resolve(event)
      })
    })
  }

  /** Resolves when an operation has started (or ended) a step. */
  stepped(step: string, state = 'started'): Promise<RunnerEvent> {
    return this.nextEvent(
      (event) =>
        event.kind === 'event' &&
        event.event.kind === 'step' &&
        event.event.step === step &&
        event.event.state === state,
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.console[Symbol.asyncDispose]()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** Changes settings of a site on its server. */
export async function setPolicy(
  { links }: Console['context'],
  site: Site,
  changes: Readonly<Record<string, string>>,
): Promise<void> {
  using link = must(await links.open(site))
  must(await link.client.policy(changes))
}

/** The report of a successful database backup. */
export function reportOf(entry: JournalEntry): BackupReport {
  if (entry.outcome !== 'succeeded') throw new Error(`${entry.code}: ${entry.message}`)
  return backupReport.parse(entry.data)
}
