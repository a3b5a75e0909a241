import { describe, expect, test } from 'vitest'
import { connect, type SshConnection } from '../../src-main/remote/connection.ts'
import { exec } from '../../src-main/remote/exec.ts'
import { ConnectionPool, type LinkEvent, type PoolOptions } from '../../src-main/remote/pool.ts'
import { type SshTarget, targetKey } from '../../src-main/remote/target.ts'
import { fail, ok } from '../../src-shared/result.ts'
import { type FakeServer, fakeServer } from '../support/fake-server.ts'
import { accepting, failureOf, must, scratch, secrets, target } from '../support/remote.ts'

const answering = () =>
  fakeServer({
    exec: (channel) => {
      channel.exit(0)
      channel.end('done')
    },
  })

async function pooled(server: FakeServer, more: Partial<PoolOptions> = {}) {
  const folder = await scratch()
  const password = { text: 'right' }
  const events: LinkEvent[] = []
  const pool = new ConnectionPool({
    connect: (to, signal) =>
      connect({
        target: to,
        hostKeys: accepting(folder.path, server.fingerprint),
        secrets: { find: (request) => secrets({ password: password.text }).find(request) },
        signal,
      }),
    backoff: [0.01],
    ...more,
  })
  pool.subscribe((event) => events.push(event))
  return {
    pool,
    events,
    password,
    to: target(server, 'someone', { method: 'password' }),
    [Symbol.asyncDispose]: async () => {
      await pool[Symbol.asyncDispose]()
      await folder[Symbol.asyncDispose]()
    },
  }
}

describe('the pool', () => {
  test('shares one connection per site, and ends it when nobody uses it', async () => {
    await using server = await answering()
    await using given = await pooled(server, { idle: 20 })
    const leases = await Promise.all(Array.from({ length: 5 }, () => given.pool.lease(given.to)))
    const connections = new Set(leases.map((lease) => must(lease).connection))
    expect([connections.size, server.connections()]).toEqual([1, 1])
    const [connection] = connections
    for (const lease of leases.slice(1)) must(lease).release()
    must(await exec(must(leases[0] ?? fail({ code: 'none', message: '' })).connection, 'x'))
    must(leases[0] ?? fail({ code: 'none', message: '' })).release()
    expect(await connection?.closed).toBeNull()
    await expect.poll(() => given.events.map((event) => event.state)).toEqual(['connecting', 'connected', 'closed'])
    using again = must(await given.pool.lease(given.to))
    expect(must(await exec(again.connection, 'x')).stdout.toString()).toBe('done')
    expect(server.connections()).toBe(2)
  })

  test('a lost link is reopened for the next caller, with a new generation', async () => {
    await using server = await answering()
    await using given = await pooled(server)
    using first = must(await given.pool.lease(given.to))
    server.cut()
    expect((await first.connection.closed)?.code).toBe('link-lost')
    using second = must(await given.pool.lease(given.to))
    expect(second.generation).toBeGreaterThan(first.generation)
    expect(second.connection).not.toBe(first.connection)
    expect(given.events.find((event) => event.state === 'closed')).toMatchObject({ failure: { code: 'link-lost' } })
  })

  test('after a failed login nothing is retried, however often a caller asks, until it is unblocked', async () => {
    await using server = await fakeServer({
      authenticate: (context) =>
        context.method === 'password' && context.password === 'right' ? context.accept() : context.reject(['password']),
    })
    await using given = await pooled(server)
    given.password.text = 'wrong'
    const patient = given.pool.lease(given.to, { retryFor: 60_000 })
    expect(failureOf(await patient).code).toBe('auth-failed')
    expect(failureOf(await given.pool.lease(given.to, { retryFor: 60_000 })).code).toBe('auth-failed')
    expect([server.tries, server.connections()]).toEqual([['password'], 1])
    given.password.text = 'right'
    given.pool.unblock(given.to)
    using lease = must(await given.pool.lease(given.to))
    expect(lease.connection.alive).toBe(true)
  })

  test('an unblock during an attempt causes another attempt, for all waiting callers', async () => {
    const seen = Promise.withResolvers<void>()
    await using server = await fakeServer({
      authenticate: (context) => {
        if (context.method === 'password' && context.password === 'right') context.accept()
        else if (context.method === 'password') seen.promise.then(() => context.reject(['password']))
        else context.reject(['password'])
      },
    })
    await using given = await pooled(server)
    given.password.text = 'wrong'
    const before = given.pool.lease(given.to)
    await expect.poll(() => server.tries).toEqual(['password'])
    given.password.text = 'right'
    given.pool.unblock(given.to)
    const after = given.pool.lease(given.to)
    seen.resolve()
    using one = must(await before)
    using other = must(await after)
    expect(one.connection).toBe(other.connection)
    expect([server.tries, server.connections()]).toEqual([['password', 'password'], 2])
  })

  test('an unknown host key is not retried either', async () => {
    await using server = await answering()
    await using given = await pooled({ ...server, fingerprint: 'SHA256:other' } as FakeServer)
    expect(failureOf(await given.pool.lease(given.to, { retryFor: 60_000 })).code).toBe('host-key-unknown')
    expect(failureOf(await given.pool.lease(given.to)).code).toBe('host-key-unknown')
    expect(server.connections()).toBe(1)
  })

  test('retryFor retries an unreachable site by the schedule; without it the first failure is returned', async () => {
    await using server = await answering()
    let tries = 0
    const unreachable = fail({ code: 'unreachable', message: 'down' })
    await using folder = await scratch()
    const hostKeys = accepting(folder.path, server.fingerprint)
    const come = (to: SshTarget) => connect({ target: to, hostKeys, secrets: secrets({ password: 'x' }) })
    await using given = await pooled(server, {
      connect: async (to) => {
        tries += 1
        return tries < 4 ? unreachable : come(to)
      },
      backoff: [0.01, 0.02, 0.03],
      random: () => 1 / 3,
    })
    expect(failureOf(await given.pool.lease(given.to)).code).toBe('unreachable')
    expect(tries).toBe(1)
    using lease = must(await given.pool.lease(given.to, { retryFor: 60_000 }))
    expect([lease.connection.alive, tries]).toEqual([true, 4])
    const waits = given.events.flatMap((event) => (event.state === 'waiting' ? [event.failure.code] : []))
    expect(waits).toEqual(['unreachable', 'unreachable'])
    // Whole milliseconds, as everywhere in the contract.
    const again = given.events.flatMap((event) => (event.state === 'waiting' ? [event.retryAt] : []))
    expect(again.every(Number.isSafeInteger)).toBe(true)
  })

  test('a connection that arrives after its site was closed is discarded', async () => {
    await using server = await answering()
    const late = Promise.withResolvers<SshConnection>()
    await using folder = await scratch()
    const hostKeys = accepting(folder.path, server.fingerprint)
    await using given = await pooled(server, { connect: async () => ok(await late.promise) })
    const asked = given.pool.lease(given.to)
    await expect.poll(() => given.events.length).toBe(1)
    await given.pool.close(given.to)
    const opened = must(await connect({ target: given.to, hostKeys, secrets: secrets({ password: 'x' }) }))
    late.resolve(opened)
    expect(failureOf(await asked).code).toBe('cancelled')
    expect(await opened.closed).toBeNull()
    expect(given.events.map((event) => event.state)).toEqual(['connecting'])
  })

  test('the number of connections opened at once is limited, over all sites', async () => {
    await using server = await answering()
    let open = 0
    let most = 0
    await using given = await pooled(server, {
      maxConnecting: 3,
      connect: async () => {
        open += 1
        most = Math.max(most, open)
        await new Promise(setImmediate)
        open -= 1
        return fail({ code: 'unreachable', message: 'down' })
      },
    })
    const sites = Array.from({ length: 20 }, (_, index) => ({ ...given.to, host: `site${index}` }))
    await Promise.all(sites.map((site) => given.pool.lease(site)))
    expect(most).toBe(3)
  })

  test('a cancelled caller leaves the attempt to the others', async () => {
    await using server = await answering()
    await using given = await pooled(server)
    const stop = new AbortController()
    const [first, second] = [given.pool.lease(given.to, { signal: stop.signal }), given.pool.lease(given.to)]
    stop.abort()
    expect(failureOf(await first).code).toBe('cancelled')
    using lease = must(await second)
    expect([lease.connection.alive, server.connections()]).toEqual([true, 1])
  })

  test('sites that differ in any hop do not share a connection', () => {
    const hop = { host: 'a', port: 22, user: 'u', auth: { method: 'agent' } } as const
    const keys = [
      { ...hop, jumps: [] },
      { ...hop, jumps: [hop] },
      { ...hop, jumps: [{ ...hop, port: 23 }] },
      { ...hop, user: 'v', jumps: [] },
      { ...hop, auth: { method: 'key', keyFile: '/k' } as const, jumps: [] },
      { ...hop, auth: { method: 'agent', identity: 'SHA256:x' } as const, jumps: [] },
    ].map(targetKey)
    expect(new Set(keys).size).toBe(keys.length)
  })
})

describe('a probe, as after a sleep', () => {
  test('keeps connections that answer', async () => {
    await using server = await answering()
    await using given = await pooled(server)
    using lease = must(await given.pool.lease(given.to))
    await given.pool.probe()
    expect(lease.connection.alive).toBe(true)
    expect(must(await exec(lease.connection, 'x')).stdout.toString()).toBe('done')
  })

  test('drops connections that do not, and their users are notified', async () => {
    await using server = await answering()
    await using given = await pooled(server)
    using lease = must(await given.pool.lease(given.to))
    server.freeze()
    await given.pool.probe(50)
    expect(await lease.connection.closed).toMatchObject({ code: 'link-lost' })
  })
})
