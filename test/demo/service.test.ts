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

const folder = mkdtempSync(join(tmpdir(), 'cvd-service-'))
const program = join(folder, 'bin', 'cvd-service')
for (const part of ['bin', 'run', 'services', 'home']) mkdirSync(join(folder, part))
copyFileSync('src-main/demo/cvd/cvd-service', program)
chmodSync(program, 0o755)

const call = (...words: string[]): Promise<Finished> => runProgram(program, words)
const mark = join(folder, 'mark')

/** A service that runs a shell program. */
function service(name: string, script: string): void {
  const file = join(folder, `${name}.sh`)
  writeFileSync(file, script)
  writeFileSync(
    join(folder, 'services', name),
    `command=/bin/bash\nargument=${file}\nfolder=${folder}\nlog=${folder}/log\n`,
  )
}

async function pidOf(name: string): Promise<number> {
  const status = await call('status', name)
  return Number(/process (\d+)/.exec(status.stdout)?.[1])
}

const alive = (pid: number): boolean => existsSync(`/proc/${pid}/fd/0`)

describe('cvd-service', { timeout: 60_000 }, () => {
  service('plain', `trap 'echo ended >'${mark}'; exit' TERM; while :; do sleep 0.05; done`)
  service('stubborn', `trap '' TERM; while :; do sleep 0.05; done`)
  service('family', 'sleep 300 & wait')
  service('broken', 'exit 3')

  afterEach(async () => {
    for (const name of ['plain', 'stubborn', 'family']) await call('stop', name)
    rmSync(mark, { force: true })
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  it('starts, tells, stops: gracefully, and only once', async () => {
    expect((await call('status', 'plain')).code).toBe(3)
    expect((await call('start', 'plain')).code).toBe(0)
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

  it('starts one process when several ask at once', async () => {
    await Promise.all([1, 2, 3].map(() => call('start', 'plain')))
    const pid = await pidOf('plain')
    const all = readdirSync('/proc').filter((entry) => {
      try {
        return readFileSync(`/proc/${entry}/cmdline`, 'utf8').includes(join(folder, 'plain.sh'))
      } catch {
        return false
      }
    })
    expect(all).toEqual([String(pid)])
  })

  it('insists after ten seconds', async () => {
    await call('start', 'stubborn')
    const pid = await pidOf('stubborn')
    expect((await call('stop', 'stubborn')).code).toBe(0)
    expect(alive(pid)).toBe(false)
  }, 60_000)

  it('owns its process and its children, and no others', async () => {
    await call('start', 'family')
    const pid = await pidOf('family')
    const children = (): string => readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
    await expect.poll(children, { timeout: 20_000 }).toMatch(/^\d+$/)
    const child = children()
    expect((await call('owns', 'family', String(pid))).code).toBe(0)
    expect((await call('owns', 'family', child)).code).toBe(0)
    expect((await call('owns', 'family', String(process.pid))).code).not.toBe(0)
    expect((await call('owns', 'plain', String(pid))).code).not.toBe(0)
    expect((await call('owns', 'family', '1; true')).code).toBe(2)
    process.kill(Number(child)) // the service waits for it
    await expect.poll(async () => (await call('owns', 'family', String(pid))).code, { timeout: 20_000 }).not.toBe(0)
  })

  it('does not take another process for its own when a number is used again', async () => {
    const other = spawn('sleep', ['300'])
    await once(other, 'spawn')
    writeFileSync(join(folder, 'run', 'plain.pid'), `${other.pid} 12345\n`)
    expect((await call('status', 'plain')).code).toBe(3)
    expect((await call('stop', 'plain')).code).toBe(0)
    expect(other.exitCode).toBeNull()
    expect(alive(other.pid ?? 0)).toBe(true)
    other.kill()
  })

  it('gives the service none of the files and settings of who starts it', async () => {
    const held = join(folder, 'held')
    writeFileSync(held, '')
    execFileSync('/bin/bash', ['-c', `exec 7>>"$1" 8<"$1" 200<"$1"; SECRET=x "$2" start plain`, 'sh', held, program])
    const pid = await pidOf('plain')
    const files = readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`))
    // bash reads its program through a high descriptor of its own
    expect(new Set(files)).toEqual(new Set(['/dev/null', join(folder, 'log'), join(folder, 'plain.sh')]))
    expect(readFileSync(`/proc/${pid}/environ`, 'utf8')).not.toContain('SECRET')
    expect(readFileSync(`/proc/${pid}/stat`, 'utf8')).toMatch(new RegExp(`\\) \\S \\d+ ${pid} ${pid} `))
  })

  it('says what is wrong', async () => {
    expect(await call('start', 'broken')).toMatchObject({ code: 1, stderr: expect.stringContaining('did not start') })
    expect((await call('start', 'unknown')).code).toBe(5)
    expect((await call('start', '../services/plain')).code).toBe(2)
    expect((await call('restart', 'plain')).code).toBe(2)
    expect((await call()).code).toBe(2)
  }, 60_000)
})
