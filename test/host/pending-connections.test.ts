/** D2: silent connections keep nobody out. Over real sockets, which no deadline of the host closes meanwhile. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { type LoopbackHost, startLoopbackHost } from '../../src-main/host/server.ts'
import { browserSocket } from '../support/carriers.ts'

/** More than the limit for connections without a token. */
const CROWD = 700
let host: LoopbackHost
let crowd: Set<Socket>

beforeEach(async () => {
  crowd = new Set()
  // Waiting this long is a failure: a window must be let in at once.
  host = await startLoopbackHost({ pages: new Map(), session: () => {}, tokenTimeout: 300_000 })
})
afterEach(async () => {
  for (const socket of crowd) socket.destroy()
  await host[Symbol.asyncDispose]()
})

const upgrade = () =>
  [
    'GET /rpc HTTP/1.1',
    `Host: 127.0.0.1:${host.port}`,
    `Origin: http://127.0.0.1:${host.port}`,
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
    '\r\n',
  ].join('\r\n')

/** A connection that sends this and nothing more. `gone` resolves when the host has closed it. */
async function intrude(text: string): Promise<{ readonly gone: Promise<unknown> }> {
  const socket = connect(host.port, '127.0.0.1')
  crowd.add(socket)
  const gone = new Promise((resolve) => socket.once('close', resolve)).then(() => crowd.delete(socket))
  socket.on('error', () => undefined)
  // Unread answers would hide that it was closed.
  socket.resume()
  await Promise.race([once(socket, 'connect').catch(() => undefined), gone])
  if (text !== '') socket.write(text)
  return { gone }
}

async function letIn(): Promise<void> {
  const began = performance.now()
  const opened = await browserSocket(host.adminUrl)
  expect(opened.ok).toBe(true)
  // Every deadline of the host's is later than this.
  expect(performance.now() - began).toBeLessThan(2500)
  if (opened.ok) opened.value.close()
}

test.each([
  ['connections that say nothing', () => ''],
  ['half requests', () => 'GET /rpc HTTP/1.1\r\nHost: '],
  ['sockets that say no token', upgrade],
])(`${CROWD} %s do not lock windows out`, async (_what, text) => {
  for (let count = 0; count < CROWD; count += 1) await intrude(text())
  // They are limited: the first ones were closed.
  await expect.poll(() => crowd.size).toBeLessThanOrEqual(512)
  for (let time = 0; time < 5; time += 1) await letIn()
})

test('connections without a token that reconnect at once do not lock windows out', async () => {
  let open = true
  const comeAgain = async (): Promise<void> => {
    while (open) await (await intrude(upgrade())).gone
  }
  const all = Array.from({ length: CROWD }, comeAgain)
  await expect.poll(() => crowd.size).toBeGreaterThan(500)
  for (let time = 0; time < 20; time += 1) await letIn()
  open = false
  for (const socket of crowd) socket.destroy()
  await Promise.all(all)
})

test('authenticated windows stay, however many other connections come', async () => {
  const opened = await browserSocket(host.viewerUrl)
  if (!opened.ok) throw new Error(opened.error.message)
  let closed = false
  opened.value.onClose(() => {
    closed = true
  })
  for (let count = 0; count < CROWD; count += 1) await intrude(upgrade())
  await letIn()
  expect(closed).toBe(false)
})

test('64 windows may connect; another is refused until one leaves', async () => {
  const windows = await Promise.all(Array.from({ length: 64 }, () => browserSocket(host.adminUrl)))
  expect(windows.every(({ ok }) => ok)).toBe(true)
  const origin = `http://127.0.0.1:${host.port}`
  const late = new WebSocket(`ws://127.0.0.1:${host.port}/rpc`, { origin })
  late.on('open', () => late.send(JSON.stringify({ k: 'hello', token: new URL(host.adminUrl).hash.slice(7) })))
  expect((await once(late, 'close'))[0]).toBe(1013)
  const [first] = windows
  if (first?.ok) first.value.close()
  await expect.poll(async () => (await browserSocket(host.adminUrl)).ok).toBe(true)
})

test('an incomplete or missing request is closed by the host within seconds', async () => {
  const sockets = await Promise.all([intrude(''), intrude('GET / HTTP/1.1\r\nHost: ')])
  const began = performance.now()
  await Promise.all(sockets.map(({ gone }) => gone))
  expect(performance.now() - began).toBeLessThan(15_000)
})
