/** Serves the console to browsers: pages and calls on a loopback port, for windows that have a token. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Role } from '../../src-shared/contract/define.ts'
import type { Transport } from '../../src-shared/rpc/transport.ts'
import { DOORS, type Doors } from '../app/doors.ts'
import { type Page, type Pages, pageHeaders } from '../app/pages.ts'
import { throughDoor } from './door-keeper.ts'
import { PendingConnections } from './pending-connections.ts'
import { Sockets } from './sockets.ts'
import { newTokens } from './tokens.ts'

export interface LoopbackOptions {
  readonly pages: Pages
  readonly session: (transport: Transport, role: Role) => void
  /** By which files come and go; none without. */
  readonly doors?: Doors
  /** Milliseconds within which a socket must send its token. */
  readonly tokenTimeout?: number
}

export interface LoopbackHost extends AsyncDisposable {
  readonly port: number
  /** The address of an administrator's page. It grants full control: show it to nobody else. */
  readonly adminUrl: string
  /** The address of a read-only page. */
  readonly viewerUrl: string
}

/** Maximum number of connections without a token: see `pending-connections.ts`. */
const MAX_PENDING = 512
/** Milliseconds until incomplete headers are closed. Checked every second instead of Node's 30 seconds. */
const DEADLINES = { headersTimeout: 3000, requestTimeout: 0, connectionsCheckingInterval: 1000 }
/** Milliseconds until a request with an incomplete body is closed, unless it brings a file that is waited for. */
const BODY_TIMEOUT = 5000

/** Listens on 127.0.0.1, on a port chosen by the system, until disposed. */
export async function startLoopbackHost(options: LoopbackOptions): Promise<LoopbackHost> {
  const { pages, session, doors, tokenTimeout } = options
  const tokens = newTokens()
  let address = ''
  const own = () => address
  const pending = new PendingConnections(MAX_PENDING)
  const authenticated = (socket: Duplex) => pending.remove(socket)
  const sockets = new Sockets({
    tokens,
    session,
    authenticated,
    address: own,
    ...(tokenTimeout === undefined ? {} : { tokenTimeout }),
  })
  const server = createServer({ maxHeaderSize: 16_384, ...DEADLINES }, (request, response) => {
    const late = setTimeout(() => {
      if (!request.complete) request.socket.destroy()
    }, BODY_TIMEOUT)
    request.once('close', () => clearTimeout(late))
    if (!isForDoor(request, address)) return answer(request, response, pages, address)
    const asked = { request, response, headers: pageHeaders(`ws://${address}`), origin: `http://${address}` }
    if (!throughDoor(asked, doors)) return
    clearTimeout(late)
    authenticated(request.socket)
  })
  server.on('connection', (socket) => pending.add(socket))
  server.on('upgrade', (request, socket, head) => sockets.upgrade(request, socket, head))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  address = `127.0.0.1:${port}`
  const url = (token: string) => `http://${address}/#token=${token}`
  const dispose = async () => {
    sockets.close()
    server.closeAllConnections()
    const closed = once(server, 'close')
    server.close()
    await closed
  }
  return { port, adminUrl: url(tokens.admin), viewerUrl: url(tokens.viewer), [Symbol.asyncDispose]: dispose }
}

function isForDoor({ headers, url = '' }: IncomingMessage, address: string): boolean {
  return headers.host === address && url.startsWith(DOORS)
}

function answer(request: IncomingMessage, response: ServerResponse, pages: Pages, address: string): void {
  const headers = pageHeaders(`ws://${address}`)
  const { status, page, more = {} } = found(request, pages, address)
  const type = page?.type ?? 'text/plain; charset=utf-8'
  response.writeHead(status, { ...headers, ...more, 'Content-Type': type, 'Content-Length': page?.bytes.length ?? 0 })
  response.end(request.method === 'HEAD' ? undefined : page?.bytes)
}

interface Found {
  readonly status: number
  readonly page?: Page | undefined
  readonly more?: Readonly<Record<string, string>>
}

function found(request: IncomingMessage, pages: Pages, address: string): Found {
  // A different host name means a foreign page that resolves to this address (DNS rebinding).
  if (request.headers.host !== address) return { status: 421 }
  if (request.method !== 'GET' && request.method !== 'HEAD') return { status: 405, more: { Allow: 'GET, HEAD' } }
  // Compared as sent, without decoding: anything but the exact name of a page is not found.
  const page = pages.get((request.url ?? '').split('?')[0] ?? '')
  return { status: page ? 200 : 404, page }
}
