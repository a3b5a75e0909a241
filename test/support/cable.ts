/** A TCP proxy to a port of this machine that acts like a cable: it can be cut, mended, and plugged in elsewhere. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface Cable extends AsyncDisposable {
  /** The near end, on the loopback address. */
  readonly port: number
  cut(): void
  mend(): void
  /** Leads to another port from now on. */
  lead(port: number): void
}

export async function cableTo(port: number): Promise<Cable> {
  let target = port
  const sockets = new Set<Socket>()
  let whole = true
  const keep = (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
  }
  const server = createServer((near) => {
    keep(near)
    if (!whole) {
      near.destroy()
      return
    }
    const far = connect({ host: '127.0.0.1', port: target, noDelay: true })
    keep(far)
    near.pipe(far).pipe(near)
    near.once('close', () => far.destroy())
    far.once('close', () => near.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const cut = () => {
    whole = false
    for (const socket of sockets) socket.destroy()
  }
  return {
    port: (server.address() as AddressInfo).port,
    cut,
    mend: () => {
      whole = true
    },
    lead: (other) => {
      target = other
      for (const socket of sockets) socket.destroy()
    },
    [Symbol.asyncDispose]: async () => {
      cut()
      server.close()
      await once(server, 'close')
    },
  }
}
