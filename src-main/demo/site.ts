/**
 * An embedded CVD site for trying and testing the console: a real SSH server, a real shell with the real tools, and a
 * real database under a running application, all on loopback and in one folder.
 */
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { writeKit } from '../kit/assemble.ts'
import { type DemoApp, demoApp } from './app.ts'
import { keptKey, publicBlob } from './keys.ts'
import { endProcessesWith, mustRun } from './processes.ts'
import { configure, freePort, furnish, furnishServer, type Scratch, scratchIn, writeService } from './scratch.ts'
import { type SshServer, startSshServer } from './ssh-server.ts'

const USER = 'demo'
/** Marks a folder as a demo's: only such a folder, or an empty one, is used. */
const MARK = '.cvd-demo'

export interface DemoSiteOptions {
  /** The site's folder, kept after `stop`. Default: a temporary folder that `stop` removes. */
  readonly folder?: string
  /** Password of the login; random by default. */
  readonly password?: string
  /** Megabytes, roughly, to add to the small database of a new site. Default 0. */
  readonly databaseMb?: number
  /** Milliseconds between two writes of the application. Default 150. */
  readonly writeEveryMs?: number
  /** Milliseconds until the application answers after its start. Default 800. */
  readonly appStartMs?: number
  /** Time zone of the server; default: this machine's. */
  readonly zone?: string
  /** A server without a site: a place for one, and what runs it once it is there. Default false. */
  readonly empty?: boolean
}

export interface DemoSite extends Scratch {
  readonly host: string
  readonly port: number
  readonly user: string
  /** Private key of the login, mode 600. */
  readonly keyFile: string
  readonly password: string
  /** File with the password, mode 600, for programs that read it from stdin. */
  readonly passwordFile: string
  /** `SHA256:…` */
  readonly hostKeyFingerprint: string
  readonly app: DemoApp
  /** Environment of commands on the site. */
  readonly env: Readonly<Record<string, string>>
  /** Number of open connections. */
  connections(): number
  /** Cuts every SSH connection at once; processes on the site continue. */
  dropConnections(): void
  /** Runs the kit on the site, as its users would; throws if it fails. */
  kitCommand(...words: string[]): Promise<string>
  /** Ends every process of the site, and removes its folder if it was temporary. */
  stop(): Promise<void>
}

/**
 * Starts a demo site and waits until its application, if it has one, is healthy. Cleans up and rejects on failure; call
 * `missingForDemo` first to find out what the machine lacks.
 */
export async function startDemoSite(options: DemoSiteOptions = {}): Promise<DemoSite> {
  const temporary = options.folder === undefined
  const scratch = scratchIn(claimFolder(options.folder))
  const env = { ...environmentOf(scratch), ...(options.zone === undefined ? {} : { TZ: options.zone }) }
  let app: DemoApp | null = null
  let ssh: SshServer | null = null
  let stopping: Promise<void> | null = null
  const stop = (): Promise<void> => {
    stopping ??= (async () => {
      await ssh?.stop()
      // First end what could restart the application.
      await endProcessesWith('CVD_BACKUP_STATE', scratch.state)
      await app?.stop()
      if (temporary) rmSync(scratch.folder, { recursive: true, force: true, maxRetries: 5 })
    })()
    return stopping
  }
  try {
    const { empty = false, writeEveryMs = 150, appStartMs: startMs = 800 } = options
    furnishServer(scratch)
    const port = await freePort()
    if (!empty) {
      await furnish(scratch, options.databaseMb ?? 0)
      configure(scratch, { port, writeEveryMs, startMs })
    }
    writeService(scratch, { port }, empty)
    writeKit(scratch.kit)
    const kitCommand = (...words: string[]): Promise<string> => mustRun('/bin/bash', [scratch.kit, ...words], { env })
    app = demoApp(scratch.service, port)
    await kitCommand('policy', ...policyOf(scratch, app.healthUrl))
    await app.stop() // of a kept site whose last demo was killed
    const there = !empty || existsSync(scratch.database)
    if (there) await app.start()
    const keyFile = join(scratch.keys, 'login')
    const password = options.password ?? randomBytes(12).toString('base64url')
    const passwordFile = join(scratch.keys, 'password')
    writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 })
    ssh = await startSshServer({
      user: USER,
      password,
      hostKey: keptKey(join(scratch.keys, 'host'), 'host key of the demo site'),
      clientKey: publicBlob(keptKey(keyFile, 'login of the demo site')),
      place: { env, cwd: scratch.home },
    })
    if (there) await app.healthy()
    const { host, hostKeyFingerprint, connections, dropConnections } = ssh
    const login = { host, port: ssh.port, hostKeyFingerprint, user: USER, keyFile, password, passwordFile }
    return { ...scratch, ...login, app, env, connections, dropConnections, kitCommand, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** A new temporary folder, or the given one if it is ours or empty. */
function claimFolder(folder: string | undefined): string {
  const claimed = folder === undefined ? mkdtempSync(join(tmpdir(), 'cvd-demo-')) : resolve(folder)
  mkdirSync(claimed, { recursive: true, mode: 0o700 })
  const mark = join(claimed, MARK)
  if (!existsSync(mark) && readdirSync(claimed).length > 0) {
    throw new Error(`${claimed} is not empty and not the folder of a demo site: choose another`)
  }
  writeFileSync(mark, 'The folder of a CVD demo site. It is safe to delete.\n')
  return claimed
}

/** Keeps the caller's environment from the site. */
function environmentOf(scratch: Scratch): Record<string, string> {
  return {
    PATH: `${join(scratch.folder, 'bin')}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
    LANG: 'C.UTF-8',
    HOME: scratch.home,
    USER,
    LOGNAME: USER,
    SHELL: '/bin/bash',
    CVD_BACKUP_STATE: scratch.state,
    CVD_BACKUP_ETC: scratch.etc,
  }
}

function policyOf(scratch: Scratch, health: string): string[] {
  return [
    `root=${scratch.root}`,
    'service=cvd',
    'service_manager=program',
    `service_program=${scratch.service}`,
    `units=${scratch.units}`,
    `nginx_site=${scratch.nginxSite}`,
    `health=${health}`,
  ]
}
