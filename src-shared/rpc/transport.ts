/** Carries frames: text both ways, in order, until it closes. */

export interface Transport {
  /** Does nothing once the transport is closed. */
  post(text: string): void
  /** Sets the one listener; earlier messages are delivered to it. */
  onMessage(listener: (text: string) => void): void
  /** Called once, whichever side closed; immediately if closed already. `reason` may be empty. */
  onClose(listener: (reason: string) => void): void
  close(reason?: string): void
}

/** Maximum characters of a frame from a window. Longer ones are refused unread. */
export const REQUEST_LIMIT = 1_000_000
/** Maximum characters of a frame to a window: enough for ten thousand backups many times over. */
export const ANSWER_LIMIT = 64_000_000
/** Maximum number of open calls and subscriptions per session. */
export const OPEN_LIMIT = 512

/** The listeners of a transport; buffers what arrives before they are set. */
export class TransportListeners {
  #message: ((text: string) => void) | null = null
  #close: ((reason: string) => void) | null = null
  #early: string[] = []
  #closed: string | null = null

  get closed(): boolean {
    return this.#closed !== null
  }

  receive(text: string): void {
    if (this.#closed !== null) return
    if (this.#message) this.#message(text)
    else this.#early.push(text)
  }

  end(reason: string): void {
    if (this.#closed !== null) return
    this.#closed = reason
    this.#close?.(reason)
  }

  onMessage(listener: (text: string) => void): void {
    this.#message = listener
    const early = this.#early
    this.#early = []
    for (const text of early) listener(text)
  }

  onClose(listener: (reason: string) => void): void {
    this.#close = listener
    if (this.#closed !== null) listener(this.#closed)
  }
}

/** Two ends in one process; each message arrives in its own task, as with real transports. */
export function memoryTransports(): [Transport, Transport] {
  const listeners = [new TransportListeners(), new TransportListeners()] as const
  const end = (own: TransportListeners, other: TransportListeners): Transport => ({
    post: (text) => {
      if (!own.closed) queueMicrotask(() => other.receive(text))
    },
    onMessage: (listener) => own.onMessage(listener),
    onClose: (listener) => own.onClose(listener),
    close: (reason = '') => {
      own.end(reason)
      queueMicrotask(() => other.end(reason))
    },
  })
  return [end(listeners[0], listeners[1]), end(listeners[1], listeners[0])]
}
