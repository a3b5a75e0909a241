/**
 * Connections that have not said a token. Any program on this computer can open them, and as many as it likes: so they are
 * bounded by themselves, and when there is no place left, the one that has been a stranger for longest has to go. Whoever
 * knows the token needs milliseconds to say it, and is no stranger then.
 */
import type { Duplex } from 'node:stream'

export class Strangers {
  readonly #places: number
  /** In the order in which they came. */
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

  /** It said the token: its place is not bounded here any more. */
  know(socket: Duplex): void {
    this.#waiting.delete(socket)
  }
}
