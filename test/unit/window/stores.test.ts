import { describe, expect, test, vi } from 'vitest'
import { Watches } from '../../../src-renderer/api/watches.ts'
import { follow, nothing } from '../../../src-renderer/app/activity.ts'
import { alsoTried, draftOf, emptyDraft, policyOf, targetOf } from '../../../src-renderer/features/add-site/draft.ts'
import { visibleParts, visibleText } from '../../../src-renderer/ui/visible.ts'
import type { OperationRow } from '../../../src-shared/contract/operations.ts'

interface Observer {
  onState(state: string): void
  onEnd(failure: null): void
}

describe('shared subscriptions', () => {
  function source() {
    const observers: Observer[] = []
    const stopped = vi.fn()
    const start = (observer: Observer) => {
      observers.push(observer)
      return stopped
    }
    return { observers, stopped, start }
  }

  test('subscribe once for all listeners, and end when nobody listens', async () => {
    vi.useFakeTimers()
    const { observers, stopped, start } = source()
    const watches = new Watches(100)
    const [one, two] = [vi.fn(), vi.fn()]
    const leaveOne = watches.listen('a', start, one)
    const leaveTwo = watches.listen('a', start, two)
    observers[0]?.onState('hello')
    expect(observers).toHaveLength(1)
    expect(watches.read('a')).toMatchObject({ state: 'hello', ended: false })
    expect([one.mock.calls.length, two.mock.calls.length]).toEqual([1, 1])
    leaveOne()
    leaveTwo()
    expect(stopped).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(100)
    expect(stopped).toHaveBeenCalledOnce()
    expect(watches.read('a').state).toBeUndefined()
    vi.useRealTimers()
  })

  test('keep the last state after their end, and are renewed for later listeners', () => {
    const { observers, start } = source()
    const watches = new Watches()
    const leave = watches.listen('a', start, () => undefined)
    observers[0]?.onState('old')
    observers[0]?.onEnd(null)
    expect(watches.read('a')).toMatchObject({ state: 'old', ended: true })
    leave()
    watches.listen('a', start, () => undefined)
    expect(observers).toHaveLength(2)
    expect(watches.read('a').state).toBeUndefined()
  })
})

describe('activity', () => {
  const row = (id: string, state: OperationRow['state'], outcome: OperationRow['outcome'] = null, startedAt = 10) =>
    ({ id, state, outcome, startedAt }) as OperationRow
  const start = follow(nothing, [row('a', 'running'), row('b', 'queued'), row('c', 'ended', 'failed')])

  test('knows what ended while the window was open, not what had ended before', () => {
    expect(start.ended).toEqual([])
    const { ended, next } = follow(start.next, [row('a', 'ended', 'succeeded'), row('b', 'ended', 'rolled back')])
    expect(ended.map(({ id }) => id)).toEqual(['a', 'b'])
    expect(next.attention.map(({ id }) => id)).toEqual(['b'])
    expect(follow(next, [row('a', 'ended', 'succeeded')]).next.attention).toHaveLength(1)
  })

  test('also knows, once, what ended too quickly to be seen running', () => {
    const older = row('old', 'ended', 'failed', 5)
    const quick = row('quick', 'ended', 'succeeded', 11)
    const { ended, next } = follow(start.next, [quick, older])
    expect(ended.map(({ id }) => id)).toEqual(['quick'])
    expect(follow(next, [quick, older]).ended).toEqual([])
    // Even the very first operation.
    const empty = follow(nothing, []).next
    expect(follow(empty, [quick]).ended.map(({ id }) => id)).toEqual(['quick'])
  })
})

describe('the form of a site', () => {
  test('is converted to a target and back', () => {
    const draft = { ...emptyDraft, host: ' server ', user: 'root', method: 'key' as const, keyFile: '/k' }
    const made = targetOf({ ...draft, jumps: [{ ...draft, host: 'jump', method: 'agent' as const }] })
    expect(made.target).toMatchObject({ host: 'server', port: 22, auth: { method: 'key', keyFile: '/k' } })
    if (made.target) expect(targetOf(draftOf(made.target)).target).toEqual(made.target)
  })

  test('keeps what an SSH config lists besides the first key, and shows it', () => {
    const auth = {
      method: 'key' as const,
      keyFile: '/keys/one',
      others: ['/keys/two.pub'],
      certificates: ['/keys/one-cert.pub'],
      agentSocket: '/run/agent',
      agentToo: true as const,
    }
    const draft = draftOf({ host: 'server', port: 22, user: 'root', auth, jumps: [] })
    expect(targetOf(draft).target?.auth).toEqual(auth)
    expect(alsoTried(draft)).toBe(
      'Then tried: /keys/two.pub. Certificates: /keys/one-cert.pub. Then the other keys in the agent. Agent: /run/agent.',
    )
    expect(targetOf({ ...draft, method: 'agent' }).target?.auth).toEqual({ method: 'agent', agentSocket: '/run/agent' })
    expect(targetOf({ ...draft, method: 'password' }).target?.auth).toEqual({ method: 'password' })
    expect(alsoTried(emptyDraft)).toBe('')
  })

  test('reports errors by field', () => {
    const made = targetOf({ ...emptyDraft, host: '-x', port: '99999', user: 'a b', method: 'key' })
    expect(made.target).toBeNull()
    if (made.target === null) expect(Object.keys(made.problems)).toEqual(['host', 'port', 'user', 'auth.keyFile'])
  })

  test('requests no policy if nothing was filled in', () => {
    expect(policyOf(emptyDraft)).toEqual({})
    expect(policyOf({ ...emptyDraft, root: ' /srv/cvd ' })).toEqual({ root: '/srv/cvd' })
  })
})

describe('text from servers', () => {
  test('hides nothing: control characters and direction marks are named', () => {
    expect(visibleText('a\u202Eb\u0000c\u200Bd\u007F')).toBe('aU+202Eb␀cU+200Bd␡')
    expect(visibleText('line\nline')).toBe('line␊line')
  })

  test('is unchanged if harmless, and keeps line breaks where wanted', () => {
    expect(visibleParts('Größe 漢字 🙂')).toEqual([{ text: 'Größe 漢字 🙂', hidden: false }])
    expect(visibleParts('a\n\tb', true)).toEqual([{ text: 'a\n\tb', hidden: false }])
  })
})
