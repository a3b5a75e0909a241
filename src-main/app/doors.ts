/**
 * Addresses by which a browser takes or brings the bytes of one file: unguessable, for one use, for a short time, and without
 * a path in them. Only the loopback host opens them.
 */
import { createHash, randomBytes } from 'node:crypto'
import type { Clock } from '../ports/clock.ts'

/** A file to give away. */
export interface Outgoing {
  readonly kind: 'out'
  readonly file: string
  readonly name: string
  readonly size: number
  /** Ends it early. */
  readonly signal: AbortSignal
  /** It went out to the last byte, or did not. */
  readonly ended: (whole: boolean) => void
}

/** A file to be received. */
export interface Incoming {
  readonly kind: 'in'
  readonly file: string
  readonly size: number
  readonly modifiedAt: number
  readonly signal: AbortSignal
  readonly onProgress: (done: number) => void
  /** With the reason, if it did not arrive. */
  readonly ended: (problem: Error | null) => void
}

export type Door = Outgoing | Incoming

/** Of every such address; a token follows. */
export const DOORS = '/transfers/'

/** Milliseconds until an unused address is void. */
const VALID = 60_000

export class Doors {
  readonly #clock: Clock
  readonly #doors = new Map<string, { readonly door: Door; readonly close: () => void }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** The address of a new door. `unused` is called if nobody opened it in time. */
  make(door: Door, unused: () => void = () => {}): string {
    const token = randomBytes(32).toString('base64url')
    const key = keyOf(token)
    const over = new AbortController()
    this.#doors.set(key, { door, close: () => over.abort() })
    void this.#clock.wait(VALID, AbortSignal.any([over.signal, door.signal])).then((late) => {
      if (this.#doors.delete(key) && late) unused()
    })
    return `${DOORS}${token}`
  }

  /** What is behind an address: once. */
  open(address: string, kind: Door['kind']): Door | null {
    if (!address.startsWith(DOORS)) return null
    const key = keyOf(address.slice(DOORS.length))
    const found = this.#doors.get(key)
    if (found?.door.kind !== kind) return null
    this.#doors.delete(key)
    found.close()
    return found.door.signal.aborted ? null : found.door
  }
}

/** By their digests: finding one takes the same time for every wrong guess. */
function keyOf(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}
