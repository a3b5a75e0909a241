/** Following an operation: nothing while nothing happens, everything at once when something does. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { childrenOf, isAlive, type ProcessRef, processRef } from '../support/processes.ts'
import { ScratchSite } from '../support/scratch-site.ts'
import { waitUntil } from '../support/wait.ts'

const until = (condition: () => boolean) => waitUntil(String(condition), condition, { everyMs: 20 })
const id = '20260101T000000Z-verify-0a1b2c'
const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
const event = (text: string) => `{"kind":"log","at":1,"level":"info","text":"${text}"}\n`

/** The followed operation: its process holds the lock, and prints what is written to it. */
class Worker {
  readonly folder: string
  readonly #child: ChildProcess

  constructor(site: ScratchSite) {
    this.folder = join(site.state, 'operations', id)
    mkdirSync(this.folder, { recursive: true, mode: 0o700 })
    for (const name of ['alive', 'events', 'readable']) writeFileSync(join(this.folder, name), '')
    writeFileSync(join(this.folder, 'about'), `command=verify\nstartedAt=${Date.now()}\nboot=${boot}\n`)
    const text = 'cd "$1"; exec 7<alive; flock 7; echo $$ >pid; exec cat >>events'
    this.#child = spawn('/bin/bash', ['-c', text, 'worker', this.folder], { stdio: ['pipe', 'ignore', 'ignore'] })
  }

  says(text: string): void {
    this.#child.stdin?.write(text)
  }

  async ends(outcome: string | null): Promise<void> {
    if (outcome !== null) {
      writeFileSync(join(this.folder, 'outcome'), `outcome=${outcome}\ncode=ok\nendedAt=1\nmessage=Done.\n`)
      this.says(
        `{"kind":"result","at":1,"outcome":"${outcome}","code":"ok","message":"Done.","unchanged":"","next":"","data":null}\n`,
      )
      this.#child.stdin?.end()
    } else this.#child.kill('SIGKILL')
    await once(this.#child, 'exit')
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }
}

/** A follower. */
class Follower {
  readonly child: ChildProcess
  readonly lines: string[] = []
  exitCode: number | null = null

  constructor(site: ScratchSite, instead = '') {
    this.child = site.start(['follow', id], instead)
    if (this.child.stdout) createInterface({ input: this.child.stdout }).on('line', (line) => this.lines.push(line))
    this.child.on('close', (code) => {
      this.exitCode = code ?? -1
    })
  }

  hears(text: string): Promise<unknown> {
    return until(() => this.lines.some((line) => line.includes(text)))
  }

  /** The follower and everything that it started. */
  processes(of = this.child.pid ?? 0): number[] {
    return [of, ...childrenOf(of).flatMap((pid) => this.processes(pid))]
  }

  /** Context switches of each of its processes; an idle process has none. */
  turns(): Record<number, string> {
    const count = (pid: number) =>
      readFileSync(`/proc/${pid}/status`, 'utf8')
        .match(/ctxt_switches:\s*\d+/g)
        ?.join() ?? ''
    return Object.fromEntries(this.processes().map((pid) => [pid, count(pid)]))
  }

  ended(): Promise<unknown> {
    return until(() => this.exitCode !== null)
  }
}

function programOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim()
  } catch {
    return ''
  }
}

describe('following', () => {
  let site: ScratchSite
  let worker: Worker
  let follower: Follower
  let helpers: ProcessRef[]
  beforeEach(async () => {
    site = new ScratchSite()
    worker = new Worker(site)
    await until(() => existsSync(join(worker.folder, 'pid')))
    worker.says(event('first'))
    follower = new Follower(site)
    await follower.hears('first')
    // itself, tail, flock, and a shell that waits for the end of its stdin
    // Wait until each has become its program: between fork and exec, bash can lose the signal that ends a child.
    await until(() => {
      const programs = follower.processes().map(programOf)
      return programs.length === 4 && programs.includes('tail') && programs.includes('flock')
    })
    helpers = follower.processes().flatMap((pid) => processRef(pid) ?? [])
  })
  afterEach(() => {
    worker.kill()
    follower.child.kill('SIGKILL')
    site.remove()
  })
  const allGone = () => until(() => helpers.every((one) => !isAlive(one)))

  it('is idle while nothing happens: no process works, and none is started', async () => {
    // It is idle once two consecutive samples are the same.
    let before = follower.turns()
    for (let turn = 0; turn < 50; turn += 1) {
      await wait(100)
      const now = follower.turns()
      if (JSON.stringify(now) === JSON.stringify(before)) break
      before = now
    }
    await wait(3000)
    expect(follower.turns()).toEqual(before)
    worker.says(event('second'))
    await follower.hears('second')
    expect(follower.turns()).not.toEqual(before)
    expect(Object.keys(follower.turns())).toEqual(Object.keys(before))
  })

  it('passes on each event once, in whole lines, and the end', async () => {
    for (let turn = 0; turn < 20; turn += 1) worker.says(event(`turn ${turn} ${'x'.repeat(turn * 700)}`))
    worker.says('{"kind":"log","at":1,')
    await follower.hears('turn 19')
    expect(follower.lines).toHaveLength(21)
    worker.says('"level":"info","text":"in two parts"}\n')
    await follower.hears('in two parts')
    await worker.ends('succeeded')
    await follower.ended()
    expect(follower.exitCode).toBe(0)
    expect(`${follower.lines.join('\n')}\n`).toBe(readFileSync(join(worker.folder, 'events'), 'utf8'))
    await allGone()
  })

  it('leaves nothing running when nobody listens any more', async () => {
    follower.child.stdin?.end()
    await follower.ended()
    expect(follower.exitCode).toBe(0)
    expect(follower.lines).toHaveLength(1)
    await allGone()
  })

  it.each(['SIGTERM', 'SIGHUP', 'SIGINT'] as const)('leaves nothing running when ended by %s', async (signal) => {
    follower.child.kill(signal)
    await follower.ended()
    await allGone()
  })

  it('leaves nothing running, though SIGTERM is lost on what it started', async () => {
    // As on a child of bash between fork and exec.
    const deaf = `flock() { [[ $1 != -s ]] || { trap '' TERM; exec flock "$@"; }; command flock "$@"; }`
    const other = new Follower(site, deaf)
    await other.hears('first')
    await until(() => other.processes().map(programOf).includes('flock') && other.processes().length === 4)
    const started = other.processes().flatMap((pid) => processRef(pid) ?? [])
    other.child.stdin?.end()
    await other.ended()
    await until(() => started.every((one) => !isAlive(one)))
  })

  it('leaves nothing behind, when killed, that could end another process once the worker has gone', async () => {
    follower.child.kill('SIGKILL')
    await follower.ended()
    // As if its PID were reused: a process that is not ours.
    const stranger = spawn('sleep', ['60'])
    const text = `exec {lines}</dev/null; end_with_worker "$1" "$2" "$lines"; kill -KILL "$$"`
    expect(() => site.library(text, [worker.folder, String(stranger.pid)])).toThrow()
    await worker.ends('succeeded')
    await allGone()
    await wait(500)
    expect(stranger.exitCode).toBeNull()
    expect(stranger.signalCode).toBeNull()
    stranger.kill()
  })

  it('reports an interruption at once when the worker is killed in the middle of a line', async () => {
    worker.says('{"kind":"log","at":1,"le')
    await until(() => readFileSync(join(worker.folder, 'events'), 'utf8').endsWith('"le'))
    await worker.ends(null)
    await follower.ended()
    expect(follower.exitCode).toBe(1)
    expect(follower.lines.slice(1).map((line) => JSON.parse(line))).toMatchObject([
      { kind: 'state', state: 'interrupted' },
      { kind: 'result', outcome: 'unknown', code: 'interrupted' },
    ])
    await allGone()
  })

  it('prints everything from an offset on, even of an ended operation', async () => {
    appendFileSync(join(worker.folder, 'events'), event('second'))
    await worker.ends('failed')
    await follower.ended()
    const { events } = { events: readFileSync(join(worker.folder, 'events'), 'utf8') }
    const child = site.start(['follow', id, '--from', String(event('first').length)])
    let heard = ''
    child.stdout?.on('data', (chunk: Buffer) => {
      heard += chunk.toString()
    })
    await once(child, 'close')
    expect(heard).toBe(events.slice(event('first').length))
  })

  it('lets anybody cancel, and learn of the end at once', async () => {
    const cancelling = site.run(['cancel', id])
    await until(() => existsSync(join(worker.folder, 'cancel')))
    await worker.ends('cancelled')
    expect((await cancelling).result).toMatchObject({
      outcome: 'succeeded',
      data: { operation: { outcome: 'cancelled' } },
    })
  })
})
