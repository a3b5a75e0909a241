/** Downloads and uploads of a browser: over the real HTTP of the loopback host, on the demo site, byte for byte. */
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { connect as connectTcp } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Application } from '../../src-main/app/application.ts'
import { type DemoSite, startDemoSite } from '../../src-main/demo/site.ts'
import { disposition } from '../../src-main/host/door-keeper.ts'
import { type LoopbackHost, startLoopbackHost } from '../../src-main/host/server.ts'
import { addSite } from '../../src-main/operations/add-site.ts'
import { type ConsoleContract, contract } from '../../src-shared/contract/index.ts'
import type { Transfer } from '../../src-shared/contract/transfers.ts'
import { encodePath } from '../../src-shared/domain/backup-path.ts'
import type { Result } from '../../src-shared/result.ts'
import { connect, type RpcClient } from '../../src-shared/rpc/connect.ts'
import { openApplication, until } from '../support/application.ts'
import { browserSocket } from '../support/carriers.ts'
import { fileFolder } from '../support/folder.ts'

const MB = 1_000_000
const NAME = 'cvd_backup_20260301_120000.db.gz'
const data = fileFolder()
const big = randomBytes(24 * MB)
let demo: DemoSite
let application: Application
let host: LoopbackHost
let admin: RpcClient<ConsoleContract>
let site = ''

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
const onSite = (name: string) => join(demo.root, 'backups', name)
const stage = () => join(data.folder, 'console', 'transfers', String(process.pid))

function must<T>(result: Result<T>): T {
  if (result.ok) return result.value
  throw new Error(JSON.stringify(result.error))
}

beforeAll(async () => {
  demo = await startDemoSite({ appStartMs: 50 })
  application = openApplication(data.folder)
  const { doors } = application.transfers
  host = await startLoopbackHost({ pages: new Map(), session: application.session.bind(application), doors })
  admin = connect({ contract, open: () => browserSocket(host.adminUrl), strict: true })
  const added = await addSite(application.console.context, {
    name: 'Depot',
    target: {
      ...{ host: demo.host, port: demo.port, user: demo.user, jumps: [] },
      auth: { method: 'key', keyFile: demo.keyFile },
    },
    sudo: 'none',
    policy: { root: demo.root, health: demo.app.healthUrl },
    accept: [demo.hostKeyFingerprint],
  })
  site = must(added).site.id
  writeFileSync(onSite('big.db'), big)
})

afterAll(async () => {
  admin?.close()
  await host?.[Symbol.asyncDispose]()
  await application?.[Symbol.asyncDispose]()
  await demo?.stop()
  data.remove()
})

function when(id: string, fits: (transfer: Transfer) => boolean): Promise<Transfer> {
  const found = ({ transfers }: { readonly transfers: readonly Transfer[] }) => transfers.find((one) => one.id === id)
  return until<{ transfers: Transfer[] }>(
    (observer) => admin.calls.transfers.watch({}, observer),
    (state) => {
      const one = found(state)
      return one !== undefined && fits(one)
    },
  ).then((state) => found(state) as Transfer)
}

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: Buffer
}

function ask(
  path: string,
  { method = 'GET', headers = {}, body }: { method?: string; headers?: Record<string, string>; body?: Buffer } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port: host.port, path, method, headers }, async (response) => {
      const pieces: Buffer[] = []
      for await (const piece of response) pieces.push(piece)
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(pieces) })
    })
    asked.on('error', reject).end(body)
  })
}

const own = () => ({ origin: `http://127.0.0.1:${host.port}` })
const post = (url: string, body: Buffer, headers: Record<string, string> = own()) =>
  ask(url, { method: 'POST', headers: { ...headers, 'content-length': String(body.length) }, body })

const begin = async (path = encodePath(onSite('big.db'))) =>
  must(await admin.calls.transfers.download({ site, path })).transfer ?? ''
const announce = async (name: string, size: number) =>
  must(await admin.calls.transfers.receive({ site, name, size, modifiedAt: 1_770_000_000_000 }))

test('a download is verified before the browser gets it, once, whole, and under its name', async () => {
  const id = await begin()
  const ready = await when(id, ({ state }) => state === 'ready')
  expect(ready).toMatchObject({ sha256: sha256(big), basis: 'none', done: big.length, total: big.length, file: '' })
  const { url } = must(await admin.calls.transfers.link({ transfer: id }))
  // Nothing of it names a file or a place.
  expect(url).toMatch(/^\/transfers\/[A-Za-z0-9_-]{43}$/)
  const got = await ask(url)
  expect([got.status, got.headers['content-disposition'], got.headers['cache-control']]).toEqual([
    200,
    `attachment; filename="big.db"; filename*=UTF-8''big.db`,
    'no-store',
  ])
  expect(got.body.equals(big)).toBe(true)
  expect(await when(id, ({ state }) => state === 'ended')).toMatchObject({ outcome: 'succeeded' })
  expect((await ask(url)).status).toBe(404)
  expect(await admin.calls.transfers.link({ transfer: id })).toMatchObject({ error: { code: 'not-found' } })
  await expect.poll(() => readdirSync(stage())).toEqual([])
})

test('an address is for one of our pages only, and for one way', async () => {
  const id = await begin()
  await when(id, ({ state }) => state === 'ready')
  const { url } = must(await admin.calls.transfers.link({ transfer: id }))
  expect((await ask(url, { headers: { host: 'evil.example' } })).status).toBe(421)
  expect((await ask(url, { headers: { 'sec-fetch-site': 'cross-site' } })).status).toBe(403)
  expect((await ask(url, { method: 'HEAD' })).status).toBe(405)
  expect((await post(url, Buffer.from('x'))).status).toBe(404)
  expect((await ask(`${url}x`)).status).toBe(404)
  expect((await ask('/transfers/')).status).toBe(404)
  // None of these used it up.
  expect((await ask(url, { headers: { 'sec-fetch-site': 'same-origin' } })).status).toBe(200)
})

test('a browser that stops taking it can take it again', async () => {
  const id = await begin()
  await when(id, ({ state }) => state === 'ready')
  const { url } = must(await admin.calls.transfers.link({ transfer: id }))
  const socket = connectTcp(host.port, '127.0.0.1')
  await once(socket, 'connect')
  socket.write(`GET ${url} HTTP/1.1\r\nHost: 127.0.0.1:${host.port}\r\n\r\n`)
  await once(socket, 'data')
  socket.destroy()
  const again = must(await admin.calls.transfers.link({ transfer: id }))
  expect((await ask(again.url)).body.equals(big)).toBe(true)
})

test('a cancelled download keeps what has arrived, and goes on from there', async () => {
  const id = await begin()
  await when(id, ({ phase, done }) => phase === 'transferring' && done > 0)
  must(await admin.calls.transfers.cancel({ transfer: id }))
  const cancelled = await when(id, ({ state }) => state === 'ended')
  expect(cancelled).toMatchObject({
    outcome: 'cancelled',
    failure: { code: 'cancelled', next: 'Try again: it goes on where it stopped.' },
    repeatable: true,
  })
  const kept = statSync(join(stage(), id, 'big.db.part')).size
  expect(cancelled.failure?.unchanged).toMatch(/^What has arrived is kept \(/)
  must(await admin.calls.transfers.again({ transfer: id }))
  const first = await when(id, ({ state, phase, done }) => state === 'ready' || (phase === 'transferring' && done > 0))
  expect(first.done).toBeGreaterThanOrEqual(kept)
  await when(id, ({ state }) => state === 'ready')
  must(await admin.calls.transfers.dismiss({ transfer: id }))
  await expect.poll(() => readdirSync(stage())).not.toContain(id)
})

test('a download goes on when the link to the site breaks', async () => {
  const id = await begin()
  await when(id, ({ phase, done }) => phase === 'transferring' && done > 0)
  demo.dropConnections()
  expect(await when(id, ({ state }) => state !== 'running')).toMatchObject({ state: 'ready', sha256: sha256(big) })
  must(await admin.calls.transfers.dismiss({ transfer: id }))
})

test('an upload arrives byte for byte, with its time, and is listed', async () => {
  const { transfer, url } = await announce(NAME, big.length)
  expect((await post(url, big)).status).toBe(204)
  const done = await when(transfer, ({ state }) => state === 'ended')
  expect(done).toMatchObject({
    outcome: 'succeeded',
    basis: 'server',
    sha256: sha256(big),
    path: encodePath(onSite(NAME)),
  })
  expect(readFileSync(onSite(NAME)).equals(big)).toBe(true)
  expect((await post(url, big)).status).toBe(404)
  await expect.poll(() => readdirSync(stage())).not.toContain(transfer)
  const other = await announce(NAME, 3)
  await post(other.url, Buffer.from('abc'))
  expect(await when(other.transfer, ({ state }) => state === 'ended')).toMatchObject({
    outcome: 'failed',
    failure: { code: 'name-taken', next: expect.stringContaining('Rename yours') },
  })
  expect(readFileSync(onSite(NAME)).equals(big)).toBe(true)
})

test('a request with an incomplete body is closed, while an upload that takes as long is received', async () => {
  const body = randomBytes(300_000)
  const { transfer, url } = await announce('cvd_backup_20260302_120000.db.gz', body.length)
  const asked = request({
    ...{ host: '127.0.0.1', port: host.port, path: url, method: 'POST' },
    headers: { ...own(), 'content-length': String(body.length) },
  })
  asked.write(body.subarray(0, 100_000))
  await when(transfer, ({ phase, done }) => phase === 'receiving' && done > 0)
  // Begun later than the upload, and closed before it ends.
  const socket = connectTcp(host.port, '127.0.0.1')
  await once(socket, 'connect')
  socket.write(`POST / HTTP/1.1\r\nHost: 127.0.0.1:${host.port}\r\nContent-Length: 1000000\r\n\r\nx`)
  socket.resume()
  await once(socket, 'close')
  asked.end(body.subarray(100_000))
  await once(asked, 'response')
  expect(await when(transfer, ({ state }) => state === 'ended')).toMatchObject({ outcome: 'succeeded' })
})

test('an upload that breaks off leaves nothing, and says that the file has to be chosen again', async () => {
  const { transfer, url } = await announce('cvd_backup_20260303_120000.db.gz', big.length)
  const asked = request({
    ...{ host: '127.0.0.1', port: host.port, path: url, method: 'POST' },
    headers: { ...own(), 'content-length': String(big.length) },
  })
  asked.on('error', () => {})
  asked.write(big.subarray(0, MB))
  await when(transfer, ({ phase, done }) => phase === 'receiving' && done > 0)
  asked.destroy()
  expect(await when(transfer, ({ state }) => state === 'ended')).toMatchObject({
    ...{ outcome: 'failed', repeatable: false },
    failure: { code: 'not-received', unchanged: 'Nothing was uploaded.', next: 'Choose the file again.' },
  })
  expect(readdirSync(join(demo.root, 'backups'))).not.toContain('cvd_backup_20260303_120000.db.gz')
})

test('an upload of another size, from elsewhere, or under a name that is none, is refused', async () => {
  const { transfer, url } = await announce('cvd_backup_20260304_120000.db.gz', 5)
  expect((await post(url, Buffer.from('12345'), { origin: 'http://evil.example' })).status).toBe(403)
  expect((await post(url, Buffer.from('12345'), {})).status).toBe(403)
  await post(url, Buffer.from('1234')).catch(() => undefined)
  expect(await when(transfer, ({ state }) => state === 'ended')).toMatchObject({ outcome: 'failed' })
  for (const name of ['../x.db', '..', 'a/b.db', 'a\\b.db', '.hidden', 'x\n.db', '-x', 'C:x']) {
    const refused = await admin.calls.transfers.receive({ site, name, size: 5, modifiedAt: 1 })
    expect([name, refused.ok ? '' : refused.error.code]).toEqual([name, 'usage'])
  }
})

test('a window that chooses natively has no addresses, and one that does not has no dialogs', async () => {
  expect(await admin.calls.transfers.upload({ site })).toMatchObject({ error: { code: 'unsupported' } })
})

test('the name of a download is no way to write a header', () => {
  expect(disposition('a"b\r\nSet-Cookie: x.db')).toBe(
    `attachment; filename="a_b__Set-Cookie__x.db"; filename*=UTF-8''a%22b%0D%0ASet-Cookie%3A%20x.db`,
  )
})
