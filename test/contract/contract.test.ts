/** The contract itself: who may call what, and what happens to invalid calls. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { Application } from '../../src-main/app/application.ts'
import { callsOf, type Role } from '../../src-shared/contract/define.ts'
import { contract } from '../../src-shared/contract/index.ts'
import { memoryTransports, type Transport } from '../../src-shared/rpc/transport.ts'
import { openApplication, windowOf } from '../support/application.ts'
import { fileFolder } from '../support/folder.ts'

const calls = callsOf(contract)
const { folder, remove } = fileFolder()
let application: Application

beforeAll(() => {
  application = openApplication(folder)
})
afterAll(async () => {
  await application[Symbol.asyncDispose]()
  remove()
})

interface Heard {
  readonly k: string
  readonly id: number
  readonly error?: { readonly code: string; readonly message: string }
}

/** Sends one frame; returns the first answer, or that the session was ended. */
function say(role: Role, frame: string): Promise<Heard> {
  const [near, far]: Transport[] = memoryTransports() as [Transport, Transport]
  if (!near || !far) throw new Error('no transports')
  application.session(far, role)
  return new Promise((resolve) => {
    near.onMessage((text) => {
      resolve(JSON.parse(text))
      near.close()
    })
    near.post(frame)
  })
}

const call = (path: string, input: unknown) => JSON.stringify({ k: 'call', id: 1, path, input })

describe('roles', () => {
  /** Listed by hand: to permit a call to viewers is a decision. */
  const forViewers = [
    'alerts.history',
    'alerts.watch',
    'app.info',
    'audit.list',
    'backup.show',
    'backups.watch',
    'channels.watch',
    'operation.watch',
    'operations.onServer',
    'operations.watch',
    'policy.preview',
    'policy.watch',
    'retention.preview',
    'schedule.watch',
    'settings.appearance',
    'settings.knownHosts',
    'site.refresh',
    'site.watch',
    'sites.watch',
  ]

  test('viewers have exactly these calls', () => {
    const found = calls.filter(([, { role }]) => role === 'viewer').map(([path]) => path)
    expect(found.sort()).toEqual(forViewers)
  })

  test.each(calls.filter(([, { role }]) => role === 'admin').map(([path]) => path))(
    '%s is refused to a viewer',
    async (path) => {
      expect(await say('viewer', call(path, {}))).toMatchObject({ k: 'fail', error: { code: 'forbidden' } })
    },
  )
})

describe.each(calls)('%s', (path, definition) => {
  const text = 'x'.repeat(400_000)
  const wrong: readonly unknown[] = [
    ...[null, 1, 'text', [], true, { unexpected: 1 }, { site: 7 }, { site: '' }, { site: text }],
    { site: { $ne: null }, path: {}, operation: [], planId: 1, requestId: null },
    { site: 's', path: '', which: { kind: 'paths', paths: [] } },
    { site: 's', target: { host: '-oProxyCommand=x', user: '-l', port: 0, auth: { method: 'none' } } },
    { site: 's', confirm: text, reason: text },
  ]

  test('refuses invalid input', async () => {
    for (const input of wrong) {
      // A valid input is not fuzz.
      if (definition.input.safeParse(input).success) continue
      const answer = await say('admin', call(path, input))
      expect(answer).toMatchObject({ k: 'fail', id: 1, error: { code: 'invalid-input' } })
      expect(answer.error?.message.length).toBeLessThan(400)
    }
  })

  test('refuses unknown members', async () => {
    expect(definition.input).toBeInstanceOf(z.ZodObject)
    const parsed = definition.input.safeParse({ unexpected: true })
    expect(parsed.error?.issues.some(({ code }) => code === 'unrecognized_keys')).toBe(true)
  })

  test('returns no secret', () => {
    const outputs = definition.kind === 'subscription' ? [definition.snapshot, definition.change] : [definition.output]
    for (const output of outputs) {
      const shape = JSON.stringify(z.toJSONSchema(output, { unrepresentable: 'any', io: 'input' }))
      expect(/"(password|passphrase|secret|privateKey|token)":/i.test(shape)).toBe(false)
    }
  })
})

test('invalid input is never written to the log', async () => {
  const secret = 'hidden-passphrase'
  await say('admin', call('prompts.answer', { requestId: 5, secret }))
  await say('admin', call('prompts.answer', { requestId: 'none', secret }))
  let log = ''
  try {
    log = readFileSync(join(folder, 'console', 'console.log'), 'utf8')
  } catch {
    // Nothing was logged at all.
  }
  expect(log).not.toContain(secret)
})

test('a console without sites reports that to viewers, too', async () => {
  const window = windowOf(application, 'viewer')
  expect(await window.calls.app.info({})).toMatchObject({
    ok: true,
    value: { role: 'viewer', secrets: { keeps: 'this-run' } },
  })
  const fleet = await new Promise((resolve) => window.calls.sites.watch({}, { onState: resolve }))
  expect(fleet).toEqual({ sites: [], verdict: { state: 'unknown', sentence: 'No sites yet.' } })
  const none = await window.calls.site.refresh({ site: 'none' })
  expect(none).toMatchObject({ ok: false, error: { code: 'no-such-site' } })
  window.close()
})

test('administrators set how windows open, and it survives a restart', async () => {
  const [admin, viewer] = [windowOf(application), windowOf(application, 'viewer')]
  const dark = { theme: 'dark', density: 'comfortable' }
  expect(await viewer.calls.settings.appearance({})).toMatchObject({ value: { theme: 'system' } })
  expect(await viewer.calls.settings.setAppearance({ theme: 'light' })).toMatchObject({ error: { code: 'forbidden' } })
  expect(await admin.calls.settings.setAppearance({ theme: 'dark' })).toMatchObject({ value: dark })
  expect(await viewer.calls.settings.appearance({})).toMatchObject({ value: dark })
  admin.close()
  viewer.close()
  await application[Symbol.asyncDispose]()
  application = openApplication(folder)
  const again = windowOf(application)
  await expect.poll(() => again.link.state).toBe('open')
  expect(await again.calls.settings.appearance({})).toMatchObject({ value: dark })
  again.close()
})

test('the audit is paged, with the state of its chain', async () => {
  const { audit } = application.console.context.store
  const facts = { at: 1, who: 'ada', action: 'x', site: '', operation: '', outcome: '', reason: '', detail: '{}' }
  for (let number = 0; number < 5; number += 1) audit.append(facts)
  const window = windowOf(application, 'viewer')
  const page = await window.calls.audit.list({ limit: 2 })
  if (!page.ok) throw new Error(page.error.message)
  const [newest, second] = page.value.entries
  expect(page.value.chain).toMatchObject({ intact: true })
  expect(second?.seq).toBe((newest?.seq ?? 0) - 1)
  const next = await window.calls.audit.list({ limit: 1, before: second?.seq ?? 0 })
  expect(next.ok && next.value.entries[0]?.seq).toBe((newest?.seq ?? 0) - 2)
  window.close()
})
