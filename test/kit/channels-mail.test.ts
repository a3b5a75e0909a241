/** Channels by mail: to a real mail server, with TLS and a login, and by the sendmail of the server. */
import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  type Alert,
  certificateFor,
  channelSite,
  channelsOf,
  listener,
  setChannel,
  tell,
  trusting,
} from '../support/kit/channel-site.ts'
import { mailServer, refusal } from '../support/kit/mail-server.ts'
import { missing } from '../support/prerequisites.ts'

const host = readFileSync('/proc/sys/kernel/hostname', 'utf8').trim()
const overdue: Alert = { id: 'overdue:database', evidence: 'No backup for 5 hours.', fix: 'Look at the schedule.' }
const umlauts: Alert = {
  severity: 'warning',
  id: 'disk:/',
  evidence: 'Für „Ä“ ist kein Platz: 数据库 😀 in drei Tagen, und zwar auf jedem der Laufwerke.',
}
/** Tries to become headers, the end of the message, and another message. */
const hostile: Alert = {
  id: 'log:x',
  evidence: 'a\r\nBcc: evil@example.org\r\n.\r\nQUIT\r\n\0\x1b[2J',
  fix: '.\n..\n.',
}

/** The headers, unfolded, and the text of a mail. */
function parsed(data: string) {
  const [head = '', ...body] = data.split('\r\n\r\n')
  const lines = head.replaceAll(/\r\n[ \t]+/g, ' ').split('\r\n')
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
  )
  const decoded = (text = '') =>
    text
      .replaceAll(/\?= =\?/g, '?==?')
      .replaceAll(/=\?UTF-8\?B\?([^?]*)\?=/g, (_, word: string) => Buffer.from(word, 'base64').toString())
  return { headers, subject: decoded(headers.Subject), body: body.join('\r\n\r\n') }
}

describe.concurrent('a mail server', () => {
  it('gets one mail for many alerts, encrypted and with a login; no text becomes a header', async (test) => {
    const maker = channelSite(test)
    const tls = certificateFor(maker, 'localhost')
    const site = channelSite(test, { programs: trusting(tls.file) })
    const login = { user: 'cvd', password: 'p"a\\ss: @word' }
    const starttls = await mailServer(test, { ...tls, login })
    const whole = await mailServer(test, { ...tls, login, secure: true })
    const who = ['host=localhost', 'user=cvd', `password=${login.password}`, 'from=cvd@example.org']
    await setChannel(site, 'post', 'smtp', ...who, `port=${starttls.port}`, 'to=desk@example.org,boss@example.org')
    await setChannel(
      site,
      'tls',
      'smtp',
      ...who,
      `port=${whole.port}`,
      'tls=tls',
      'to=desk@example.org',
      'level=errors',
    )
    expect(await tell(site, [umlauts, overdue, hostile])).toEqual({ post: 'ok', tls: 'ok' })
    expect([...starttls.mails, ...whole.mails]).toMatchObject([
      { from: 'cvd@example.org', to: ['desk@example.org', 'boss@example.org'], user: 'cvd', secure: true },
      { from: 'cvd@example.org', to: ['desk@example.org'], user: 'cvd', secure: true },
    ])
    const data = starttls.mails[0]?.data ?? ''
    const { headers, subject, body } = parsed(data)
    expect(Object.keys(headers)).toEqual([
      ...['From', 'To', 'Subject', 'Date', 'Message-ID', 'MIME-Version', 'Content-Type', 'Content-Transfer-Encoding'],
      'Auto-Submitted',
    ])
    expect(headers).toMatchObject({ From: 'CVD backup <cvd@example.org>', To: 'desk@example.org, boss@example.org' })
    expect(subject).toBe(`[CVD backup] ${host}: 2 errors, 1 warning`)
    expect(Math.abs(Date.parse(headers.Date ?? '') - Date.now())).toBeLessThan(60_000)
    expect(body).toBe(
      [
        'Error: No backup for 5 hours. (since 2026-03-29 00:30 UTC) What to do: Look at the schedule.',
        'Error: a  Bcc: evil@example.org  .  QUIT   (since 2026-03-29 00:30 UTC) What to do: . .. .',
        `Warning: ${umlauts.evidence} (since 2026-03-29 00:30 UTC)`,
        `Sent by cvd-backup on ${host} for the site in ${site.root}. All alerts are listed there by: cvd-backup alerts\r\n`,
      ].join('\r\n\r\n'),
    )
    expect(parsed(whole.mails[0]?.data ?? '').body).not.toContain('Warning')

    // Alone, an alert is the subject: in words of RFC 2047, none of them in the middle of a character.
    expect(await tell(site, [umlauts])).toEqual({ post: 'ok' })
    const alone = starttls.mails[1]?.data ?? ''
    expect(parsed(alone).subject).toBe(`[CVD backup] ${host}: warning: ${umlauts.evidence}`)
    const words = [...alone.matchAll(/=\?UTF-8\?B\?([^?]*)\?=/g)]
    expect(words.length).toBeGreaterThan(2)
    for (const [whole, word = ''] of words) {
      expect(whole.length).toBeLessThan(76)
      expect(Buffer.from(word, 'base64').toString()).not.toContain('\ufffd')
    }
    // Long ones are cut, and no line is longer than a mail server takes.
    const long = { ...umlauts, evidence: '😀'.repeat(700), fix: 'y'.repeat(3000) }
    expect(await tell(site, [long, overdue])).toEqual({ post: 'ok', tls: 'ok' })
    expect(
      Math.max(...(starttls.mails[2]?.data ?? '').split('\r\n').map((line) => Buffer.byteLength(line))),
    ).toBeLessThan(998)
  })

  it('that refuses, is silent or cannot be trusted: nothing is sent, and the reason is said', async (test) => {
    const maker = channelSite(test)
    const tls = certificateFor(maker, 'localhost')
    const site = channelSite(test)
    const plain = { hideSTARTTLS: true, disabledCommands: ['STARTTLS'] }
    const login = { user: 'cvd', password: 'right' }
    const servers = {
      busy: await mailServer(test, { ...plain, onMailFrom: (_, __, callback) => callback(refusal(451, 'later')) }),
      login: await mailServer(test, { ...plain, login, allowInsecureAuth: true }),
      open: await mailServer(test, plain),
      recipient: await mailServer(test, {
        ...plain,
        onRcptTo: (_, __, callback) => callback(refusal(550, 'nobody here')),
      }),
      self: await mailServer(test, tls),
      text: await mailServer(test, { ...plain, refuse: refusal(554, 'spam') }),
    }
    const silent = await listener(test)
    const from = ['from=cvd@example.org', 'to=desk@example.org']
    const none = ['host=localhost', 'tls=none', ...from]
    const set = (name: string, port: number, ...values: string[]) =>
      setChannel(site, name, 'smtp', `port=${port}`, ...values)
    await set('busy', servers.busy.port, ...none)
    await set('login', servers.login.port, ...none, 'user=cvd', 'password=wr0ng-s3cret')
    await set('nobody', 1, ...none)
    await set('open', servers.open.port, 'host=localhost', ...from)
    await set('recipient', servers.recipient.port, ...none)
    await set('self', servers.self.port, 'host=localhost', ...from)
    await set('silent', silent, ...none)
    await set('text', servers.text.port, ...none)
    await set('works', servers.open.port, ...none)
    expect(await tell(site, [overdue])).toEqual({
      busy: 'The mail server refuses the sender (451).',
      login: 'The mail server refuses the user or the password.',
      nobody: 'Nothing answers at that host and port.',
      open: 'The mail server offers no TLS (STARTTLS): nothing was sent.',
      recipient: 'The mail server refuses a recipient (550).',
      self: 'The certificate of the host is signed by nobody whom this server trusts: nothing was sent.',
      silent: 'There was no answer in time.',
      text: 'The mail server did not take the message: it refused it, or ended the connection.',
      works: 'ok',
    })
    expect(Object.values(servers).flatMap(({ mails }) => mails)).toHaveLength(1)
    expect(JSON.stringify(await channelsOf(site))).not.toContain('wr0ng')
  })

  it('that refuses one recipient takes the mail for the others, and the channel says who did not get it', async (test) => {
    const site = channelSite(test)
    const refused = new Set(['bob@example.org'])
    const server = await mailServer(test, {
      ...{ hideSTARTTLS: true, disabledCommands: ['STARTTLS'] },
      onRcptTo: ({ address }, _, callback) => callback(refused.has(address) ? refusal(550, 'nobody') : null),
    })
    const all = 'to=alice@example.org,bob@example.org,carol@example.org'
    await setChannel(
      site,
      'post',
      'smtp',
      'host=localhost',
      `port=${server.port}`,
      'tls=none',
      'from=a@example.org',
      all,
    )
    const words = (who: string) =>
      `It did not go to ${who}: The mail server refuses a recipient (550). The others got it.`
    expect(await tell(site, [overdue])).toEqual({ post: words('bob@example.org') })
    expect(server.mails.map(({ to }) => to)).toEqual([['alice@example.org'], ['carol@example.org']])
    const partly = {
      failure: words('bob@example.org'),
      failures: 1,
      lastSentAt: expect.any(Number),
      lastFailedAt: expect.any(Number),
    }
    expect(await channelsOf(site)).toMatchObject([partly])
    // Nobody gets it: it did not leave.
    for (const who of ['alice', 'carol']) refused.add(`${who}@example.org`)
    expect(await tell(site, [overdue])).toEqual({ post: 'The mail server refuses a recipient (550).' })
    expect(await channelsOf(site)).toMatchObject([{ failures: 2 }])
    refused.clear()
    expect(await tell(site, [overdue])).toEqual({ post: 'ok' })
    expect(server.mails[2]?.to).toHaveLength(3)
  })
})

/** msmtp, as the sendmail of a server has it: a real one, that hands the mail on to this port. */
function sendmailOf(folder: string, port: number): string {
  const config = join(folder, 'msmtprc')
  writeFileSync(`${config}.aliases`, 'root: admin@example.org\n')
  writeFileSync(
    config,
    `account default\nhost localhost\nport ${port}\nfrom fallback@example.org\naliases ${config}.aliases\n`,
  )
  return `#!/bin/bash\nprintf '%s\\n' "$@" >${folder}/arguments; env >${folder}/environment\nexec msmtp -C '${config}' "$@"\n`
}

const lacks = missing({ programs: ['msmtp'] })
describe.skipIf(lacks !== '')(`the sendmail of the server${lacks && ` (needs ${lacks})`}`, () => {
  it('takes the mail, with the sender on the envelope, and a clean environment', async (test) => {
    const server = await mailServer(test, { hideSTARTTLS: true, disabledCommands: ['STARTTLS'] })
    const site = channelSite(test, { programs: { sendmail: 'later' } })
    const sendmail = join(site.folder, 'programs/sendmail')
    writeFileSync(sendmail, sendmailOf(site.folder, server.port))
    await setChannel(site, 'desk', 'mail', 'to=root@example.org,desk@example.org', 'from=cvd@example.org')
    await setChannel(site, 'own', 'mail', 'to=root')
    expect(await tell(site, [umlauts, hostile], 'export LD_PRELOAD= SECRET=s3cret')).toEqual({ desk: 'ok', own: 'ok' })
    const [desk, own] = server.mails.toSorted((one, other) => other.to.length - one.to.length)
    expect(desk).toMatchObject({ from: 'cvd@example.org', to: ['root@example.org', 'desk@example.org'] })
    expect(own).toMatchObject({ from: 'fallback@example.org', to: ['admin@example.org'] })
    expect(parsed(desk?.data ?? '').subject).toBe(`[CVD backup] ${host}: 1 error, 1 warning`)
    expect(parsed(desk?.data ?? '').body).toContain(`Warning: ${umlauts.evidence} (since`)
    expect(readFileSync(join(site.folder, 'environment'), 'utf8')).not.toMatch(/SECRET|LD_PRELOAD|CVD_/)

    // Its own words say why it refused.
    writeFileSync(sendmail, sendmailOf(site.folder, 1))
    const refused = 'sendmail refused it: sendmail: cannot connect to localhost, port 1: '
    expect((await tell(site, [overdue])).desk).toContain(refused.replace('sendmail: c', 'msmtp: c'))
    // One that does not end is ended.
    writeFileSync(sendmail, '#!/bin/bash\nexec sleep 600\n')
    expect((await tell(site, [overdue])).desk).toBe('sendmail did not end in time.')
    // Who delivers in the background keeps nobody waiting.
    writeFileSync(
      sendmail,
      `#!/bin/bash\ncat >${site.folder}/queued; setsid sleep 20 & echo $! >${site.folder}/background\n`,
    )
    expect(await tell(site, [overdue])).toEqual({ desk: 'ok', own: 'ok' })
    process.kill(Number(readFileSync(join(site.folder, 'background'), 'utf8')), 'SIGKILL')
    expect(execFileSync('find', [site.state, '-name', '.said*'], { encoding: 'utf8' })).toBe('')
    // One that others can change is not run.
    writeFileSync(sendmail, `#!/bin/bash\ntouch ${site.folder}/run\n`)
    chmodSync(sendmail, 0o777)
    const none = 'This server has neither sendmail nor mail that only root can change. Install one, or use smtp.'
    expect(await tell(site, [overdue])).toEqual({ desk: none, own: none })
    expect(existsSync(join(site.folder, 'run'))).toBe(false)
  })

  // biome-ignore lint/suspicious/noTemplateCurlyInString: bash expands it
  const mail = '#!/bin/bash\nprintf "%s\\n" "$@" >"${0%/*}/../arguments"; cat >"${0%/*}/../body"\n'
  it('is replaced by mail where there is none', async (test) => {
    const site = channelSite(test, {
      programs: { mail },
    })
    await setChannel(site, 'desk', 'mail', 'to=root,desk@example.org')
    const instead =
      'eval "real_$(declare -f mail_program)"; mail_program() { [[ $1 == mail ]] && real_mail_program mail; }'
    expect(await tell(site, [overdue], instead)).toEqual({ desk: 'ok' })
    expect(readFileSync(join(site.folder, 'arguments'), 'utf8')).toBe(
      `-s\n[CVD backup] ${host}: error: No backup for 5 hours.\nroot\ndesk@example.org\n`,
    )
    expect(readFileSync(join(site.folder, 'body'), 'utf8')).toMatch(
      /^Error: No backup for 5 hours\..*\n\nSent by cvd-backup/,
    )
    // No line of it is a command to mail: what is long is broken anywhere.
    expect(await tell(site, [{ ...overdue, evidence: '~'.repeat(600), fix: '~'.repeat(400) }], instead)).toEqual({
      desk: 'ok',
    })
    expect(readFileSync(join(site.folder, 'body'), 'utf8')).toMatch(/\n ~{100,}\n/)
    expect(readFileSync(join(site.folder, 'body'), 'utf8')).not.toMatch(/^~/m)
    const text = '~!id\n.\n.\na ~\n.b\n'
    expect(site.library('mail_plain "$1"; printf %s "$REPLY"', [text])).toBe(' ~!id\n .\n .\na ~\n .b\n')
  })
})
