/** A real receiver of webhooks: HTTP or HTTPS on this machine, with the ways in which one can misbehave. */
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'
import type { Test } from './channel-site.ts'

export interface Received {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

export interface Receiver {
  readonly port: number
  readonly received: Received[]
}

type Answer = (response: ServerResponse, request: Received) => void

/** Ends after the test. `answer` says what it answers; 200 if it is not given. */
export async function receiverOf(
  test: Test,
  answer: Answer = (response) => response.end('ok'),
  tls?: { readonly key: string; readonly cert: string },
): Promise<Receiver> {
  const received: Received[] = []
  const listen: RequestListener = async (request, response) => {
    const body = await text(request)
    const one = { method: request.method ?? '', path: request.url ?? '', headers: request.headers, body }
    received.push(one)
    answer(response, one)
  }
  const server = tls ? createSecureServer(tls, listen) : createServer(listen)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  test.onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, received }
}

/** For tests that run one after the other. */
export const webhookReceiver = (answer?: Answer): Promise<Receiver> => receiverOf({ onTestFinished }, answer)
