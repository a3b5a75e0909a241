import { expect, test } from 'vitest'
import {
  changeOf,
  type Draft,
  draftOf,
  fieldProblem,
  fieldsOf,
  freeName,
  isSecret,
  nameProblem,
  wayOf,
  ways,
} from '../../../src-renderer/features/channels/channel-form.ts'
import { type ChannelEntry, channelSecrets } from '../../../src-shared/domain/channels.ts'

const entry: ChannelEntry = {
  ...{ name: 'mail', form: 'smtp', preset: '', to: 'ops@example.org', failure: '', failures: 0 },
  settings: { host: 'mail.example.org', user: 'cvd', to: 'ops@example.org', from: 'cvd@example.org', level: 'errors' },
  secrets: ['password'],
  ...{ lastSentAt: null, lastFailedAt: null },
}
const draft = (more: Partial<Draft>): Draft => ({ ...draftOf(null), ...more })

test('a secret of the kit is one here, and is never in a form', () => {
  const fields = new Set(ways.flatMap(({ value }) => fieldsOf(value)))
  expect([...fields].filter(isSecret).sort()).toEqual([...channelSecrets].sort())
  const leaked = { ...entry, settings: { ...entry.settings, password: 'hidden' } }
  expect(JSON.stringify(draftOf(leaked))).not.toContain('hidden')
})

test('a change sends every setting, and only the secrets that were typed', () => {
  const known = draftOf(entry)
  expect(changeOf('smtp', known)).toEqual({
    form: 'smtp',
    values: { ...entry.settings, tls: 'starttls', port: '' },
    secrets: {},
  })
  expect(changeOf('smtp', { ...known, password: ' new ' }).secrets).toEqual({ password: 'new' })
  // Without a user there is nobody whose password it could be.
  expect(changeOf('smtp', { ...known, user: '' }).secrets).toEqual({ password: '' })
  expect(changeOf('slack', draft({ url: 'https://x.example/1' }))).toEqual({
    form: 'webhook',
    values: { level: 'all', preset: 'slack' },
    secrets: { url: 'https://x.example/1' },
  })
})

test('what is needed is asked for, unless it is a secret that is set', () => {
  expect(fieldProblem('slack', 'url', draft({}), [])).toBe('This is needed.')
  expect(fieldProblem('slack', 'url', draft({}), ['url'])).toBeUndefined()
  expect(fieldProblem('slack', 'url', draft({ url: 'ftp://x' }), [])).toMatch(/begins with https/)
  expect(fieldProblem('smtp', 'port', draft({ port: '70000' }), [])).toMatch(/65535/)
  expect(fieldProblem('smtp', 'from', draft({ from: 'me' }), [])).toMatch(/mail address/)
  expect(fieldProblem('mail', 'from', draft({}), [])).toBeUndefined()
})

test('a new channel gets a name that is free', () => {
  expect([freeName('smtp', ['mail']), freeName('json', []), freeName('ntfy', ['ntfy', 'ntfy-2'])]).toEqual([
    'mail-2',
    'webhook',
    'ntfy-3',
  ])
  expect([nameProblem('ops', ['ops']), nameProblem('Ops', []), nameProblem('ops', [])]).toEqual([
    expect.stringMatching(/of this name/),
    expect.stringMatching(/Small letters/),
    undefined,
  ])
})

test('every channel of a server can be shown, also a damaged one', () => {
  expect(wayOf(entry)).toBe('smtp')
  expect(wayOf({ form: 'webhook', preset: 'teams' })).toBe('teams')
  expect([wayOf({ form: 'webhook', preset: '' }), wayOf({ form: '', preset: '' })]).toEqual(['json', 'mail'])
})
