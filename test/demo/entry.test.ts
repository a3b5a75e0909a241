import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { afterEach, describe, expect, it } from 'vitest'
import { runProgram } from '../../src-main/demo/processes.ts'
import { connect, run } from './ssh-client.ts'

const ENTRY = 'src-main/entry/demo.ts'

const running = new Set<ChildProcess>()

/** Starts the demo and waits for its first line; `printed` is its output so far. */
async function start(...words: string[]) {
  const child = spawn(process.execPath, [ENTRY, ...words], { stdio: ['ignore', 'pipe', 'inherit'] })
  running.add(child)
  const exit = once(child, 'exit')
  exit.then(() => running.delete(child))
  const printed: string[] = []
  const lines = createInterface(child.stdout).on('line', (line) => printed.push(line))
  await once(lines, 'line')
  return { child, exit, printed, first: printed[0] ?? '' }
}

afterEach(async () => {
  const ended = [...running].map((child) => once(child, 'exit'))
  for (const child of running) child.kill('SIGINT')
  await Promise.all(ended)
})

describe('npm run demo', () => {
  it('prints how to reach the site, keeps running, and leaves nothing behind after Ctrl-C', async () => {
    const { child, exit, first } = await start('--json')
    const site = JSON.parse(first) as Record<string, string>
    const login = { port: Number(site.port), username: site.user ?? '' }
    const byKey = await connect({ ...login, privateKey: readFileSync(site.keyFile ?? '') })
    expect((await run(byKey, `test -d '${site.root}' && echo there`)).stdout.toString()).toBe('there\n')
    byKey.end()
    const byPassword = await connect({ ...login, password: readFileSync(site.passwordFile ?? '', 'utf8').trim() })
    byPassword.end()
    expect((await fetch(site.health ?? '')).status).toBe(200)
    expect(child.exitCode).toBeNull()
    child.kill('SIGINT')
    expect(await exit).toEqual([0, null])
    expect(existsSync(site.folder ?? '')).toBe(false)
    await expect(fetch(site.health ?? '')).rejects.toThrow()
  })

  it('keeps the folder with --keep, and enlarges the database with --size', async () => {
    const { child, exit, first } = await start('--json', '--keep', '--size', '2')
    const site = JSON.parse(first) as Record<string, string>
    child.kill('SIGTERM')
    expect(await exit).toEqual([0, null])
    const sql = 'SELECT count(*) > 3000 FROM sales; PRAGMA integrity_check'
    expect(execFileSync('sqlite3', [`${site.root}/data/cvd.db`, sql], { encoding: 'utf8' })).toBe('1\nok\n')
    rmSync(site.folder ?? '', { recursive: true })
  })

  it('prints command lines that can be pasted, and no secret', async () => {
    const { child, exit, printed } = await start()
    await expect.poll(() => printed.join('\n')).toContain('Ctrl-C ends the demo site')
    const text = printed.join('\n')
    const keyFile = /Login key +(\S+)/.exec(text)?.[1] ?? ''
    expect(text).toMatch(
      new RegExp(`npm run cli -- .*site add demo .*--key ${keyFile} --accept-host-key SHA256:\\S{43}\n`),
    )
    expect(text).not.toContain(readFileSync(`${keyFile.replace(/login$/, 'password')}`, 'utf8').trim())
    child.kill('SIGINT')
    expect(await exit).toEqual([0, null])
  })

  it('prints help, and refuses unknown options', async () => {
    const ask = (...words: string[]) => runProgram(process.execPath, [ENTRY, ...words])
    expect(await ask('--help')).toMatchObject({ code: 0, stdout: expect.stringContaining('--headless') })
    expect(await ask('--what')).toMatchObject({ code: 2, stderr: expect.stringContaining("'--what'") })
    expect(await ask('--size', 'big')).toMatchObject({ code: 2, stderr: expect.stringContaining('whole megabytes') })
    expect(await ask('--data', 'src-main')).toMatchObject({ code: 1, stderr: expect.stringContaining('is not empty') })
  })

  it('names what the machine lacks and how to get it', async () => {
    const ran = await runProgram(process.execPath, [ENTRY], { env: { PATH: '/nonexistent' } })
    expect(ran.code).toBe(2)
    expect(ran.stderr).toMatch(/^ {2}sqlite3 3\.26 or newer \(found: nothing\): apt-get install sqlite3 /m)
    expect(ran.stderr).toMatch(/^ {2}curl \(found: nothing\)/m)
    expect(ran.stderr).not.toMatch(/bash 4\.4/)
  })
})
