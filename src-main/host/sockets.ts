/** Accepts the sockets of windows and closes all others before any byte reaches the console. */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import { z } from 'zod'
import type { Role } from '../../src-shared/contract/define.ts'
import {
  type Hello,
  SOCKET_PATH,
  socketTransport,
  UNAUTHORISED,
  WELCOME,
} from '../../src-shared/rpc/socket-transport.ts'
import { REQUEST_LIMIT, type Transport } from '../../src-shared/rpc/transport.ts'
import type { Tokens } from './tokens.ts'

export interface SocketsOptions {
  readonly tokens: Tokens
  /** `127.0.0.1:PORT`, known once the host listens. */
  readonly address: () => string
  readonly session: (transport: Transport, role: Role) => void
  /** Called with the connection of a window that sent its token. */
  readonly authenticated: (socket: Duplex) => void
  /** Milliseconds within which a socket must send its token. */
  readonly tokenTimeout?: number
}

/** Maximum number of windows. Counts only authenticated ones: see `pending-connections.ts` for the others. */
const WINDOWS = 64
/** RFC 6455 close code for a socket that may be accepted later. */
const TRY_AGAIN = 1013
/** Maximum frames from a window per span of milliseconds; the console's own pages send far fewer. */
const FLOOD = { frames: 2000, span: 5000 }
/** Maximum bytes queued for a window that does not read. */
const BACKLOG = 256 * 1024 * 1024

const hello = z.strictObject({ k: z.literal('hello'), token: z.string().max(200) }) satisfies z.ZodType<Hello>

function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}

function readHello(data: unknown): string | null {
  try {
    const parsed = hello.safeParse(JSON.parse(String(data)))
    return parsed.success ? parsed.data.token : null
  } catch {
    return null
  }
}

export class Sockets {
  readonly #options: SocketsOptions
  readonly #server = new WebSocketServer({
    noServer: true,
    maxPayload: REQUEST_LIMIT,
    perMessageDeflate: false,
    clientTracking: true,
  })
  #windows = 0

  constructor(options: SocketsOptions) {
    this.#options = options
  }

  /** Handles a WebSocket upgrade request. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy())
    const problem = this.#problem(request)
    if (problem !== null) {
      refuse(socket, problem)
      return
    }
    this.#server.handleUpgrade(request, socket, head, (opened) => this.#meet(opened, socket))
  }

  close(): void {
    for (const client of this.#server.clients) client.terminate()
    this.#server.close()
  }

  #problem(request: IncomingMessage): string | null {
    const { address } = this.#options
    // As for pages: see `server.ts`.
    if (request.headers.host !== address()) return '421 Misdirected Request'
    // WebSockets have no same-origin policy: any page could open one.
    if (request.headers.origin !== `http://${address()}`) return '403 Forbidden'
    return request.url === SOCKET_PATH ? null : '404 Not Found'
  }

  #meet(socket: WebSocket, connection: Duplex): void {
    socket.on('error', () => socket.terminate())
    const late = setTimeout(() => socket.close(UNAUTHORISED, 'no token'), this.#options.tokenTimeout ?? 5000)
    socket.once('close', () => clearTimeout(late))
    socket.once('message', (data, binary) => {
      clearTimeout(late)
      const token = binary ? null : readHello(data)
      const role = token === null ? null : this.#options.tokens.roleOf(token)
      if (role === null) {
        socket.close(UNAUTHORISED, 'unknown token')
        return
      }
      if (this.#windows >= WINDOWS) {
        socket.close(TRY_AGAIN, 'too many windows')
        return
      }
      this.#options.authenticated(connection)
      this.#letIn(socket, role)
    })
  }

  #letIn(socket: WebSocket, role: Role): void {
    this.#windows += 1
    let frames = 0
    const span = setInterval(() => {
      frames = 0
      if (socket.bufferedAmount > BACKLOG) socket.terminate()
    }, FLOOD.span)
    socket.once('close', () => {
      clearInterval(span)
      this.#windows -= 1
    })
    socket.on('message', () => {
      frames += 1
      if (frames > FLOOD.frames) socket.terminate()
    })
    socket.send(WELCOME)
    this.#options.session(socketTransport(socket), role)
  }
}
