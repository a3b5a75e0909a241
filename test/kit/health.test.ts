/** What is reported about services and health before a restore depends on it. */
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { restorePlan, restoreReport } from '../../src-shared/domain/kit-restore.ts'
import { inspection, policyAnswer } from '../../src-shared/domain/kit-site.ts'
import { ScratchSite } from '../support/scratch-site.ts'

const name = 'cvd_backup_20260110_120000.db.gz'
const confirmed = ['--confirm', hostname(), '--reason', 'a test']

let site: ScratchSite
let server: Server
let origin: string
let asked: string[]
/** What the site's application answers at `/health` while its service runs. */
let answer: (response: ServerResponse) => void

function reply(request: IncomingMessage, response: ServerResponse): void {
  asked.push(request.url ?? '')
  if (request.url !== '/health') {
    response.writeHead(404).end('no such page')
  } else if (existsSync(join(site.folder, 'running'))) answer(response)
  else response.writeHead(503).end('down')
}

beforeEach(async () => {
  site = new ScratchSite()
  asked = []
  answer = (response) => response.end('{"status":"healthy"}')
  server = createServer(reply)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
  const program = join(site.folder, 'service')
  const lines = [
    '#!/bin/bash',
    `[[ $2 == cvd ]] || exit 5`,
    `case $1 in start) : >'${site.folder}/running' ;; stop) rm -f '${site.folder}/running' ;;`,
    `  status) [[ -e '${site.folder}/running' ]] || exit 3 ;; *) exit 1 ;; esac`,
  ]
  writeFileSync(program, `${lines.join('\n')}\n`)
  chmodSync(program, 0o755)
  writeFileSync(join(site.folder, 'running'), '')
  site.backup(name)
  await policy(`service_program=${program}`, 'service_manager=program', `health=${origin}/health`)
})
afterEach(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  site.remove()
})

const policy = async (...pairs: string[]) => {
  const { result } = await site.run(['policy', ...pairs])
  expect(result.outcome).toBe('succeeded')
  return { ...policyAnswer.parse(result.data), message: result.message }
}
const plan = (...options: string[]) => site.ask(['plan', 'restore', 'database', name, ...options], restorePlan)
const check = (made: Awaited<ReturnType<typeof plan>>, wanted: string) =>
  made.checks.find((one) => one.check === wanted)
const restore = (...options: string[]) => site.run(['restore', 'database', name, ...confirmed, ...options])
const add = () => site.sql(site.database, "INSERT INTO routes VALUES (3, 'after the backup')")
const routes = () => site.sql(site.database, 'SELECT count(*) FROM routes').trim()

describe('a probe that fails before a restore', () => {
  it('refuses the restore, which would stop the site for nothing, and calls an address that answers 404 wrong', async () => {
    add()
    await policy(`health=${origin}/wrong`)
    const made = await plan()
    expect(made.possible).toBe(false)
    expect(check(made, 'health')).toMatchObject({
      state: 'failed',
      evidence: `${origin}/wrong answers 404, expected 200: the address is probably wrong`,
      fix: expect.stringContaining('--site-is-down'),
    })
    const { result, exitCode } = await restore()
    expect(result).toMatchObject({
      outcome: 'failed',
      code: 'health-fails',
      unchanged: expect.stringContaining('nothing'),
    })
    expect(result.message).toContain('answers 404, expected 200')
    expect(exitCode).toBe(4)
    expect([routes(), existsSync(join(site.folder, 'running'))]).toEqual(['3', true])
  })

  it('does not refuse the restore if the user states that the site is down; the outcome records it', async () => {
    add()
    rmSync(join(site.folder, 'running'))
    expect((await plan()).possible).toBe(false)
    const made = await plan('--site-is-down')
    expect([made.possible, check(made, 'health')?.state]).toEqual([true, 'warning'])
    const { result } = await restore('--site-is-down')
    expect(result).toMatchObject({ outcome: 'succeeded', message: expect.stringContaining('was not healthy before') })
    expect(restoreReport.parse(result.data)).toMatchObject({ healthyBefore: false, health: { healthy: true } })
    expect(routes()).toBe('2')
  })

  it('refuses it nevertheless if there is no health probe', async () => {
    await policy('health=')
    const made = await plan('--site-is-down')
    expect([made.possible, check(made, 'health')?.state]).toEqual([false, 'failed'])
    expect((await restore('--site-is-down')).result.code).toBe('health-unknown')
  })

  it('is sent again if the service runs: it may just have been started', async () => {
    let asked = 0
    answer = (response) => response.writeHead(++asked < 3 ? 503 : 200).end()
    expect((await restore()).result.outcome).toBe('succeeded')
    expect(asked).toBeGreaterThanOrEqual(3)
  })

  it('reports none of this if the site is healthy', async () => {
    const { result } = await restore('--site-is-down')
    expect(restoreReport.parse(result.data).healthyBefore).toBe(true)
    expect(result.message).not.toContain('not healthy')
  })
})

describe('a probe set in the policy', () => {
  it('is tried: its answer and a probably wrong address are reported, and it is set anyway', async () => {
    const wrong = await policy(`health=${origin}/nowhere`)
    expect(wrong.policy.health).toBe(`${origin}/nowhere`)
    expect(wrong.probe).toMatchObject({ healthy: false, status: 404 })
    expect(wrong.message).toContain('answers 404, expected 200: the address is probably wrong')
    const right = await policy(`health=${origin}/health`)
    expect(right.probe).toMatchObject({ healthy: true, status: 200 })
    expect((await policy('busy_timeout=5000')).probe).toBeNull()
  })

  it('is tried without being set, on request', async () => {
    const tried = await policy('--try', `health=${origin}/nowhere`)
    expect(tried.probe).toMatchObject({ healthy: false, status: 404 })
    expect((await policy()).policy.health).toBe(`${origin}/health`)
  })

  it('must be one that can be sent', async () => {
    for (const pair of ['health_status=20', 'health_status=abc', 'health=file:///etc/passwd', 'health=http://a\x07b']) {
      expect((await site.run(['policy', pair])).result).toMatchObject({ outcome: 'failed', code: 'usage' })
    }
  })
})

describe('the health request', () => {
  const ask = async () => (await site.ask(['inspect'], inspection)).health

  it('is a single one, to exactly this address: no patterns, no redirects', async () => {
    const odd = `${origin}/{a,b}[1-3]`
    expect((await policy('--try', `health=${odd}`)).probe).toMatchObject({ status: 404 })
    expect(asked.filter((url) => url !== '/health')).toEqual(['/{a,b}[1-3]'])
    answer = (response) => response.writeHead(302, { location: `${origin}/health?again` }).end()
    const seen = await ask()
    expect(seen).toMatchObject({ healthy: false, status: 302, words: expect.stringContaining('leads elsewhere') })
    expect(asked).not.toContain('/health?again')
  })

  it('reads only the beginning of an endless answer', async () => {
    answer = (response) => {
      response.writeHead(200)
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
        if (!response.destroyed) response.once('drain', more)
      }
      more()
    }
    const seen = await ask()
    expect(seen).toMatchObject({ healthy: true, status: 200 })
    expect(seen.detail).toHaveLength(200)
    expect(seen.ms).toBeLessThan(4000)
  })

  it('does not accept an answer that breaks off', async () => {
    answer = (response) => {
      // So much that curl passes its beginning on before it gives up.
      response.writeHead(200, { 'content-length': 100_000 })
      response.write('x'.repeat(6000))
    }
    const seen = await ask()
    expect(seen).toMatchObject({ healthy: false, status: null, words: expect.stringContaining('does not answer') })
  })

  // The probe runs as the application's user, who can stop it.
  it('ends even if the application stops its process, and leaves nothing behind', async () => {
    let stopped: number[] = []
    answer = () => {
      stopped = asking()
      for (const pid of stopped) process.kill(pid, 'SIGSTOP')
    }
    const began = Date.now()
    expect(await ask()).toMatchObject({ healthy: false, status: null })
    expect(Date.now() - began).toBeLessThan(25_000)
    expect(stopped).toHaveLength(1)
    expect(asking()).toEqual([])
  })

  // A file system of the owner's can keep a process alive despite any signal. Here no signal reaches it.
  it('is given up if its process cannot be ended', () => {
    const script = `kill() { [[ $1 == -0 ]] && builtin kill "$@"; }
      sleep 30 >/dev/null & asked=$!
      health_end "$asked"; printf '%s' "$?"
      builtin kill "$asked"`
    expect(site.library(script)).toBe('137')
  })

  /** Processes that are probing this test's site. */
  function asking(): number[] {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .filter((pid) => {
        try {
          return (
            readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith('curl\0') &&
            readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(origin)
          )
        } catch {
          return false
        }
      })
      .map(Number)
  }
})
