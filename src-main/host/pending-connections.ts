/**
 * Limits connections that have not sent a token. Any program on this computer can open any number of them, so they have
 * a limit of their own; when it is reached, the oldest is closed. A window sends its token within milliseconds, so it
 * is not affected.
 */
import type { Duplex } from 'node:stream'

export class PendingConnections {
  readonly #limit: number
  /** In the order of arrival. */
  readonly #sockets = new Set<Duplex>()

  constructor(limit: number) {
    this.#limit = limit
  }

  add(socket: Duplex): void {
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
    if (this.#sockets.size <= this.#limit) return
    const [oldest] = this.#sockets
    if (oldest === undefined) return
    this.#sockets.delete(oldest)
    oldest.destroy()
  }

  /** Removes a connection that sent its token: it no longer counts here. */
  remove(socket: Duplex): void {
    this.#sockets.delete(socket)
  }
}
