import { appendFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type CommandResult, command } from '../command.ts'
import { isAlive } from '../processes.ts'
import { waitUntil } from '../wait.ts'
import { limit, release } from './disk.ts'
import { type HostKey, hostKeysOf } from './keys.ts'
import { cutPower, enter, initOf, powerOn } from './machine.ts'
import { hasBanner, networkName, serverAddress, setLink } from './network.ts'
import { bringBackPristine } from './pristine.ts'
import { quote } from './quote.ts'
import { load, type ServerRecord, save } from './registry.ts'
import { endHanging, renew } from './reset.ts'
import { accountNames, type Login, type ServerSpec } from './spec.ts'

export interface Account {
  readonly user: string
  /** Undefined for root, who has no password. For `sudo-password` also sudo's password. */
  readonly password: string | undefined
  /** Private key (OpenSSH format, no passphrase) that every account accepts. */
  readonly keyFile: string
}

export interface WriterReport {
  /** Number of committed transactions. */
  readonly ok: number
  /** Errors of failed transactions. */
  readonly errors: string[]
  /** Id of the last committed sale; 0 if there is none. */
  readonly lastSale: number
}

export interface RunOptions {
  readonly stdin?: string | Buffer
  /** Account to run as; default root. */
  readonly user?: string
}

const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** A real Debian server that runs on this machine for tests. Every method uses its current state. */
export class Server {
  readonly number: number
  readonly name: string
  readonly spec: ServerSpec
  readonly address: string
  readonly port = 22
  /** Holds `root/` (the server's file system), `client_key` and `console.log`. */
  readonly folder: string
  /** ED25519, ECDSA and RSA, as sshd has them. */
  readonly hostKeys: readonly HostKey[]
  /** The application's health address, in the format of the kit's `health` policy. */
  readonly probe: string
  readonly #passwords: Readonly<Record<string, string>>

  constructor(record: ServerRecord) {
    this.number = record.number
    this.name = record.spec.name
    this.spec = record.spec
    this.address = serverAddress(record.number)
    this.folder = record.folder
    this.#passwords = record.passwords
    this.hostKeys = hostKeysOf(join(record.folder, 'root/etc/ssh'))
    this.probe =
      record.spec.health === 'tcp' ? 'http://127.0.0.1:5000/api/health' : 'unix:/opt/cvd/app/cvd.sock:/api/health'
  }

  get user(): string {
    return accountNames[this.spec.login]
  }

  get password(): string | undefined {
    return this.account(this.spec.login).password
  }

  get keyFile(): string {
    return join(this.folder, 'client_key')
  }

  /** `SHA256:…` of the ED25519 host key. */
  get hostKeyFingerprint(): string {
    return this.hostKeys.find((key) => key.type === 'ssh-ed25519')?.fingerprint ?? ''
  }

  /** The account with other rights than `spec.login`. */
  account(login: Login): Account {
    const user = accountNames[login]
    return { user, password: this.#passwords[user], keyFile: this.keyFile }
  }

  /** Whether its init runs. */
  get hasPower(): boolean {
    return initOf(load(this.number).machine) !== undefined
  }

  /** Runs a bash command line in the server, without SSH. Throws only if the server is off. */
  run(line: string, { stdin = '', user }: RunOptions = {}): Promise<CommandResult> {
    const init = initOf(load(this.number).machine)
    if (init === undefined) throw new Error(`${this.name} has no power`)
    const [program, ...words] = enter(init)
    const shell = ['/bin/bash', '-c', line]
    const as =
      user === undefined
        ? ['env', '-i', `PATH=${path}`, 'HOME=/root', 'LANG=C.UTF-8', ...shell]
        : ['runuser', '-u', user, '--', ...shell]
    return command(
      program,
      [...words, ...as],
      stdin,
      user === undefined ? {} : { env: { PATH: path, LANG: 'C.UTF-8' } },
    )
  }

  /** Like `run`, but returns stdout without its last line break, and throws if the command fails. */
  async must(line: string, options: RunOptions = {}): Promise<string> {
    const result = await this.run(line, options)
    if (result.code !== 0) throw new Error(`${this.name}: ${line}: ended with ${result.code}: ${result.stderr}`)
    return result.stdout.replace(/\n$/, '')
  }

  /** A row of the live database, values separated by `|`; writes nothing. */
  query(sql: string): Promise<string> {
    return this.must('sqlite3 -batch -bail -readonly -cmd ".timeout 10000" /opt/cvd/data/cvd.db', {
      stdin: `${sql};\n`,
    })
  }

  readFile(file: string): Promise<string> {
    return this.must(`cat -- ${quote(file)}`)
  }

  /** Writes a file as root; an existing one keeps its owner and mode. */
  async writeFile(file: string, content: string | Buffer): Promise<void> {
    await this.must(`cat > ${quote(file)}`, { stdin: content })
  }

  /** The application's answer on `/api/health` or another path. Status 0: no answer. */
  async health(url = '/api/health'): Promise<{ status: number; body: string }> {
    const where = this.spec.health === 'tcp' ? '' : '--unix-socket /opt/cvd/app/cvd.sock '
    const host = this.spec.health === 'tcp' ? 'http://127.0.0.1:5000' : 'http://localhost'
    const { stdout } = await this.run(`curl -s -m 10 -w '\\n%{http_code}' ${where}${quote(host + url)}`)
    const cut = stdout.lastIndexOf('\n')
    return { status: Number(stdout.slice(cut + 1)), body: stdout.slice(0, cut) }
  }

  /** Sets the writer's interval (milliseconds, initially 200) and restarts it. */
  async setWriterInterval(milliseconds: number): Promise<void> {
    await this.writeFile('/etc/default/cvd-writer', `WRITER_INTERVAL_MS=${milliseconds}\n`)
    await this.must('systemctl restart cvd-writer')
  }

  /** The outcomes of the writer's transactions since its log began, or after its first `line` lines. */
  async writer(line = 0): Promise<WriterReport & { readonly lines: number }> {
    // The log exists from the writer's first line on.
    const all = (await this.run('cat /opt/cvd/logs/writer.log')).stdout.split('\n').filter(Boolean)
    const lines = all.slice(line).map((text) => text.slice(text.indexOf(' ') + 1))
    const sales = lines.filter((text) => text.startsWith('ok ')).map((text) => Number(text.slice(3)))
    return {
      ok: sales.length,
      errors: lines.filter((text) => !text.startsWith('ok ')),
      lastSale: sales.at(-1) ?? 0,
      lines: all.length,
    }
  }

  /** Waits until the writer has committed `count` more transactions. */
  async writes(count = 1): Promise<void> {
    const { ok } = await this.writer()
    await waitUntil(`${this.name}: ${count} more writes`, async () => (await this.writer()).ok >= ok + count)
  }

  /** Sends a signal to every process of a unit. */
  async kill(unit: string, signal = 'SIGKILL'): Promise<void> {
    await this.must(`systemctl kill --kill-who=all --signal=${quote(signal)} ${quote(unit)}`)
  }

  /** Cuts the power. `boot` starts the server again with the contents of its disk. */
  async powerOff(): Promise<void> {
    const record = load(this.number)
    await cutPower(this.number, record.machine)
    save({ ...record, machine: null })
  }

  /**
   * Powers on, from any state, and waits until SSH answers, systemd has finished and, by default, the application is
   * healthy.
   */
  async boot({ healthy = true } = {}): Promise<void> {
    await this.powerOff()
    const log = join(this.folder, 'console.log')
    appendFileSync(log, '\n--- power on ---\n')
    const machine = powerOn(this.number, this.name, join(this.folder, 'root'), log)
    save({ ...load(this.number), machine })
    const boots = { seconds: 120, everyMs: 200 }
    const on = (): void => {
      if (!isAlive(machine)) throw new Error('systemd-nspawn has ended')
    }
    try {
      await waitUntil(
        'an SSH banner',
        () => {
          on()
          return hasBanner(this.address, this.port)
        },
        boots,
      )
      await waitUntil('systemd to finish', () => this.#isUp(), boots)
    } catch (error) {
      const end = readFileSync(log, 'utf8').split('\n').slice(-15).join('\n')
      throw new Error(`${this.name} does not boot: ${error instanceof Error ? error.message : error}\n${end}`)
    }
    if (healthy) await this.waitHealthy()
  }

  /** Whether it has booted and executes commands. False during a shutdown, or if its init hangs. */
  async #isUp(): Promise<boolean> {
    if (!this.hasPower) return false
    const { stdout } = await this.run('timeout --kill-after=1 20 systemctl is-system-running')
    return /^(running|degraded)/.test(stdout)
  }

  /** Waits until a shutdown has ended. */
  async waitOff(): Promise<void> {
    await waitUntil(`${this.name}: the end of the shutdown`, () => !this.hasPower, { seconds: 120 })
  }

  async waitHealthy(seconds = 60): Promise<void> {
    const explain = async (): Promise<string> => (await this.run('journalctl -n 20 --no-pager -u cvd')).stdout
    await waitUntil(`${this.name}: health`, async () => (await this.health()).status === 200, { seconds, explain })
  }

  /** Pulls the cable: packets are dropped silently, until `restoreLink`. */
  dropLink(): Promise<void> {
    return setLink(this.number, 'down')
  }

  restoreLink(): Promise<void> {
    return setLink(this.number, 'up')
  }

  /**
   * Moves a folder to its own file system of `bytes` bytes (in memory: lost when power is cut). Restarts the
   * application if the folder holds its database.
   */
  async limitDisk(folder: string, bytes: number): Promise<void> {
    await this.must(limit(folder, bytes))
    if (folder.startsWith('/opt/cvd/data') || folder === '/opt/cvd') await this.waitHealthy()
  }

  /** Removes a limit; the folder's contents stay. */
  async releaseDisk(folder: string): Promise<void> {
    await this.must(release(folder))
    if (folder.startsWith('/opt/cvd/data') || folder === '/opt/cvd') await this.waitHealthy()
  }

  /**
   * Resets the server to its initial state, whatever was done to it: link up, no limits, pristine database, application,
   * configuration, units and nginx site, no backups, no logs, no state of the kit, writer at 200 ms. Cuts the power first if
   * the server is not up or cannot be reset.
   */
  async reset(): Promise<void> {
    await this.restoreLink()
    try {
      if (!(await this.#isUp())) throw new Error('it is not up')
      await this.#renew()
    } catch (error) {
      process.stderr.write(`${this.name} is powered off and on, to make it as new: ${error}\n`)
      await this.boot({ healthy: false })
      await this.#renew()
    }
  }

  async #renew(): Promise<void> {
    await this.must(endHanging)
    await this.must(renew)
    await bringBackPristine(this.folder)
    await this.must(
      'systemctl daemon-reload; systemctl reset-failed; systemctl reload-or-restart nginx; systemctl start cvd',
    )
    await this.waitHealthy()
    await this.writes()
  }

  /** The output of `npm run servers -- status`. */
  describe(): string {
    const { user, password, keyFile } = this.account(this.spec.login)
    const others = Object.values(accountNames).filter((name) => name !== user)
    return [
      `${this.name}: ${user}@${this.address} port ${this.port} (${this.spec.journal}, ${this.spec.login}, ${this.probe})`,
      `  ssh -i ${keyFile} -o UserKnownHostsFile=${join(this.folder, 'known_hosts')} ${user}@${this.address}`,
      `  host key ${this.hostKeyFingerprint}`,
      `  password of ${user}: ${password === undefined ? 'none' : join(this.folder, `password.${user}`)}; other accounts: ${others.join(', ')}`,
      `  files ${join(this.folder, 'root')}, console ${join(this.folder, 'console.log')}, network ${networkName(this.number)}`,
    ].join('\n')
  }
}
