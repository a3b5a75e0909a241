/** A scratch site with a folder of timers and crontabs of its own, and a clock that a test can set. */
import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { kitCommands } from '../../../src-shared/domain/kit-commands.ts'
import type { ScheduleReport } from '../../../src-shared/domain/schedule.ts'
import { type CommandResult, command } from '../command.ts'
import { type KitAnswer, ScratchSite } from '../scratch-site.ts'

/** Remembers which units are on. systemd itself runs in the tests on real servers. */
const systemctl = (folder: string) => `#!/bin/bash
printf '%s\\n' "$*" >>'${folder}/calls'
verb=$1 names=()
[[ $verb != --quiet ]] || verb=$2
for word in "$@"; do [[ $word != *.timer ]] || names+=("$word"); done
for name in "\${names[@]}"; do
  case $verb in
    enable) : >'${folder}/on-'"$name" ;;
    disable) rm -f '${folder}/on-'"$name" ;;
    is-active) [[ -e '${folder}/on-'$name ]] && echo active || echo inactive ;;
    is-enabled) [[ -e '${folder}/on-'$name ]] && echo enabled || { echo disabled; exit 1; } ;;
    show) [[ -e '${folder}/on-'$name ]] && printf 'ActiveState=active\\nUnitFileState=enabled\\n' || printf 'ActiveState=inactive\\nUnitFileState=disabled\\n' ;;
  esac
done
`

export class ScheduleSite {
  readonly site: ScratchSite
  readonly etc: string
  readonly spool: string
  readonly #fake: string
  readonly #clock: string
  readonly #instead: string

  constructor(options: { readonly cron?: boolean; readonly instead?: string; readonly zone?: string } = {}) {
    this.#fake = execFileSync('mktemp', ['-d', '-p', process.env.TMPDIR ?? '/tmp', 'cvd-timers-XXXXXXXX'], {
      encoding: 'utf8',
    }).trim()
    this.site = new ScratchSite({
      programs: { systemctl: systemctl(this.#fake), timedatectl: '#!/bin/bash\necho yes\n' },
    })
    this.etc = join(this.site.folder, 'etc')
    this.spool = join(this.etc, 'spool')
    this.#clock = join(this.site.folder, 'clock')
    for (const folder of ['systemd/system', 'cron.d', 'cron.hourly', 'cron.daily', 'cron.weekly', 'cron.monthly']) {
      mkdirSync(join(this.etc, folder), { recursive: true })
    }
    mkdirSync(join(this.spool, 'crontabs'), { recursive: true })
    if (options.cron !== true) mkdirSync(join(this.etc, 'run'))
    this.#instead = `${options.zone === undefined ? '' : `export TZ='${options.zone}'`}
      eval "real_$(declare -f now_ms)"
      now_ms() { if [[ -r '${this.#clock}' ]]; then read -r REPLY <'${this.#clock}'; else real_now_ms; fi; }
      ${options.instead ?? ''}`
  }

  /** Sets the kit's clock; it stands still. */
  at(time: number): void {
    writeFileSync(this.#clock, `${time}\n`)
  }

  run(...args: readonly string[]): Promise<KitAnswer> {
    return this.site.run(args, { instead: this.#instead, env: { CVD_BACKUP_ETC: this.etc } })
  }

  /** Runs a kit of another version: with more bash text. */
  runOther(more: string, ...args: readonly string[]): Promise<KitAnswer> {
    return this.site.run(args, { instead: `${this.#instead}\n${more}`, env: { CVD_BACKUP_ETC: this.etc } })
  }

  async must(...args: readonly string[]): Promise<KitAnswer> {
    const answer = await this.run(...args)
    if (answer.result.outcome !== 'succeeded') throw new Error(`${answer.result.message}\n${answer.stderr}`)
    return answer
  }

  /** Has the policy name this site's root, as that of a real one does, and installs the schedule. */
  async install(...more: readonly string[]): Promise<KitAnswer> {
    await this.must('policy', `root=${this.site.root}`)
    return await this.must('timers', 'install', ...more)
  }

  async report(): Promise<ScheduleReport> {
    return kitCommands.schedule.report.parse((await this.must('schedule')).result.data)
  }

  /** Names of the files that were written for systemd, or for cron. */
  units(): string[] {
    return [...readdirSync(join(this.etc, 'systemd/system')), ...readdirSync(join(this.etc, 'cron.d'))].sort()
  }

  unit(kind: string, type: 'timer' | 'service'): string {
    const name = this.units().find((one) => one.endsWith(`-${kind}.${type}`))
    return name === undefined ? '' : readFileSync(join(this.etc, 'systemd/system', name), 'utf8')
  }

  /** The command line of a unit, or of cron. */
  commandOf(kind: string): string {
    const found = /^ExecStart=(.*)$/m.exec(this.unit(kind, 'service'))?.[1]
    if (found === undefined) throw new Error(`no service for ${kind}`)
    return found
  }

  /** Does what a timer does: runs the command line of its service. */
  goOff(kind: string, env: Readonly<Record<string, string>> = {}): Promise<CommandResult> {
    const [program = '', ...args] = this.commandOf(kind).split(' ')
    return command(program, args, '', { env: { PATH: process.env.PATH, ...env }, cwd: '/' })
  }

  calls(): string {
    return existsSync(join(this.#fake, 'calls')) ? readFileSync(join(this.#fake, 'calls'), 'utf8') : ''
  }

  /** Switches a timer of somebody else on. */
  switchOn(name: string): void {
    writeFileSync(join(this.#fake, `on-${name}`), '')
  }

  isOn(name: string): boolean {
    return existsSync(join(this.#fake, `on-${name}`))
  }

  /** Writes a file below etc or spool. */
  write(file: string, content: string | Buffer, mode = 0o644): string {
    const path = join(this.site.folder, file)
    writeFileSync(path, content)
    chmodSync(path, mode)
    return path
  }

  remove(): void {
    this.site.remove()
    rmSync(this.#fake, { recursive: true })
  }
}

/** A command that does nothing but take the lock. */
export const quick = 'run_database() { lock_site; succeed done null; }'

/** A site that is gone after the test. */
export function scheduleSite(options: ConstructorParameters<typeof ScheduleSite>[0] = {}): ScheduleSite {
  const site = new ScheduleSite(options)
  onTestFinished(() => site.remove())
  return site
}

/** Has another process lock a file or a folder until `free` is called. */
export async function lock(path: string, ...how: readonly string[]) {
  const other = spawn('flock', [...how, path, 'sh', '-c', 'echo locked; read -r line'], {
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  await new Promise((resolve) => other.stdout.once('data', resolve))
  const { ino } = statSync(path)
  return {
    /** Somebody waits for it. */
    awaited: () => new RegExp(`-> FLOCK .*:${ino} `).test(readFileSync('/proc/locks', 'utf8')),
    free: () => {
      other.stdin.end()
      return new Promise((resolve) => other.once('exit', resolve))
    },
  }
}
