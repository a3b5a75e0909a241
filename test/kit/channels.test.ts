/** Channels: how alerts leave a server by webhooks, what each receiver gets, and what happens if one misbehaves. */
import { existsSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { channelTest } from '../../src-shared/domain/channels.ts'
import {
  type Alert,
  certificateFor,
  channelSite,
  channelsOf,
  listener,
  ping,
  putChannels,
  setChannel,
  since,
  tell,
  trusting,
  tryToSet,
} from '../support/kit/channel-site.ts'
import { receiverOf } from '../support/kit/webhook-receiver.ts'
import { ORDINARY } from '../support/scratch-site.ts'

const disk: Alert = {
  severity: 'warning',
  id: 'disk:/',
  evidence: 'The disk is full in 3 days — “soon”.',
  fix: 'Free some.',
}
const overdue: Alert = { id: 'overdue:database', evidence: 'No backup\nfor <5> hours & *more*.' }
const gone: Alert = { event: 'cleared', id: 'unhealthy', evidence: 'It was down.' }

describe.concurrent('a webhook', () => {
  it('gets one message for many alerts, in the form that it expects', async (test) => {
    const site = channelSite(test)
    const { port, received } = await receiverOf(test)
    const to = (path: string) => `url=http://127.0.0.1:${port}/${path}`
    await setChannel(
      site,
      'desk',
      'webhook',
      to('json/t0ps3cret?key=k3y'),
      'header=Authorization',
      'secret=Bearer "a\\b"',
    )
    await setChannel(site, 'slack', 'webhook', to('slack'), 'preset=slack')
    await setChannel(site, 'teams', 'webhook', to('teams'), 'preset=teams')
    await setChannel(site, 'phone', 'webhook', to('ntfy'), 'preset=ntfy', 'level=errors')
    await setChannel(site, 'switch', 'webhook', to('dead'), 'preset=healthchecks', 'watch=database')
    expect(await tell(site, [disk, overdue, gone])).toEqual({ desk: 'ok', slack: 'ok', teams: 'ok', phone: 'ok' })
    expect(received).toHaveLength(4)
    const of = (path: string) => received.find((one) => one.path.startsWith(`/${path}`))
    const host = readFileSync('/proc/sys/kernel/hostname', 'utf8').trim()
    const subject = `[CVD backup] ${host}: 1 error, 1 warning, 1 cleared`

    expect(of('json')?.path).toBe('/json/t0ps3cret?key=k3y')
    expect(of('json')?.headers).toMatchObject({ authorization: 'Bearer "a\\b"', 'content-type': 'application/json' })
    expect(JSON.parse(of('json')?.body ?? '')).toMatchObject({
      ...{ version: 1, kind: 'alerts', host, root: site.root, subject, severity: 'error' },
      counts: { errors: 1, warnings: 1, cleared: 1 },
      alerts: [
        { id: 'disk:/', event: 'new', severity: 'warning', rule: 'disk', subject: '/', evidence: disk.evidence, since },
        { id: 'overdue:database', rule: 'overdue', evidence: 'No backup for <5> hours & *more*.', fix: '' },
        { event: 'cleared', rule: 'unhealthy', subject: '', evidence: 'It was down.' },
      ],
    })
    const lines = [
      'Error: No backup for <5> hours & *more*. (since 2026-03-29 00:30 UTC)',
      'Warning: The disk is full in 3 days — “soon”. (since 2026-03-29 00:30 UTC) What to do: Free some.',
      'Cleared: It was down. (since 2026-03-29 00:30 UTC)',
    ]
    const escaped = (text = '') => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
    const section = (text: string) => ({ type: 'section', text: { type: 'mrkdwn', text, verbatim: true } })
    expect(JSON.parse(of('slack')?.body ?? '')).toEqual({
      text: subject,
      blocks: [`*${subject}*`, ...lines.map(escaped)].map(section),
    })
    const card = JSON.parse(of('teams')?.body ?? '')
    expect(card).toMatchObject({
      type: 'message',
      attachments: [
        {
          contentType: 'application/vnd.microsoft.card.adaptive',
          content: { type: 'AdaptiveCard', version: '1.4', msteams: { width: 'Full' } },
        },
      ],
    })
    const runs = (card.attachments[0].content.body as { inlines: { text: string }[] }[]).map(
      ({ inlines }) => inlines[0],
    )
    expect(runs.map((run) => run?.text)).toEqual([subject, ...lines])
    expect(runs[0]).toMatchObject({ color: 'Attention' })
    // Errors only, and what became of them.
    expect(of('ntfy')).toMatchObject({
      body: [lines[0], lines[2]].join('\n\n'),
      headers: { title: `[CVD backup] ${host}: 1 error, 1 cleared`, priority: '5', tags: 'rotating_light' },
    })

    // Nothing is said by a channel for errors if there is none.
    expect(await tell(site, [disk])).toEqual({ desk: 'ok', slack: 'ok', teams: 'ok' })
    expect(JSON.parse(received.find(({ path }, index) => index > 3 && path === '/slack')?.body ?? '').text).toBe(
      `[CVD backup] ${host}: warning: The disk is full in 3 days — “soon”.`,
    )
    expect(await tell(site, [])).toEqual({})
  })

  it('gets many alerts as one message that it can take, and a program gets all of them', async (test) => {
    const site = channelSite(test)
    const { port, received } = await receiverOf(test)
    for (const preset of ['json', 'slack', 'teams', 'ntfy'])
      await setChannel(site, preset, 'webhook', `url=http://127.0.0.1:${port}/${preset}`, `preset=${preset}`)
    const bytes = Buffer.concat([
      Buffer.from('ü€😀 \u202e\u001b[2J'),
      Buffer.from([0xc3, 0x28, 0xed, 0xa0, 0x80, 0xff]),
    ])
    const many = [...Array(300).keys()].map((number) => ({
      id: `verify:${number}`,
      evidence: number === 0 ? bytes : `${'€'.repeat(400)}${number}`,
    }))
    const rows = `torn line\nnew\terror\tx\n`
    expect(await tell(site, many)).toEqual({ json: 'ok', slack: 'ok', teams: 'ok', ntfy: 'ok' })
    const of = (path: string) => received.find((one) => one.path === `/${path}`)?.body ?? ''
    const all = JSON.parse(of('json')).alerts as { evidence: string }[]
    expect(all).toHaveLength(300)
    expect(all[0]?.evidence).toBe('ü€😀 ??[2J?(????')
    expect(of('json')).not.toContain('\ufffd')
    const slack = JSON.parse(of('slack')).blocks as unknown[]
    expect(slack).toHaveLength(42)
    expect(JSON.stringify(slack.at(-1))).toContain('and 260 more')
    expect(Buffer.byteLength(of('teams'))).toBeLessThan(28_000)
    expect(of('teams')).toMatch(/and \d+ more/)
    expect(Buffer.byteLength(of('ntfy'))).toBeLessThan(4096)
    // A line that is not an alert is left out.
    expect(await tell(site, rows)).toEqual({})
  })

  it('that is a dead man’s switch hears of the runs of its kind, and of no alert', async (test) => {
    const site = channelSite(test)
    const { port, received } = await receiverOf(test)
    const url = `http://127.0.0.1:${port}/ping/4711?create=1`
    await setChannel(site, 'switch', 'webhook', `url=${url}`, 'preset=healthchecks', 'watch=database')
    expect(await ping(site, 'start', 'database', '')).toEqual({ switch: 'ok' })
    expect(await ping(site, 'success', 'database', 'It was backed up.')).toEqual({ switch: 'ok' })
    expect(await ping(site, 'failure', 'database', 'The disk is full.')).toEqual({ switch: 'ok' })
    expect(await ping(site, 'failure', 'system', 'Not watched.')).toEqual({})
    expect(await tell(site, [overdue])).toEqual({})
    expect(received.map(({ path, body }) => [path, body])).toEqual([
      ['/ping/4711/start?create=1', ''],
      ['/ping/4711?create=1', 'It was backed up.'],
      ['/ping/4711/fail?create=1', 'The disk is full.'],
    ])
    // A test does not say that all is well.
    expect(await site.ask(['channel', 'test', 'switch'], channelTest)).toMatchObject({ sent: true })
    expect(received[3]?.path).toBe('/ping/4711/log?create=1')
  })
})

describe.concurrent('a webhook that misbehaves', () => {
  it('fails with words, holds the others up no longer than its time, and is remembered until it works', async (test) => {
    const site = channelSite(test)
    const elsewhere = await receiverOf(test)
    const connected = Promise.withResolvers<void>()
    let hangs = false
    const hanging = await listener(test, (socket) => {
      hangs = true
      connected.resolve()
      socket.on('close', () => {
        hangs = false
      })
    })
    let beside = false
    const good = await receiverOf(test, (response) => {
      void connected.promise.then(() => {
        beside = hangs
        response.end()
      })
    })
    let broken = true
    const bad = await receiverOf(test, (response, { path }) => {
      const status = Number(/\d+/.exec(path)?.[0])
      if (path.startsWith('/redirect'))
        response.writeHead(302, { location: `http://127.0.0.1:${elsewhere.port}/taken` })
      else if (path === '/huge') {
        response.writeHead(200)
        const more = (): void => void response.write(Buffer.alloc(1e6, 'x'), (error) => error ?? more())
        return more()
      } else response.writeHead(broken ? status : 200)
      response.end('exit 0\n'.repeat(3))
    })
    const drip = await listener(test, (socket) => {
      socket.write('HTTP/1.1 200 OK\r\nX-Slow: ')
      const timer = setInterval(() => socket.write('.'), 200)
      socket.on('close', () => clearInterval(timer))
    })
    const mute = await listener(test, (socket) => socket.end('220 mail.example.org ESMTP\r\n'))
    const closing = await listener(test, (socket) => socket.end())
    const at = (port: number, path = '') => `url=http://127.0.0.1:${port}/${path}`
    const channels: Record<string, [url: string, words: string]> = {
      'a-hanging': [at(hanging), 'There was no answer in time.'],
      'a-drip': [at(drip), 'There was no answer in time.'],
      closing: [at(closing), 'The connection ended without an answer.'],
      error: [at(bad.port, '500'), 'The host reports an error of its own (500).'],
      huge: [at(bad.port, 'huge'), 'ok'],
      login: [
        at(bad.port, '403'),
        'The host refuses the request (403): the address or its secret is not valid any more.',
      ],
      mail: [at(mute), 'What answers there does not speak HTTP.'],
      often: [at(bad.port, '429'), 'The host takes no more messages for now (429).'],
      redirect: [
        at(bad.port, 'redirect'),
        'The host answers with a redirect (302), which is not followed. Set the address that it leads to.',
      ],
      rejected: [at(bad.port, '400'), 'The host does not accept the message (400). Is it the right preset?'],
      unknown: ['url=https://nobody.invalid/', 'The name of the host was not found.'],
      wrong: [at(bad.port, '404'), 'The host does not know the address (404).'],
      large: [at(bad.port, '413'), 'The message is too large for the host (413).'],
      'z-plain': [
        `url=https://127.0.0.1:${good.port}/`,
        'No encrypted connection came about: the other end may not speak TLS on this port.',
      ],
      'z-works': [at(good.port), 'ok'],
    }
    putChannels(site, 'webhook', Object.fromEntries(Object.entries(channels).map(([name, [url]]) => [name, [url]])))
    const told = await tell(site, [overdue])
    expect(told).toEqual(Object.fromEntries(Object.entries(channels).map(([name, [, words]]) => [name, words])))
    // The last one was heard while the first was still waited for.
    expect(beside).toBe(true)
    expect(elsewhere.received).toEqual([])
    const known = await channelsOf(site)
    for (const one of known) {
      const words = channels[one.name]?.[1]
      expect(one).toMatchObject({ failure: words === 'ok' ? '' : words, failures: words === 'ok' ? 0 : 1 })
      expect(one.lastSentAt === null).toBe(words !== 'ok')
      expect(one.lastFailedAt === null).toBe(words === 'ok')
    }

    const again = await site.run(['channel', 'test', 'error'])
    expect(again.result).toMatchObject({ outcome: 'failed', code: 'not-sent' })
    expect(again.result.message).toContain('The host reports an error of its own (500).')
    expect((await channelsOf(site)).find(({ name }) => name === 'error')?.failures).toBe(2)
    broken = false
    const tested = await site.ask(['channel', 'test', 'error'], channelTest)
    expect(tested).toEqual({ channel: 'error', sent: true, why: '' })
    const repaired = (await channelsOf(site)).find(({ name }) => name === 'error')
    expect(repaired).toMatchObject({ failure: '', failures: 0, lastFailedAt: expect.any(Number) })
    expect(bad.received.at(-1)?.body).toContain('"kind":"test"')
  })

  it('says what is wrong with a certificate, and gets nothing', async (test) => {
    const site = channelSite(test)
    const mine = certificateFor(site, 'localhost')
    const other = certificateFor(site, 'elsewhere.example')
    const signed = await receiverOf(test, undefined, mine)
    const named = await receiverOf(test, undefined, other)
    await setChannel(site, 'signed', 'webhook', `url=https://localhost:${signed.port}/`)
    await setChannel(site, 'named', 'webhook', `url=https://localhost:${named.port}/`)
    const self = 'The certificate of the host is signed by nobody whom this server trusts: nothing was sent.'
    expect(await tell(site, [overdue])).toEqual({ named: self, signed: self })
    const wide = `${mine.file}.all`
    writeFileSync(wide, mine.cert + other.cert)
    const trusts = channelSite(test, { programs: trusting(wide) })
    await setChannel(trusts, 'signed', 'webhook', `url=https://localhost:${signed.port}/`)
    await setChannel(trusts, 'named', 'webhook', `url=https://localhost:${named.port}/`)
    expect(await tell(trusts, [overdue])).toEqual({
      named: 'The certificate is for another host: nothing was sent.',
      signed: 'ok',
    })
    expect([signed.received.length, named.received.length]).toEqual([1, 0])
  })
})

describe.concurrent('the file of a channel', () => {
  it('that is torn or changed fails with words, and the others still send', async (test) => {
    const site = channelSite(test)
    const { port, received } = await receiverOf(test)
    await setChannel(site, 'good', 'webhook', `url=http://127.0.0.1:${port}/`)
    await setChannel(site, 'torn', 'webhook', `url=http://127.0.0.1:${port}/`, 'header=X-Token', 'secret=hidden')
    const file = join(site.state, 'channels/torn')
    const whole = readFileSync(file)
    expect([statSync(file).mode & 0o777, statSync(join(site.state, 'channels')).mode & 0o777]).toEqual([0o600, 0o700])
    for (const length of [0, whole.length - 40, whole.length - 5, whole.length - 1]) {
      truncateSync(file, length)
      if (length < whole.length - 1)
        expect(await tell(site, [overdue])).toEqual({
          good: 'ok',
          torn: expect.stringContaining('The channel cannot be used: its file cannot be used: '),
        })
      writeFileSync(file, whole)
    }
    const strange = [
      'form=webhook\nurl=file:///etc/shadow\nend\n',
      'form=webhook\nurl=http://x/\nurl=http://y/\nend\n',
      'form=fax\nend\n',
      `form=webhook\nurl=http://127.0.0.1:${port}/\noutput=/tmp/x\nend\n`,
      '\0\xff'.repeat(500),
    ]
    for (const text of strange) {
      writeFileSync(file, text)
      expect((await tell(site, [overdue])).torn).toContain('The channel cannot be used')
    }
    const [, torn] = await channelsOf(site)
    expect(torn).toMatchObject({ name: 'torn', failure: expect.stringContaining('cannot be used') })
    // A secret that somebody has put under another key is quoted nowhere.
    for (const line of ['preset=s3cret', 'header=s3cret: x', 'password=s3cret', 'level=s3cret']) {
      writeFileSync(file, `form=webhook\n${line}\nend\n`)
      const shown = JSON.stringify(await channelsOf(site))
      expect([line, shown]).toEqual([line, expect.stringContaining('its file cannot be used')])
      expect(shown).not.toContain('s3cret')
    }
    expect((await tell(site, [overdue])).torn).toBe(
      'The channel cannot be used: its file cannot be used: the value of level is not one that it may have.',
    )
    expect(received.every(({ headers }) => headers['x-token'] === undefined)).toBe(true)
    // It can be set anew, and removed.
    await setChannel(site, 'torn', 'webhook', `url=http://127.0.0.1:${port}/`)
    expect(await tell(site, [overdue])).toEqual({ good: 'ok', torn: 'ok' })
    expect((await site.run(['channel', 'remove', 'torn'])).result.outcome).toBe('succeeded')
    expect((await channelsOf(site)).map(({ name }) => name)).toEqual(['good'])
    expect(existsSync(file)).toBe(false)
  })

  it('has only values that are allowed', async (test) => {
    const site = channelSite(test)
    const url = 'url=https://x.example/hook'
    const refused: [values: string[], words: string][] = [
      [['webhook'], 'url is missing'],
      [['fax', 'to=1'], 'channel set NAME'],
      [['webhook', 'url=file:///etc/shadow'], 'url: http://'],
      [['webhook', 'url=https://x.example/a b'], 'url: http://'],
      [['webhook', 'url=https://evil.example\\@x.example/'], 'url: http://'],
      [['webhook', 'url=https://x.example/\noutput = /tmp/x'], 'url: one line'],
      [['webhook', url, 'header=Host', 'secret=x'], 'header: the name'],
      [['webhook', url, 'header=X-Token'], 'secret, the value of the header, is missing'],
      [['webhook', url, 'header=X-Token', 'secret=a\r\nX-Other: b'], 'secret: one line'],
      [['webhook', url, 'preset=fax'], 'preset: json'],
      [['webhook', url, 'preset=healthchecks'], 'watch, the kind'],
      [['webhook', url, 'preset=healthchecks', 'watch=paused'], 'watch: what the schedule runs'],
      [['webhook', url, 'watch=database'], 'watch is for'],
      [['webhook', url, 'level=none'], 'level: all or errors'],
      [['webhook', url, 'to=x@example.org'], 'a channel of the form webhook has: level url'],
      [['mail', 'to=|/bin/sh'], 'to: at most 20'],
      [['mail', 'to=-oQ/tmp@example.org'], 'to: at most 20'],
      [['mail', 'to=a@example.org,b@example.org\nBcc: c@example.org'], 'to: one line'],
      [['smtp', 'host=x.example', 'from=a@example.org', 'to=root'], 'to: at most 20'],
      [['smtp', 'host=x.example', 'from=a@example.org', 'to=b@example.org', 'port=0'], 'port: a number'],
      [
        ['smtp', 'host=x.example', 'from=a@example.org', 'to=b@example.org', 'user=a;AUTH=NTLM', 'password=b'],
        'user: without',
      ],
      [['smtp', 'host=x.example', 'from=a@example.org', 'to=b@example.org', 'user=a'], 'password is missing'],
      [
        ['smtp', 'host=x.example', 'from=a@example.org', 'to=b@example.org', 'user=a', 'password=b', 'tls=none'],
        'for everybody to read',
      ],
    ]
    const said = tryToSet(
      site,
      refused.map(([values]) => values),
    )
    expect(said.every((one) => one.startsWith('\nfailed: channel'))).toBe(true)
    for (const [index, [, words]] of refused.entries()) expect(said[index]).toContain(words)
    expect((await site.run(['channel', 'set', '../desk', 'webhook', url])).result.code).toBe('usage')
    expect((await site.run(['channel', 'test', 'desk'])).result.code).toBe('not-found')
    expect((await site.run(['channel', 'set', 'desk', 'webhook', 'url=-'])).result.code).toBe('usage')
    expect(await channelsOf(site)).toEqual([])
    putChannels(site, 'webhook', Object.fromEntries([...Array(20).keys()].map((number) => [`c${number}`, [url]])))
    expect((await site.run(['channel', 'set', 'desk', 'webhook', url])).result.code).toBe('checks-failed')
  })

  it('keeps what is not given, and sends no secret to another place than it was given for', async (test) => {
    const site = channelSite(test)
    const mail = ['host=mail.example.org', 'from=a@example.org', 'to=b@example.org', 'user=a', 'password=hidden']
    await setChannel(site, 'post', 'smtp', ...mail)
    await setChannel(site, 'post', 'smtp', 'level=errors', 'to=c@example.org')
    const set = { host: 'mail.example.org', port: '587', tls: 'starttls', user: 'a', from: 'a@example.org' }
    expect(await channelsOf(site)).toMatchObject([
      { to: 'c@example.org', settings: { ...set, level: 'errors' }, secrets: ['password'] },
    ])
    for (const change of ['host=evil.example', 'tls=tls', 'port=2525']) {
      const { result } = await site.run(['channel', 'set', 'post', 'smtp', change])
      expect(result).toMatchObject({ code: 'usage', message: expect.stringContaining('give password again') })
    }
    await setChannel(site, 'post', 'smtp', 'tls=tls', 'password=other')
    expect((await channelsOf(site))[0]?.settings).toMatchObject({ tls: 'tls', port: '465' })
    await setChannel(site, 'hook', 'webhook', 'url=https://x.example/', 'header=X-Token', 'secret=hidden')
    const moved = await site.run(['channel', 'set', 'hook', 'webhook', 'url=https://y.example/'])
    expect(moved.result.message).toContain('give secret again')
    await setChannel(site, 'hook', 'webhook', 'header=', 'secret=')
    expect((await channelsOf(site))[0]?.secrets).toEqual(['url'])
    const audit = readFileSync(join(site.state, 'audit'), 'utf8')
    expect(audit).toContain("set post smtp: level '' -> 'errors', to 'b@example.org' -> 'c@example.org'")
    expect(audit).not.toMatch(/hidden|other|x\.example/)
  })

  it('works for a login that is not root', async (test) => {
    const site = channelSite(test, { login: ORDINARY })
    const { port, received } = await receiverOf(test)
    const proxy = await receiverOf(test)
    await setChannel(site, 'desk', 'webhook', `url=http://127.0.0.1:${port}/`)
    const through = `http://127.0.0.1:${proxy.port}`
    const env = { http_proxy: through, HTTP_PROXY: through, ALL_PROXY: through, CURL_HOME: site.folder }
    writeFileSync(join(site.folder, '.curlrc'), `proxy = ${through}\n`)
    expect((await site.run(['channel', 'test', 'desk'], { env })).result.outcome).toBe('succeeded')
    expect([received.length, proxy.received.length]).toEqual([1, 0])
  })
})
