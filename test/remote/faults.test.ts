import { describe, expect, test } from 'vitest'
import { connect } from '../../src-main/remote/connection.ts'
import { exec } from '../../src-main/remote/exec.ts'
import { fakeServer } from '../support/fake-server.ts'
import { accepting, failureOf, must, scratch, secrets, target } from '../support/remote.ts'

describe('a failing server or link', () => {
  const open = async (server: { host: string; port: number; fingerprint: string }, more: object = {}) => {
    await using folder = await scratch()
    const given = target(server, 'someone', { method: 'password' })
    const hostKeys = accepting(folder.path, server.fingerprint)
    return await connect({ target: given, hostKeys, secrets: secrets({ password: 'x' }), ...more })
  }

  test('a channel that closes without an exit code is a lost link, not a success', async () => {
    await using server = await fakeServer({ exec: (channel) => channel.end('partial') })
    await using connection = must(await open(server))
    expect(failureOf(await exec(connection, 'x'))).toMatchObject({ code: 'link-lost', ended: false })
  })

  test('a dropped link is link-lost for every command, and for the connection', async () => {
    let channels = 0
    await using server = await fakeServer({
      exec: (channel) => {
        channel.write('half a li')
        channels += 1
        if (channels === 2) server.cut()
      },
    })
    const connection = must(await open(server))
    const results = await Promise.all([exec(connection, 'a'), exec(connection, 'b')])
    expect(results.map((result) => failureOf(result).code)).toEqual(['link-lost', 'link-lost'])
    expect((await connection.closed)?.code).toBe('link-lost')
    expect(connection.alive).toBe(false)
    expect(failureOf(await exec(connection, 'c')).code).toBe('link-lost')
  })

  test('an exit code after truncated output is a lost link', async () => {
    await using server = await fakeServer({
      exec: (channel) => {
        channel.write('half')
        channel.exit(0)
        setImmediate(() => server.cut())
      },
    })
    const connection = must(await open(server))
    expect(failureOf(await exec(connection, 'a')).code).toBe('link-lost')
  })

  test('a server that opens no channel is reported as such', async () => {
    await using server = await fakeServer({ maxSessions: 0 })
    await using connection = must(await open(server))
    expect(failureOf(await exec(connection, 'a')).code).toBe('channel-refused')
    expect(connection.slots.taken).toBe(0)
  })

  test('the keep-alive ends the connection to a server that no longer answers', async () => {
    await using server = await fakeServer({
      onClient: (client) => client.on('request', () => undefined),
      exec: () => undefined,
    })
    const connection = must(await open(server, { keepalive: 50 }))
    const running = exec(connection, 'a')
    server.freeze()
    expect(failureOf(await running).code).toBe('link-lost')
    expect((await connection.closed)?.message).toContain('Keepalive')
  })

  test('closed port, unknown name, no SSH server, no answer: distinct failures, and nothing hangs', async () => {
    await using server = await fakeServer()
    const { host, port, fingerprint } = server
    const free = { host, port: 1, fingerprint }
    expect(failureOf(await open(free))).toMatchObject({ code: 'unreachable' })
    expect(failureOf(await open({ host: 'no-such-host.invalid', port, fingerprint })).code).toBe('unreachable')
    server.freeze()
    expect(failureOf(await open(server, { readyTimeout: 200 })).code).toBe('timeout')
    const stop = new AbortController()
    const waiting = open(server, { signal: stop.signal })
    stop.abort()
    expect(failureOf(await waiting).code).toBe('cancelled')
  })
})
