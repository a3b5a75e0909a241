import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { type Finished, runProgram } from '../../src-main/demo/processes.ts'
import { waitUntil } from '../support/wait.ts'

const folder = mkdtempSync(join(tmpdir(), 'cvd-service-'))
const program = join(folder, 'bin', 'cvd-service')
for (const part of ['bin', 'run', 'services', 'home']) mkdirSync(join(folder, part))
copyFileSync('src-main/demo/cvd/cvd-service', program)
chmodSync(program, 0o755)

const call = (...words: string[]): Promise<Finished> => runProgram(program, words)
const mark = join(folder, 'mark')
const ready = join(folder, 'ready')

/** A service that runs a shell program in a folder. */
function service(name: string, script: string, place = folder): void {
  const file = join(folder, `${name}.sh`)
  writeFileSync(file, script)
  writeFileSync(
    join(folder, 'services', name),
    `command=/bin/bash\nargument=${file}\nfolder=${place}\nlog=${folder}/log\n`,
  )
}

/** Starts a service and waits until its program reports that it is ready; its process exists earlier. */
async function begin(name: string): Promise<Finished> {
  rmSync(ready, { force: true })
  const started = await call('start', name)
  await waitUntil(`${name} to be ready`, () => existsSync(ready))
  return started
}

async function pidOf(name: string): Promise<number> {
  const status = await call('status', name)
  return Number(/process (\d+)/.exec(status.stdout)?.[1])
}

/** Files that a process has open; omits one that is closed meanwhile. */
function filesOf(pid: number): string[] {
  const fds = `/proc/${pid}/fd`
  return readdirSync(fds).flatMap((fd) => {
    try {
      return [readlinkSync(join(fds, fd))]
    } catch {
      return []
    }
  })
}

/** Processes that run the program, without new forks that still look like it. */
function processesOf(script: string): number[] {
  const all = readdirSync('/proc').flatMap((entry) => {
    try {
      const [, parent] = readFileSync(`/proc/${entry}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []
      const runs = readFileSync(`/proc/${entry}/cmdline`, 'utf8').includes(script)
      return runs ? [{ pid: Number(entry), parent: Number(parent) }] : []
    } catch {
      return []
    }
  })
  return all.filter(({ parent }) => !all.some(({ pid }) => pid === parent)).map(({ pid }) => pid)
}

const alive = (pid: number): boolean => existsSync(`/proc/${pid}/fd/0`)

describe('cvd-service', () => {
  service('plain', `trap 'echo ended >'${mark}'; exit' TERM; : >'${ready}'; while :; do sleep 0.05; done`)
  service('stubborn', `trap '' TERM; : >'${ready}'; while :; do sleep 0.05; done`)
  service('family', `sleep 300 & : >'${ready}'; wait`)
  service('broken', 'exit 3', join(folder, 'none'))

  afterEach(async () => {
    for (const name of ['plain', 'stubborn', 'family']) await call('stop', name)
    rmSync(mark, { force: true })
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  it('starts, reports and stops: gracefully, and only once', async () => {
    expect((await call('status', 'plain')).code).toBe(3)
    expect((await begin('plain')).code).toBe(0)
    const pid = await pidOf('plain')
    expect(alive(pid)).toBe(true)
    expect((await call('start', 'plain')).code).toBe(0)
    expect(await pidOf('plain')).toBe(pid)
    expect((await call('stop', 'plain')).code).toBe(0)
    expect(alive(pid)).toBe(false)
    expect(readFileSync(mark, 'utf8')).toBe('ended\n')
    expect((await call('status', 'plain')).code).toBe(3)
    expect((await call('stop', 'plain')).code).toBe(0)
  })

  it('starts one process when several start it at once', async () => {
    await Promise.all([1, 2, 3].map(() => call('start', 'plain')))
    const pid = await pidOf('plain')
    expect(processesOf(join(folder, 'plain.sh'))).toEqual([pid])
  })

  it('kills it after ten seconds', async () => {
    await begin('stubborn')
    const pid = await pidOf('stubborn')
    expect((await call('stop', 'stubborn')).code).toBe(0)
    expect(alive(pid)).toBe(false)
  })

  it('owns its process and its children, and no others', async () => {
    await begin('family')
    const pid = await pidOf('family')
    const children = (): string => readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
    await expect.poll(children).toMatch(/^\d+$/)
    const child = children()
    expect((await call('owns', 'family', String(pid))).code).toBe(0)
    expect((await call('owns', 'family', child)).code).toBe(0)
    expect((await call('owns', 'family', String(process.pid))).code).not.toBe(0)
    expect((await call('owns', 'plain', String(pid))).code).not.toBe(0)
    expect((await call('owns', 'family', '1; true')).code).toBe(2)
    process.kill(Number(child)) // the service waits for it
    await expect.poll(async () => (await call('owns', 'family', String(pid))).code).not.toBe(0)
  })

  it('does not mistake another process for its own when a PID is reused', async () => {
    const other = spawn('sleep', ['300'])
    await once(other, 'spawn')
    writeFileSync(join(folder, 'run', 'plain.pid'), `${other.pid} 12345\n`)
    expect((await call('status', 'plain')).code).toBe(3)
    expect((await call('stop', 'plain')).code).toBe(0)
    expect(other.exitCode).toBeNull()
    expect(alive(other.pid ?? 0)).toBe(true)
    other.kill()
  })

  it("gives the service none of its caller's descriptors and settings", async () => {
    const held = join(folder, 'held')
    writeFileSync(held, '')
    execFileSync('/bin/bash', ['-c', `exec 7>>"$1" 8<"$1" 200<"$1"; SECRET=x "$2" start plain`, 'sh', held, program])
    const pid = await pidOf('plain')
    // bash reads its program through a high descriptor of its own, from the start
    const files = new Set(['/dev/null', join(folder, 'log'), join(folder, 'plain.sh')])
    await expect.poll(() => new Set(filesOf(pid))).toEqual(files)
    expect(readFileSync(`/proc/${pid}/environ`, 'utf8')).not.toContain('SECRET')
    expect(readFileSync(`/proc/${pid}/stat`, 'utf8')).toMatch(new RegExp(`\\) \\S \\d+ ${pid} ${pid} `))
  })

  it('reports errors', async () => {
    expect(await call('start', 'broken')).toMatchObject({ code: 1, stderr: expect.stringContaining('did not start') })
    expect((await call('start', 'unknown')).code).toBe(5)
    expect((await call('start', '../services/plain')).code).toBe(2)
    expect((await call('restart', 'plain')).code).toBe(2)
    expect((await call()).code).toBe(2)
  })
})
