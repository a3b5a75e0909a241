/** Whom the loopback host admits, and what it serves to whom. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { connect as connectTcp } from 'node:net'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { loadPages } from '../../src-main/app/pages.ts'
import { type LoopbackHost, startLoopbackHost } from '../../src-main/host/server.ts'
import { newTokens } from '../../src-main/host/tokens.ts'
import type { Role } from '../../src-shared/contract/define.ts'
import type { Transport } from '../../src-shared/rpc/transport.ts'
import { browserSocket } from '../support/carriers.ts'
import { fileFolder, scratchFolder } from '../support/folder.ts'

const { folder, remove } = fileFolder()
let host: LoopbackHost
let sessions: { readonly role: Role; readonly transport: Transport }[] = []

beforeAll(() => {
  mkdirSync(join(folder, 'pages/assets'), { recursive: true })
  writeFileSync(join(folder, 'secret.html'), 'hidden')
  writeFileSync(join(folder, 'pages/index.html'), '<!doctype html><title>start</title>')
  writeFileSync(join(folder, 'pages/assets/a-1.js'), 'export const a = 1')
  writeFileSync(join(folder, 'pages/assets/a-1.js.map'), '{}')
  writeFileSync(join(folder, 'pages/.env'), 'hidden')
  symlinkSync(join(folder, 'secret.html'), join(folder, 'pages/link.html'))
})
afterAll(remove)

/** With `tokenTimeout` for silent sockets; if too short, it would close honest windows on a busy machine. */
function startHost(tokenTimeout?: number): Promise<LoopbackHost> {
  const pages = loadPages(join(folder, 'pages'))
  if (!pages) throw new Error('no pages')
  const session = (transport: Transport, role: Role) => void sessions.push({ role, transport })
  return startLoopbackHost({ pages, session, ...(tokenTimeout === undefined ? {} : { tokenTimeout }) })
}

beforeEach(async () => {
  sessions = []
  host = await startHost()
})
afterEach(() => host[Symbol.asyncDispose]())

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: string
}

function get(path: string, options: { method?: string; headers?: Record<string, string> } = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port: host.port, path, ...options }, async (response) => {
      const chunks: Buffer[] = []
      for await (const chunk of response) chunks.push(chunk)
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks).toString() })
    })
    asked.on('error', reject).end()
  })
}

const own = () => `127.0.0.1:${host.port}`
const tokenOf = (url: string) => new URL(url).hash.replace('#token=', '')

/** How a socket that sends these frames ends: its close code, or the status with which it was refused. */
function knock(options: {
  at?: LoopbackHost
  origin?: string
  host?: string
  path?: string
  say?: readonly (string | Buffer)[]
}): Promise<number> {
  const { at = host, say = [], path = '/rpc' } = options
  const address = `127.0.0.1:${at.port}`
  const headers = options.host === undefined ? {} : { host: options.host }
  const origin = options.origin ?? `http://${address}`
  const socket = new WebSocket(`ws://${address}${path}`, { headers, ...(origin === '' ? {} : { origin }) })
  return new Promise((resolve) => {
    socket.on('unexpected-response', (_request, response) => {
      resolve(response.statusCode ?? 0)
      socket.terminate()
    })
    socket.on('open', () => {
      for (const frame of say) socket.send(frame)
    })
    socket.on('error', () => {})
    socket.on('close', (code) => resolve(code))
  })
}

describe('pages', () => {
  test('only built files are served, each with its type, and every response has the policy', async () => {
    const start = await get('/')
    expect(start).toMatchObject({ status: 200, body: expect.stringContaining('start') })
    expect(start.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
      'content-security-policy':
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
        `connect-src 'self' ws://${own()}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'`,
    })
    const script = await get('/assets/a-1.js?v=1')
    expect(script).toMatchObject({ status: 200, body: 'export const a = 1' })
    expect(script.headers['content-type']).toBe('text/javascript; charset=utf-8')
    const none = await get('/none')
    expect(none.status).toBe(404)
    expect(none.headers['content-security-policy']).toBe(start.headers['content-security-policy'])
  })

  test.each([
    ...['/../secret.html', '/assets/../../secret.html', '/%2e%2e/secret.html', '/..%2fsecret.html', '//secret.html'],
    ...[
      '/assets\\..\\..\\secret.html',
      '/index.html%00',
      '/.env',
      '/assets/a-1.js.map',
      '/link.html',
      '/assets',
      '/assets/',
    ],
    ...['/index.html/', '/INDEX.HTML', 'http://other/index.html', '/constructor', '/__proto__'],
  ])('%s is not there', async (path) => {
    expect(await get(path)).toMatchObject({ status: 404, body: '' })
  })

  test('only reading methods are supported', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'])
      expect((await get('/', { method })).status).toBe(405)
    expect(await get('/', { method: 'HEAD' })).toMatchObject({ status: 200, body: '' })
  })

  test.each(['localhost:PORT', 'evil.example:PORT', '127.0.0.1', '127.0.0.1:1', '[::1]:PORT', 'x'])(
    'another name for it is refused: %s',
    async (name) => {
      const answer = await get('/', { headers: { host: name.replace('PORT', String(host.port)) } })
      expect(answer).toMatchObject({ status: 421, body: '' })
    },
  )

  test('without a build there are no pages', () => {
    expect(loadPages(join(folder, 'none'))).toBeNull()
    expect(loadPages(scratchFolder())).toBeNull()
  })
})

describe('sockets', () => {
  test('the token determines the role', async () => {
    for (const url of [host.adminUrl, host.viewerUrl]) expect((await browserSocket(url)).ok).toBe(true)
    expect(sessions.map(({ role }) => role)).toEqual(['admin', 'viewer'])
  })

  test('without a valid token nobody reaches the console', async () => {
    const token = tokenOf(host.adminUrl)
    const hello = (word: unknown) => JSON.stringify({ k: 'hello', token: word })
    const wrong: (string | Buffer)[] = [
      ...[
        hello(''),
        hello(token.slice(1)),
        hello(`${token} `),
        hello(token.toLowerCase()),
        hello(null),
        hello([token]),
      ],
      ...[
        '',
        '{',
        'null',
        JSON.stringify({ k: 'call', id: 1, path: 'app.info', input: {} }),
        Buffer.from(hello(token)),
      ],
      JSON.stringify({ k: 'hello', token, role: 'admin' }),
    ]
    for (const frame of wrong) expect(await knock({ say: [frame] })).toBe(4401)
    expect(sessions).toEqual([])
    const refused = await browserSocket(host.adminUrl.replace(token, newTokens().admin))
    expect(refused).toMatchObject({ ok: false, error: { code: 'unauthorised' } })
  })

  test('a silent socket is closed', async () => {
    await using impatient = await startHost(200)
    expect(await knock({ at: impatient })).toBe(4401)
  })

  test('tokens have 256 bits, are in the fragment, and last for one start', async () => {
    const other = await startLoopbackHost({ pages: new Map(), session: () => {} })
    const tokens = [host.adminUrl, host.viewerUrl, other.adminUrl, other.viewerUrl].map(tokenOf)
    expect(new Set(tokens).size).toBe(4)
    for (const token of tokens) expect(Buffer.from(token, 'base64url')).toHaveLength(32)
    const { search, pathname } = new URL(host.adminUrl)
    expect([search, pathname]).toEqual(['', '/'])
    const crossed = await browserSocket(other.adminUrl.replace(tokens[2] ?? '', tokens[0] ?? ''))
    expect(crossed).toMatchObject({ ok: false, error: { code: 'unauthorised' } })
    await other[Symbol.asyncDispose]()
  })

  test('other origins, host names and paths are refused, even with a token', async () => {
    const say = [JSON.stringify({ k: 'hello', token: tokenOf(host.adminUrl) })]
    for (const origin of [
      'https://evil.example',
      'null',
      `http://localhost:${host.port}`,
      `https://${own()}`,
      'file://',
      '',
    ]) {
      expect([origin, await knock({ say, origin })]).toEqual([origin, 403])
    }
    expect(await knock({ say, host: `evil.example:${host.port}` })).toBe(421)
    expect(await knock({ say, path: '/' })).toBe(404)
    expect(await knock({ say, path: '/rpc?x' })).toBe(404)
    expect(sessions).toEqual([])
  })

  test('a frame of more than a megabyte ends the socket', async () => {
    const hello = JSON.stringify({ k: 'hello', token: tokenOf(host.adminUrl) })
    expect(await knock({ say: ['x'.repeat(1_000_001)] })).toBe(1009)
    expect(await knock({ say: [hello, 'x'.repeat(1_000_001)] })).toBe(1009)
  })

  test('a flood of frames ends the socket', async () => {
    const hello = JSON.stringify({ k: 'hello', token: tokenOf(host.viewerUrl) })
    const flood = Array<string>(3000).fill('{"k":"cancel","id":1}')
    expect(await knock({ say: [hello, ...flood] })).toBe(1006)
  })

  test('an incomplete request does not block it', async () => {
    const socket = connectTcp(host.port, '127.0.0.1')
    await once(socket, 'connect')
    socket.write('GET /rpc HTTP/1.1\r\nHost: ')
    expect((await get('/')).status).toBe(200)
    socket.destroy()
  })
})

test('it listens only on the loopback address', async () => {
  const others = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .filter(({ internal, family }) => !internal && family === 'IPv4')
    .map(({ address }) => address)
  for (const address of [...others, '127.0.0.2']) {
    const socket = connectTcp({ host: address, port: host.port, timeout: 2000 })
    const refused = await new Promise((resolve) => {
      socket
        .once('connect', () => resolve(false))
        .once('error', () => resolve(true))
        .once('timeout', () => resolve(true))
    })
    socket.destroy()
    expect([address, refused]).toEqual([address, true])
  }
})

describe('the program', () => {
  const started = new Set<ChildProcess>()
  afterEach(() => {
    for (const child of started) child.kill('SIGKILL')
    started.clear()
  })

  async function start(pages: string) {
    const words = ['src-main/entry/host.ts', '--data', join(scratchFolder(), 'data'), '--pages', pages]
    const child = spawn(process.execPath, words, { stdio: ['pipe', 'pipe', 'pipe'] })
    started.add(child)
    const exit = once(child, 'exit')
    const lines = createInterface(child.stdout)
    const first = await Promise.race([once(lines, 'line'), exit])
    return { child, exit, first: String(first[0]) }
  }

  test('prints its addresses, shows no token to other users, and ends with its parent', async () => {
    const { child, exit, first } = await start(join(folder, 'pages'))
    const started = JSON.parse(first) as { adminUrl: string; port: number }
    expect((await browserSocket(started.adminUrl)).ok).toBe(true)
    expect(child.spawnargs.join(' ')).not.toContain(tokenOf(started.adminUrl))
    child.stdin.end()
    expect(await exit).toEqual([0, null])
    expect(await browserSocket(started.adminUrl)).toMatchObject({ ok: false, error: { code: 'disconnected' } })
  })

  test('reports a missing build', async () => {
    const { exit } = await start(join(folder, 'none'))
    expect(await exit).toEqual([1, null])
  })
})
