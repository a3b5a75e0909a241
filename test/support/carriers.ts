/** The three real transports between windows and console. */
import { MessageChannel } from 'node:worker_threads'
import { WebSocket } from 'ws'
import { startLoopbackHost } from '../../src-main/host/server.ts'
import type { Role } from '../../src-shared/contract/define.ts'
import type { WireFailure } from '../../src-shared/contract/failure.ts'
import { ok, type Result } from '../../src-shared/result.ts'
import { type EventTargetPort, portTransport } from '../../src-shared/rpc/port-transport.ts'
import { openSocket, SOCKET_PATH, type SocketLike } from '../../src-shared/rpc/socket-transport.ts'
import { memoryTransports, type Transport } from '../../src-shared/rpc/transport.ts'

type Session = (transport: Transport, role: Role) => void

export interface Carrier extends AsyncDisposable {
  open(role: Role): Promise<Result<Transport, WireFailure>>
}

export type MakeCarrier = (session: Session) => Promise<Carrier>

const nothing = async () => {}

/** A window's socket, as opened by a browser on the host's own page. */
export function browserSocket(url: string): Promise<Result<Transport, WireFailure>> {
  const { host, hash } = new URL(url)
  const socket = new WebSocket(`ws://${host}${SOCKET_PATH}`, { origin: `http://${host}` })
  return openSocket(socket as SocketLike, hash.replace('#token=', ''))
}

export const carriers: Readonly<Record<string, MakeCarrier>> = {
  memory: async (session) => ({
    open: async (role) => {
      const [near, far] = memoryTransports()
      session(far, role)
      return ok(near)
    },
    [Symbol.asyncDispose]: nothing,
  }),

  MessageChannel: async (session) => ({
    open: async (role) => {
      const { port1, port2 } = new MessageChannel()
      session(portTransport(port2 as unknown as EventTargetPort), role)
      return ok(portTransport(port1 as unknown as EventTargetPort))
    },
    [Symbol.asyncDispose]: nothing,
  }),

  WebSocket: async (session) => {
    const host = await startLoopbackHost({ pages: new Map(), session })
    return {
      open: (role) => browserSocket(role === 'admin' ? host.adminUrl : host.viewerUrl),
      [Symbol.asyncDispose]: () => host[Symbol.asyncDispose](),
    }
  },
}
