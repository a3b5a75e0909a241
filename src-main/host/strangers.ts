/**
 * Limits connections that have not sent a token. Any program on this computer can open any number of them, so they have
 * a limit of their own; when it is reached, the oldest is closed. A window sends its token within milliseconds, so it
 * is not affected.
 */
import type { Duplex } from 'node:stream'

export class Strangers {
  readonly #places: number
  /** In the order of arrival. */
  readonly #waiting = new Set<Duplex>()

  constructor(places: number) {
    this.#places = places
  }

  meet(socket: Duplex): void {
    this.#waiting.add(socket)
    socket.once('close', () => this.#waiting.delete(socket))
    if (this.#waiting.size <= this.#places) return
    const [oldest] = this.#waiting
    if (oldest === undefined) return
    this.#waiting.delete(oldest)
    oldest.destroy()
  }

  /** Removes a connection that sent its token: it no longer counts here. */
  know(socket: Duplex): void {
    this.#waiting.delete(socket)
  }
}
