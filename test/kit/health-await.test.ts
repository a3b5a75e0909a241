/** How a restore waits for a starting site to become healthy: it sends no requests while nothing listens. */
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ScratchSite } from '../support/scratch-site.ts'

/** Bash text: `waited` prints the number of probes within a second. None gets a healthy answer. */
const waited = (probe: string) =>
  `asked=0; health_ask() { ((++asked)); return 1; }; HEALTH_PROBE='${probe}'; health_await 1; echo "$? $asked"`
const listens = (probe: string) => `HEALTH_PROBE='${probe}'; health_listens && echo yes || echo no`

let site: ScratchSite
let servers: Server[]
beforeEach(() => {
  site = new ScratchSite()
  servers = []
})
afterEach(async () => {
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))))
  site.remove()
})

async function listening(where: { readonly host: string } | { readonly path: string }): Promise<number> {
  const server = createServer()
  servers.push(server)
  await new Promise<void>((done) => server.listen('path' in where ? where : { ...where, port: 0 }, done))
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** A port where nothing listens any more. */
async function closed(): Promise<number> {
  const port = await listening({ host: '127.0.0.1' })
  await new Promise((done) => servers.pop()?.close(done))
  return port
}

const seen = (probe: string) => site.library(listens(probe)).trim()

describe('whether anything listens', () => {
  it('is known for an address of this server, by its port', async () => {
    const port = await listening({ host: '127.0.0.1' })
    expect(seen(`http://127.0.0.1:${port}/health`)).toBe('yes')
    expect(seen(`http://localhost:${port}`)).toBe('yes')
    expect(seen(`http://127.0.0.1:${await closed()}/health`)).toBe('no')
  })

  it('is known for a socket', async () => {
    const path = join(site.folder, 'socket')
    expect(seen(`unix:${path}:/health`)).toBe('no')
    await listening({ path })
    expect(seen(`unix:${path}:/health`)).toBe('yes')
  })

  it('is unknown for another server or an unusual address, which is then probed', () => {
    expect(seen('http://192.0.2.1:9/health')).toBe('yes')
    expect(seen('http://name@127.0.0.1:9/health')).toBe('yes')
  })
})

describe('waiting for health', () => {
  it('probes only twice a second while nothing seems to listen, in case something does', async () => {
    const [status, asked] = site
      .library(waited(`http://127.0.0.1:${await closed()}/`))
      .split(' ')
      .map(Number)
    expect(status).toBe(1)
    expect([1, 2]).toContain(asked)
  })

  it('probes at once when something listens, and keeps probing', async () => {
    const port = await listening({ host: '127.0.0.1' })
    const text = `asked=0; health_ask() { ((++asked == 4)); }; pause() { echo "$asked $1"; }
      HEALTH_PROBE=http://127.0.0.1:${port}/; health_await 60; echo "$?"`
    expect(site.library(text)).toMatch(/^1 0\.\d{3}\n2 0\.\d{3}\n3 0\.\d{3}\n0\n$/)
  })

  it('ignores an answer from before the stop', async () => {
    const text = `HEALTH_STATUS=200; cancel_asked() { true; }; ON_FAIL=x; HEALTH_PROBE=x; health_await 1; echo "$? $HEALTH_STATUS"`
    expect(site.library(text)).toBe('2 000\n')
  })
})

describe('the time of day', () => {
  it('costs at most one process where bash has no milliseconds', () => {
    const text = `unset EPOCHREALTIME; now_ms; first=$REPLY
      path=$PATH PATH=/nonexistent
      for ((i = 0; i < 100; i++)); do now_ms; ((REPLY >= first)) || echo backwards; done
      ((REPLY - first < 5000)) || echo later; PATH=$path; printf '%s\\n' "$(($(date +%s%3N) - REPLY))"`
    expect(Math.abs(Number(site.library(text)))).toBeLessThan(1500)
  })

  it('follows the clock when it is set', () => {
    const text = `unset EPOCHREALTIME; now_ms; NOW_BOOTED=$((NOW_BOOTED - 3600000)); now_ms; echo "$(($(date +%s%3N) - REPLY))"`
    expect(Math.abs(Number(site.library(text)))).toBeLessThan(1500)
  })
})
