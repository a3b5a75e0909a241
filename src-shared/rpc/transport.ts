/** What carries frames: text both ways, in order, until it closes. */

export interface Transport {
  /** Does nothing once the transport is closed. */
  post(text: string): void
  /** One listener; what came before it was set is not lost. */
  onMessage(listener: (text: string) => void): void
  /** Called once, whichever side closed; at once where it is closed already. `reason` may be empty. */
  onClose(listener: (reason: string) => void): void
  close(reason?: string): void
}

/** Characters of a frame from a window. Longer ones are refused unread. */
export const REQUEST_LIMIT = 1_000_000
/** Characters of a frame to a window: ten thousand backups fit many times. */
export const ANSWER_LIMIT = 64_000_000
/** Calls and subscriptions that a session may have open. */
export const OPEN_LIMIT = 512

/** The listeners of a transport, with what comes too early kept for them. */
export class Ears {
  #message: ((text: string) => void) | null = null
  #close: ((reason: string) => void) | null = null
  #early: string[] = []
  #closed: string | null = null

  get closed(): boolean {
    return this.#closed !== null
  }

  hear(text: string): void {
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

/** Two ends in one process; each message arrives in a task of its own, as with the real ones. */
export function memoryTransports(): [Transport, Transport] {
  const ears = [new Ears(), new Ears()] as const
  const end = (own: Ears, other: Ears): Transport => ({
    post: (text) => {
      if (!own.closed) queueMicrotask(() => other.hear(text))
    },
    onMessage: (listener) => own.onMessage(listener),
    onClose: (listener) => own.onClose(listener),
    close: (reason = '') => {
      own.end(reason)
      queueMicrotask(() => other.end(reason))
    },
  })
  return [end(ears[0], ears[1]), end(ears[1], ears[0])]
}
