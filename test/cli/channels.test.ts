/** Channels on the command line: secrets are never arguments, and a test says whether the message left. */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openStore } from '../../src-main/store/store.ts'
import { channelReport } from '../../src-shared/domain/channels.ts'
import { CliSite, cliSiteLacks } from '../support/cli-site.ts'
import { receiverOf } from '../support/kit/webhook-receiver.ts'

describe.skipIf(cliSiteLacks !== '')(`channels on the command line ${cliSiteLacks}`, () => {
  let site: CliSite
  beforeAll(async () => {
    site = await CliSite.added()
  })
  afterAll(() => site?.[Symbol.asyncDispose]())

  const channels = (...words: string[]) => ['channels', 'Depot', ...words]

  /** What the console's audit has of channels, the oldest first. */
  const audited = () => {
    const opened = openStore(join(site.home, 'data', 'console.db'))
    if (!opened.ok) throw new Error(opened.error.message)
    const entries = opened.value.audit.list(99).filter(({ action }) => action.startsWith('channel '))
    opened.value.close()
    return entries
      .map(({ action, site, outcome, detail }) => [action, site, outcome, JSON.parse(detail) as unknown])
      .reverse()
  }

  test('one is set with its secrets from stdin, tried, listed without them, and removed', async (context) => {
    const { port, received } = await receiverOf(context)
    expect((await site.cli.json(channels())).result.message).toBe('No channel is set: alerts do not leave the server.')
    const words = channels('set', 'desk', 'webhook', 'url=-', 'header=X-Token', 'secret=-', 'level=errors')
    const input = `http://127.0.0.1:${port}/s3cret\nt0ken\n`
    const set = await site.cli.json(words, { input })
    expect(set).toMatchObject({
      code: 0,
      result: { message: 'The channel desk was set. Try it: channels Depot test desk' },
    })
    const to = `http://127.0.0.1:${port}`
    expect(channelReport.parse(set.result.data).channels).toMatchObject([
      { name: 'desk', to, settings: { level: 'errors', preset: 'json' }, secrets: ['url', 'secret'], lastSentAt: null },
    ])
    const tried = await site.cli.json(channels('test', 'desk'))
    expect(tried).toMatchObject({ code: 0, result: { data: { channel: 'desk', sent: true, why: '' } } })
    expect(received).toMatchObject([{ path: '/s3cret', headers: { 'x-token': 't0ken' } }])
    const shown = await site.cli.run(channels())
    expect(shown.stdout).toMatch(/^desk +json +http:\/\/127\.0\.0\.1:\d+ +errors +\d+ \w+ ago *$/m)
    const everything = JSON.stringify([set, tried, shown])
    expect(everything).not.toMatch(/s3cret|t0ken/)
    // Nor does this computer keep them.
    expect(() => execFileSync('grep', ['-rlE', 's3cret|t0ken', site.home])).toThrow()
    expect((await site.cli.json(channels('remove', 'desk'))).result.message).toBe('The channel desk was removed.')
    // The audit has who did it, and of what was set the keys, not the values.
    const keys = ['header', 'level', 'secret', 'url']
    expect(audited()).toEqual([
      ['channel set', 'Depot', 'succeeded', { channel: 'desk', form: 'webhook', keys }],
      ['channel tested', 'Depot', 'succeeded', { channel: 'desk' }],
      ['channel removed', 'Depot', 'succeeded', { channel: 'desk' }],
    ])
  })

  test('a message that does not leave is an answer with the reason', async () => {
    const input = 'http://127.0.0.1:1/\n'
    await site.cli.json(channels('set', 'desk', 'webhook', 'url=-'), { input })
    const tried = await site.cli.json(channels('test', 'desk'))
    expect(tried).toMatchObject({ code: 1, result: { code: 'not-sent', data: { sent: false } } })
    expect(tried.result.message).toBe('The test message did not leave: Nothing answers at that host and port.')
    expect((await site.cli.run(channels())).stdout).toContain('Nothing answers at that host and port.')
    expect(audited().at(-1)).toEqual(['channel tested', 'Depot', 'failed', { channel: 'desk' }])
  })

  test.each([
    [['set', 'desk', 'webhook', 'url=https://x.example/secret'], 'url is a secret: give url=-'],
    [['set', 'desk', 'fax'], 'FORM is one of: mail, smtp, webhook'],
    [['set', 'desk', 'mail', 'root'], 'KEY=VALUE, not root'],
    [['set', 'desk', 'webhook', 'url=-'], 'nothing was given on stdin'],
    [['set', 'desk', 'mail', 'to=not an address'], 'to: at most 20 mail addresses'],
    [['test'], 'set CHANNEL FORM KEY=VALUE'],
    [['try', 'desk'], 'set CHANNEL FORM KEY=VALUE'],
  ])('what cannot be done is refused: %j', async (words, said) => {
    const { code, result } = await site.cli.json(channels(...words))
    expect([code, result.code, result.message]).toEqual([2, 'usage', expect.stringContaining(said)])
  })

  test('stdin is not read for two things', async () => {
    const words = ['--password-stdin', ...channels('set', 'desk', 'webhook', 'url=-')]
    const { result } = await site.cli.json(words, { input: 'https://x.example/\n' })
    expect(result.message).toContain('KEY=- reads stdin, and so does --password-stdin')
  })
})
