import { expect, test } from 'vitest'
import { exitCodeOf } from '../../src-main/cli/exit-codes.ts'
import { jsonForTerminal } from '../../src-main/cli/output.ts'
import { facts, table } from '../../src-main/cli/table.ts'
import { sudoOf, targetOf } from '../../src-main/cli/target-options.ts'
import type { SshTarget } from '../../src-main/remote/target.ts'

test.each([
  ['succeeded', 'ok', 0],
  ['failed', 'integrity', 1],
  ['rolled back', 'unhealthy', 1],
  ['cancelled', 'cancelled', 1],
  ['failed', 'usage', 2],
  ['failed', 'no-such-site', 2],
  ['failed', 'unreachable', 3],
  ['failed', 'auth-failed', 3],
  ['failed', 'wrong-sudo-password', 3],
  ['failed', 'host-key-changed', 4],
  ['failed', 'busy', 4],
  ['failed', 'not-confirmed', 4],
  ['failed', 'wrong-site', 4],
  ['failed', 'checks-failed', 4],
])('%s, %s: exit %i', (outcome, code, exit) => {
  expect(exitCodeOf(outcome, code)).toBe(exit)
})

test('columns are aligned, numbers to the right, and no text can move the cursor', () => {
  const lines = table(
    [{ title: 'NAME' }, { title: 'SIZE', right: true }, { title: '' }],
    [
      ['Süd', '7', 'x'],
      ['a\u001b[2Jb\nc\u202e', '1,234', ''],
    ],
  )
  expect(lines).toEqual(['NAME        SIZE', 'Süd            7  x', 'a?[2Jb?c?  1,234'])
  expect(
    facts([
      ['a', 'b\rc'],
      ['long', ''],
    ]),
  ).toEqual(['a     b?c', 'long'])
})

test('JSON contains nothing that a terminal would interpret, and programs read the same text', () => {
  const value = { path: 'a\u009b31m\u202e\u2066\u{e0041}\nü' }
  const text = jsonForTerminal(value)
  expect(text).toBe('{"path":"a\\u009b31m\\u202e\\u2066\\udb40\\udc41\\nü"}')
  expect(JSON.parse(text)).toEqual(value)
})

function must(options: Parameters<typeof targetOf>[0], before?: SshTarget): SshTarget {
  const target = targetOf(options, before)
  if (!target.ok) throw new Error(target.error.message)
  return target.value
}

function refusal(options: Parameters<typeof targetOf>[0]): string {
  const target = targetOf(options)
  return target.ok ? 'accepted' : target.error.code
}

const base = { host: 'depot', user: 'ada' }

test('a target from options has one login method', () => {
  expect(must({ ...base, agent: true })).toEqual({ ...base, port: 22, auth: { method: 'agent' }, jumps: [] })
  expect(must({ ...base, passwordStdin: true }).auth).toEqual({ method: 'password' })
  expect(must({ ...base, key: '/k', passwordStdin: true }).auth).toEqual({ method: 'key', keyFile: '/k' })
  expect(refusal(base)).toBe('usage')
  expect(refusal({ ...base, agent: true, key: '/k' })).toBe('usage')
  expect(refusal({ ...base, agent: true, port: '70000' })).toBe('usage')
  expect(refusal({ ...base, agent: true, port: 'x' })).toBe('usage')
  expect(refusal({ ...base, agent: true, host: '-oProxyCommand=x' })).toBe('usage')
  expect(refusal({ ...base, agent: true, user: '-x' })).toBe('usage')
  expect(refusal({ agent: true, host: 'depot' })).toBe('usage')
})

test('jump hosts: user, port and brackets, several at once', () => {
  const { jumps } = must({ ...base, key: '/k', jump: ['gate', 'eve@[fe80::1]:2222,inner:23'] })
  expect(jumps.map(({ host, port, user }) => [host, port, user])).toEqual([
    ['gate', 22, 'ada'],
    ['fe80::1', 2222, 'eve'],
    ['inner', 23, 'ada'],
  ])
  expect(refusal({ ...base, agent: true, jump: ['a b'] })).toBe('usage')
})

test('an edit keeps everything it does not mention', () => {
  const before = must({ ...base, key: '/k', jump: ['gate'] })
  expect(must({ port: '2222' }, before)).toEqual({ ...before, port: 2222 })
  expect(must({ agent: true }, before)).toEqual({ ...before, auth: { method: 'agent' } })
  expect(must({ host: 'other', passwordStdin: true }, before).auth).toEqual(before.auth)
})

test('sudo has three modes', () => {
  expect(sudoOf({}, 'none')).toEqual({ ok: true, value: 'none' })
  expect(sudoOf({ sudo: 'password' }, 'none')).toEqual({ ok: true, value: 'password' })
  expect(sudoOf({ sudo: 'please' }, 'none').ok).toBe(false)
})
