/** A demo site behind a real OpenSSH server, and a command line that may log in to it; shared by the tests of a file. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { missingForDemo } from '../../src-main/demo/requirements.ts'
import { type DemoSite, startDemoSite } from '../../src-main/demo/site.ts'
import { Cli } from './cli.ts'
import { missing } from './prerequisites.ts'
import { makeKey, makeUser, type Sshd, sshdNeeds, startSshd, type TestUser } from './sshd.ts'

/** What this machine lacks for it; empty if nothing. */
export const cliSiteLacks = [...missingForDemo().map(({ what }) => what), missing(sshdNeeds)].filter(Boolean).join(', ')

export class CliSite implements AsyncDisposable {
  readonly demo: DemoSite
  readonly sshd: Sshd
  /** An account with a password, but no CVD site. */
  readonly user: TestUser
  readonly home: string
  readonly cli: Cli
  /** The options that log in as root, by a key. */
  readonly login: readonly string[]

  private constructor(demo: DemoSite, sshd: Sshd, user: TestUser, home: string, key: string) {
    this.demo = demo
    this.sshd = sshd
    this.user = user
    this.home = home
    this.cli = new Cli(home)
    this.login = ['--host', sshd.host, '--port', String(sshd.port), '--user', 'root', '--key', key]
  }

  static async open(): Promise<CliSite> {
    const demo = await startDemoSite({ appStartMs: 50 })
    const home = mkdtempSync(join(tmpdir(), 'cvd-cli-'))
    const key = await makeKey(home, 'admin')
    writeFileSync(join(demo.folder, 'authorized_keys'), `${key.publicText}\n`)
    // The site's own environment: its tools, and its state beside it.
    const env = Object.entries(demo.env).filter(([name]) =>
      ['PATH', 'CVD_BACKUP_STATE', 'CVD_BACKUP_ETC'].includes(name),
    )
    const sshd = await startSshd({
      config: [
        `SetEnv ${env.map(([name, value]) => `${name}=${value}`).join(' ')}`,
        `AuthorizedKeysFile ${join(demo.folder, 'authorized_keys')}`,
      ],
    })
    return new CliSite(demo, sshd, await makeUser(), home, key.privateFile)
  }

  /** With the site in the console, as `Depot`. */
  static async added(): Promise<CliSite> {
    const site = await CliSite.open()
    const { code, result } = await site.cli.json(['site', 'add', 'Depot', ...site.login, ...site.accept()])
    if (code !== 0) throw new Error(result.message)
    return site
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.user.remove()
    await this.sshd.stop()
    await this.demo.stop()
    rmSync(this.home, { recursive: true, force: true })
  }

  /** Queries the live database. */
  sql(text: string): string {
    return execFileSync('sqlite3', ['-cmd', '.timeout 10000', this.demo.database, text], { encoding: 'utf8' })
  }

  count(table: string): number {
    return Number(this.sql(`SELECT count(*) FROM ${table}`))
  }

  /** A folder for another console. */
  desk(name: string): string {
    mkdirSync(join(this.home, name))
    return join(this.home, name)
  }

  accept(): readonly string[] {
    return ['--accept-host-key', this.sshd.hostKey.fingerprint]
  }

  logins(): number {
    return this.sshd.log().split('Accepted ').length - 1
  }
}
