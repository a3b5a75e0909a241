/** Frames over a WebSocket of the browser or Node. Typed structurally. */
import type { WireFailure } from '../contract/failure.ts'
import { fail, ok, type Result } from '../result.ts'
import { type Transport, TransportListeners } from './transport.ts'

export interface SocketLike {
  send(text: string): void
  close(code?: number, reason?: string): void
  addEventListener(type: 'open' | 'error', listener: () => void): void
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void
  addEventListener(type: 'close', listener: (event: { readonly code: number; readonly reason: string }) => void): void
}

/** The WebSocket path of the loopback host. The token is in the fragment of the page's URL, as `#token=…`. */
export const SOCKET_PATH = '/rpc'

/** The first frame of a window, and the host's answer to it. */
export interface Hello {
  readonly k: 'hello'
  readonly token: string
}
export const WELCOME = '{"k":"welcome"}'
/** Close code for a socket with an unknown token. */
export const UNAUTHORISED = 4401

const notLetIn: WireFailure = {
  code: 'unauthorised',
  message: 'The console does not know this window.',
  unchanged: 'Nothing was sent.',
  next: 'Open the address that the console printed when it started; each start has its own.',
}
const notReached: WireFailure = {
  code: 'disconnected',
  message: 'The console does not answer.',
  unchanged: 'Nothing was sent.',
  next: 'Check whether it is still running.',
}

/** A transport over an open socket. */
export function socketTransport(socket: SocketLike): Transport {
  const listeners = new TransportListeners()
  socket.addEventListener('message', ({ data }) => {
    if (typeof data === 'string') listeners.receive(data)
    else socket.close(1003, 'text only')
  })
  socket.addEventListener('close', ({ reason }) => listeners.end(reason))
  return {
    post: (text) => {
      if (!listeners.closed) socket.send(text)
    },
    onMessage: (listener) => listeners.onMessage(listener),
    onClose: (listener) => listeners.onClose(listener),
    close: (reason = '') => {
      listeners.end(reason)
      socket.close(1000, reason.slice(0, 100))
    },
  }
}

/** Sends the token as the first frame, and waits for the host to accept it. */
export function openSocket(socket: SocketLike, token: string): Promise<Result<Transport, WireFailure>> {
  return new Promise((resolve) => {
    let transport: Transport | null = null
    const hello: Hello = { k: 'hello', token }
    socket.addEventListener('open', () => {
      transport = socketTransport(socket)
      transport.onMessage((text) => {
        if (text === WELCOME && transport) resolve(ok(transport))
      })
      socket.send(JSON.stringify(hello))
    })
    socket.addEventListener('error', () => resolve(fail(notReached)))
    socket.addEventListener('close', ({ code }) => resolve(fail(code === UNAUTHORISED ? notLetIn : notReached)))
  })
}
