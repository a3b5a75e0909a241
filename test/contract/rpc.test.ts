/** What the contract promises to callers, over every transport. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { command, query, type Role, subscription } from '../../src-shared/contract/define.ts'
import { fail, ok } from '../../src-shared/result.ts'
import type { Observer } from '../../src-shared/rpc/client-types.ts'
import { connect, type RpcClient } from '../../src-shared/rpc/connect.ts'
import { aborted, type Handlers } from '../../src-shared/rpc/handlers.ts'
import { serve } from '../../src-shared/rpc/serve.ts'
import { ANSWER_LIMIT, OPEN_LIMIT, REQUEST_LIMIT, type Transport } from '../../src-shared/rpc/transport.ts'
import { type Carrier, carriers } from '../support/carriers.ts'

const contract = {
  toy: {
    double: query({ role: 'viewer', input: z.strictObject({ n: z.number() }), output: z.object({ n: z.number() }) }),
    refuse: query({ role: 'viewer', input: z.strictObject({}), output: z.object({}) }),
    explode: query({ role: 'viewer', input: z.strictObject({}), output: z.object({}) }),
    lie: query({ role: 'viewer', input: z.strictObject({}), output: z.object({ n: z.number() }) }),
    chatter: query({ role: 'viewer', input: z.strictObject({}), output: z.object({ known: z.string() }) }),
    wait: query({ role: 'viewer', input: z.strictObject({}), output: z.object({}) }),
    write: command({ role: 'admin', input: z.strictObject({ text: z.string() }), output: z.object({}) }),
    count: subscription({
      role: 'viewer',
      input: z.strictObject({ to: z.number() }),
      snapshot: z.object({ sum: z.number(), list: z.array(z.number()) }),
      change: z.object({ add: z.number() }),
      apply: (state, { add }) => ({ sum: state.sum + add, list: [...state.list, add] }),
    }),
    watch: subscription({
      role: 'viewer',
      input: z.strictObject({}),
      snapshot: z.object({ texts: z.array(z.string()) }),
      change: z.object({ text: z.string() }),
      apply: (state, { text }) => ({ texts: [...state.texts, text] }),
    }),
  },
}

type Client = RpcClient<typeof contract>

describe.each(Object.entries(carriers))('over %s', (_name, make) => {
  const written: string[] = []
  const listeners = new Set<(text: string) => void>()
  let waiting = 0
  let incidents: { readonly error: unknown; readonly path: string }[] = []
  let sessions: Transport[] = []
  let carrier: Carrier
  const clients: Client[] = []

  const handlers: Handlers<typeof contract> = {
    toy: {
      double: ({ n }) => ok({ n: n * 2 }),
      refuse: () => fail({ code: 'not-today', message: 'No.', unchanged: 'All.', next: 'Tomorrow.' }),
      explode: () => {
        throw new Error('SELECT secret FROM /etc/passwd')
      },
      lie: () => ok({ n: 'no number' } as unknown as { n: number }),
      chatter: () => ok({ known: 'yes', password: 'hidden' } as { known: string }),
      wait: async (_input, { signal }) => {
        waiting += 1
        await aborted(signal)
        waiting -= 1
        return ok({})
      },
      write: ({ text }) => {
        written.push(text)
        for (const listener of listeners) listener(text)
        return ok({})
      },
      count: async ({ to }, feed) => {
        feed.snapshot({ sum: 0, list: [] })
        for (let n = 1; n <= to; n += 1) feed.change({ add: n })
        return ok(null)
      },
      watch: async (_input, feed) => {
        feed.snapshot({ texts: [...written] })
        const listener = (text: string) => feed.change({ text })
        listeners.add(listener)
        await aborted(feed.signal)
        listeners.delete(listener)
        return ok(null)
      },
    },
  }

  const client = (role: Role = 'admin'): Client => {
    const made = connect({ contract, strict: true, backoff: [5], open: () => carrier.open(role) })
    clients.push(made)
    return made
  }

  beforeEach(async () => {
    written.length = 0
    incidents = []
    sessions = []
    carrier = await make((transport, role) => {
      sessions.push(transport)
      const incident = (error: unknown, path: string) => {
        incidents.push({ error, path })
        return `incident-${incidents.length}`
      }
      serve({ contract, handlers, transport, role, incident })
    })
  })

  afterEach(async () => {
    for (const one of clients.splice(0)) one.close()
    await expect.poll(() => listeners.size).toBe(0)
    await carrier[Symbol.asyncDispose]()
  })

  test('a call is answered, and a refusal arrives with its full text', async () => {
    const { calls } = client()
    expect(await calls.toy.double({ n: 21 })).toEqual(ok({ n: 42 }))
    const refusal = { code: 'not-today', message: 'No.', unchanged: 'All.', next: 'Tomorrow.' }
    expect(await calls.toy.refuse({})).toEqual(fail(refusal))
  })

  test('an internal error becomes an incident: its text stays in the log', async () => {
    const refused = await client('viewer').calls.toy.explode({})
    expect(refused).toMatchObject({ ok: false, error: { code: 'internal', incident: 'incident-1' } })
    expect(JSON.stringify(refused)).not.toMatch(/SELECT|passwd/)
    expect(incidents).toMatchObject([{ path: 'toy.explode' }])
  })

  test('an answer that violates the contract is not sent, and unknown members are removed', async () => {
    const { calls } = client()
    expect(await calls.toy.lie({})).toMatchObject({ ok: false, error: { code: 'internal' } })
    expect(await calls.toy.chatter({})).toEqual(ok({ known: 'yes' }))
  })

  test('a viewer is refused every change, before the input is read', async () => {
    const { calls } = client('viewer')
    expect(await calls.toy.write({ text: 'x' })).toMatchObject({ ok: false, error: { code: 'forbidden' } })
    expect(await calls.toy.write({} as { text: string })).toMatchObject({ error: { code: 'forbidden' } })
    expect(written).toEqual([])
  })

  test('input is validated, and a refusal does not repeat it', async () => {
    const { calls } = client()
    const sent = { text: 7, 'hidden-key': 'hidden' } as unknown as { text: string }
    const refused = await calls.toy.write(sent)
    expect(refused).toMatchObject({ ok: false, error: { code: 'invalid-input' } })
    expect(JSON.stringify(refused)).not.toContain('hidden')
  })

  test('a subscription is a state and its changes, then ends', async () => {
    const { calls } = client()
    const states: number[] = []
    const failure = await new Promise((resolve) => {
      calls.toy.count({ to: 50 }, { onState: ({ sum }) => states.push(sum), onEnd: resolve })
    })
    expect(failure).toBeNull()
    expect(states).toHaveLength(51)
    expect(states.at(-1)).toBe(1275)
  })

  test('a change that violates the contract ends only its subscription', async () => {
    const { calls } = client()
    const seen: number[] = []
    const end = new Promise((resolve) => {
      calls.toy.watch({}, { onState: ({ texts }) => seen.push(texts.length), onEnd: resolve })
    })
    await expect.poll(() => listeners.size).toBe(1)
    // As from a timer: nobody catches what it throws.
    for (const listener of listeners) listener(7 as unknown as string)
    expect(await end).toMatchObject({ code: 'internal', incident: 'incident-1' })
    await expect.poll(() => listeners.size).toBe(0)
    expect([seen, incidents]).toMatchObject([[0], [{ path: 'toy.watch' }]])
    expect(await calls.toy.double({ n: 1 })).toEqual(ok({ n: 2 }))
  })

  test("two windows see each other's changes, until they unsubscribe", async () => {
    const one = client()
    const other = client('viewer')
    const seen: Record<string, readonly string[]> = {}
    const watch = (name: string, from: Client): Promise<() => void> =>
      new Promise((resolve) => {
        const observer: Observer<{ texts: string[] }> = {
          onState: ({ texts }) => {
            seen[name] = texts
            resolve(leave)
          },
        }
        const leave = from.calls.toy.watch({}, observer)
      })
    await watch('one', one)
    const leave = await watch('other', other)
    await one.calls.toy.write({ text: 'a' })
    await expect.poll(() => seen).toEqual({ one: ['a'], other: ['a'] })
    leave()
    await expect.poll(() => listeners.size).toBe(1)
    await one.calls.toy.write({ text: 'b' })
    await expect.poll(() => seen).toEqual({ one: ['a', 'b'], other: ['a'] })
  })

  test('cancelling a call cancels it on the other side', async () => {
    const { calls } = client()
    const stop = new AbortController()
    const answer = calls.toy.wait({}, { signal: stop.signal })
    await expect.poll(() => waiting).toBe(1)
    stop.abort()
    expect(await answer).toMatchObject({ ok: false, error: { code: 'cancelled' } })
    await expect.poll(() => waiting).toBe(0)
  })

  test('closing a window cancels its calls', async () => {
    const one = client()
    const answer = one.calls.toy.wait({})
    await expect.poll(() => waiting).toBe(1)
    one.close()
    expect(await answer).toMatchObject({ ok: false, error: { code: 'disconnected' } })
    await expect.poll(() => waiting).toBe(0)
  })

  test('after a lost connection subscriptions resume with a new snapshot, and calls report that their outcome is unknown', async () => {
    const one = client()
    let texts: readonly string[] = []
    one.calls.toy.watch({}, { onState: (state) => (texts = state.texts) })
    const links: string[] = []
    one.onLink(({ state }) => links.push(state))
    await one.calls.toy.write({ text: 'before' })
    await expect.poll(() => texts).toEqual(['before'])
    const answer = one.calls.toy.wait({})
    await expect.poll(() => waiting).toBe(1)
    sessions[0]?.close()
    expect(await answer).toMatchObject({ error: { code: 'disconnected', unchanged: 'Nothing was changed.' } })
    written.push('meanwhile')
    await expect.poll(() => texts).toEqual(['before', 'meanwhile'])
    expect(links).toContain('lost')
    expect(one.link.state).toBe('open')
    await one.calls.toy.write({ text: 'after' })
    await expect.poll(() => texts).toEqual(['before', 'meanwhile', 'after'])
  })

  test('unknown calls, duplicate ids and too many open calls are refused', async () => {
    const opened = await carrier.open('admin')
    if (!opened.ok) throw new Error(opened.error.message)
    const raw = opened.value
    const answers: { readonly id: number; readonly error?: { readonly code: string } }[] = []
    raw.onMessage((text) => answers.push(JSON.parse(text)))
    const call = (id: number, path: string, input: unknown = {}) =>
      raw.post(JSON.stringify({ k: 'call', id, path, input }))
    for (const [index, path] of ['toy.none', 'constructor.name', 'toy.__proto__', 'toy', ''].entries()) {
      call(index + 1, path)
    }
    await expect.poll(() => answers.map(({ error }) => error?.code)).toEqual(Array(5).fill('unknown-call'))
    answers.length = 0
    call(10, 'toy.wait')
    call(10, 'toy.wait')
    await expect.poll(() => answers).toMatchObject([{ id: 10, error: { code: 'bad-frame' } }])
    for (let id = 11; id < 11 + OPEN_LIMIT; id += 1) call(id, 'toy.wait')
    await expect.poll(() => answers.at(-1)).toMatchObject({ error: { code: 'too-many' } })
    raw.close()
    await expect.poll(() => waiting).toBe(0)
  })

  const deep = `${'['.repeat(50)}${']'.repeat(50)}`
  test.each([
    ['no JSON', '{', 'bad-frame'],
    ['NaN', '{"k":"call","id":1,"path":"toy.double","input":{"n":NaN}}', 'bad-frame'],
    ['a number too large to be one', '{"k":"call","id":1e999,"path":"toy.double","input":{}}', 'bad-frame'],
    ['no number', '{"k":"call","id":"1","path":"toy.double","input":{}}', 'bad-frame'],
    ['an answer', '{"k":"done","id":1,"value":1}', 'bad-frame'],
    ['more than is known', '{"k":"cancel","id":1,"role":"admin"}', 'bad-frame'],
    ['a prototype', '{"k":"call","id":1,"path":"toy.double","input":{"__proto__":{"n":1}}}', 'bad-frame'],
    ['deep nesting', `{"k":"call","id":1,"path":"toy.double","input":${deep}}`, 'bad-frame'],
  ])('a frame with %s ends the session', async (_what, text, code) => {
    const opened = await carrier.open('admin')
    if (!opened.ok) throw new Error(opened.error.message)
    const heard: { readonly id: number; readonly error: { readonly code: string } }[] = []
    opened.value.onMessage((answer) => heard.push(JSON.parse(answer)))
    const closed = new Promise((resolve) => opened.value.onClose(resolve))
    opened.value.post(text)
    await closed
    expect(heard).toMatchObject([{ id: 0, error: { code } }])
  })

  test('an oversized frame ends the session unread; our windows never send one', async () => {
    const one = client()
    const text = 'x'.repeat(REQUEST_LIMIT)
    expect(await one.calls.toy.write({ text })).toMatchObject({ error: { code: 'too-large' } })
    expect(one.link.state).toBe('open')
    const opened = await carrier.open('admin')
    if (!opened.ok) throw new Error(opened.error.message)
    const closed = new Promise((resolve) => opened.value.onClose(resolve))
    opened.value.post(JSON.stringify({ k: 'call', id: 1, path: 'toy.write', input: { text } }))
    await closed
    expect(written).toEqual([])
  })

  test('an oversized answer fails its call, not the window', async () => {
    const one = client()
    const seen: number[] = []
    const ended = new Promise((resolve) => {
      one.calls.toy.watch({}, { onState: ({ texts }) => seen.push(texts.length), onEnd: resolve })
    })
    await expect.poll(() => listeners.size).toBe(1)
    for (const listener of listeners) listener('x'.repeat(ANSWER_LIMIT))
    expect(await ended).toMatchObject({ code: 'too-large' })
    expect(seen).toEqual([0])
    expect([one.link.state, sessions.length, incidents]).toEqual(['open', 1, []])
    expect(await one.calls.toy.double({ n: 1 })).toEqual(ok({ n: 2 }))
  })

  test('values arrive exactly as sent', async () => {
    const { calls } = client()
    const text = 'ä€😀\u0000\u202e"\\\n</script>\ud800'
    await calls.toy.write({ text })
    expect(written).toEqual([text])
    expect(JSON.parse(JSON.stringify(structuredClone({ text })))).toEqual({ text })
  })
})
