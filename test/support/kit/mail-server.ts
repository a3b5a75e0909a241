/** A real mail server on this machine, with and without TLS and a login, that keeps what it gets. */
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import type { Test } from './channel-site.ts'

export interface Mail {
  readonly from: string
  readonly to: readonly string[]
  readonly user: unknown
  readonly secure: boolean
  readonly data: string
}

export interface MailServer {
  readonly port: number
  readonly mails: Mail[]
}

/** Answers with this code and text. */
export const refusal = (responseCode: number, message: string) => Object.assign(new Error(message), { responseCode })

/** Ends after the test. Without a login, everybody may send. */
export async function mailServer(
  test: Test,
  options: SMTPServerOptions & {
    readonly login?: { readonly user: string; readonly password: string }
    /** Refuses the text of the message. */
    readonly refuse?: Error
  } = {},
): Promise<MailServer> {
  const { login, refuse, ...more } = options
  const mails: Mail[] = []
  const server = new SMTPServer({
    disableReverseLookup: true,
    authOptional: login === undefined,
    onAuth({ username, password }, _session, callback) {
      if (login && username === login.user && password === login.password) callback(null, { user: username })
      else callback(refusal(535, 'no such user'))
    },
    onData(stream, session, callback) {
      const { mailFrom, rcptTo } = session.envelope
      void text(stream).then((data) => {
        if (refuse) return callback(refuse)
        const from = mailFrom === false ? '' : (mailFrom?.address ?? '')
        mails.push({ from, to: rcptTo.map(({ address }) => address), user: session.user, secure: session.secure, data })
        callback()
      })
    },
    ...more,
  })
  // A client that gives up is no fault of the server.
  server.on('error', () => undefined)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  test.onTestFinished(() => new Promise<void>((resolve) => server.close(resolve)))
  return { port: (server.server.address() as AddressInfo).port, mails }
}
