/** The steps of a connection test: none passes that was not run. */
import { expect, test, vi } from 'vitest'
import { type CheckedStep, checkSite } from '../../src-main/operations/check-site.ts'
import { openConsole } from '../support/console.ts'
import { scratchFolder } from '../support/folder.ts'

test('without an SSH agent no server was reached, and no host key seen', async () => {
  vi.stubEnv('SSH_AUTH_SOCK', undefined)
  await using console = openConsole(scratchFolder())
  const last = new Map<string, CheckedStep['state']>()
  const target = { host: '127.0.0.1', port: 1, user: 'nobody', auth: { method: 'agent' as const }, jumps: [] }
  const check = { target, sudo: 'none' as const, policy: {}, accept: [], site: null }
  const answer = await checkSite(
    console.context,
    check,
    ({ step, state }) => last.set(step, state),
    new AbortController().signal,
  )
  expect(answer).toMatchObject({ ok: false, error: { message: expect.stringContaining('No SSH agent') } })
  expect(Object.fromEntries(last)).toEqual({
    ...{ reach: 'skipped', 'host-key': 'skipped', login: 'failed' },
    ...{ rights: 'skipped', layout: 'skipped', policy: 'skipped' },
  })
})
