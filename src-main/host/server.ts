/** The console in a browser: pages and calls on a port of the loopback address, for windows that know a token. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Role } from '../../src-shared/contract/define.ts'
import type { Transport } from '../../src-shared/rpc/transport.ts'
import { type Page, type Pages, pageHeaders } from '../app/pages.ts'
import { Sockets } from './sockets.ts'
import { Strangers } from './strangers.ts'
import { newTokens } from './tokens.ts'

export interface LoopbackOptions {
  readonly pages: Pages
  readonly session: (transport: Transport, role: Role) => void
  /** Milliseconds within which a socket must say its token. */
  readonly patience?: number
}

export interface LoopbackHost extends AsyncDisposable {
  readonly port: number
  /** The address of an administrator's page. Whoever has it may do everything: show it to nobody else. */
  readonly adminUrl: string
  /** The address of a page that only looks. */
  readonly viewerUrl: string
}

/** Connections without a token that may be there at once: see `strangers.ts`. */
const STRANGERS = 512
/** Half a request, or none, is waited for no longer; looked after each second, since Node would do so twice a minute. */
const DEADLINES = { headersTimeout: 3000, requestTimeout: 5000, connectionsCheckingInterval: 1000 }

/** Listens on 127.0.0.1, on a port that the system chooses, until it is disposed. */
export async function startLoopbackHost({ pages, session, patience }: LoopbackOptions): Promise<LoopbackHost> {
  const tokens = newTokens()
  let address = ''
  const own = () => address
  const strangers = new Strangers(STRANGERS)
  const known = (socket: Duplex) => strangers.know(socket)
  const sockets = new Sockets({ tokens, session, known, address: own, ...(patience === undefined ? {} : { patience }) })
  const server = createServer({ maxHeaderSize: 16_384, ...DEADLINES }, (request, response) => {
    answer(request, response, pages, address)
  })
  server.on('connection', (socket) => strangers.meet(socket))
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
  // Another name for this address is a page of somebody else's that points here (DNS rebinding).
  if (request.headers.host !== address) return { status: 421 }
  if (request.method !== 'GET' && request.method !== 'HEAD') return { status: 405, more: { Allow: 'GET, HEAD' } }
  // As it was sent: what is not literally the name of a page is not one.
  const page = pages.get((request.url ?? '').split('?')[0] ?? '')
  return { status: page ? 200 : 404, page }
}
