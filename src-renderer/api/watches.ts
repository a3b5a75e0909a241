/** Subscriptions that several parts of a window share. */
import type { WireFailure } from '../../src-shared/contract/failure.ts'

export interface Watched<S> {
  /** The newest state; kept while the link is lost: old data is better than none. */
  readonly state: S | undefined
  readonly failure: WireFailure | null
  readonly ended: boolean
  /** When the state arrived, by this computer's clock. */
  readonly at: number
}

type Start<S> = (observer: { onState(state: S): void; onEnd(failure: WireFailure | null): void }) => () => void

interface Entry {
  value: Watched<unknown>
  readonly listeners: Set<() => void>
  stop: (() => void) | null
  linger: ReturnType<typeof setTimeout> | null
}

const nothingYet: Watched<never> = { state: undefined, failure: null, ended: false, at: 0 }

export class Watches {
  readonly #entries = new Map<string, Entry>()
  readonly #lingerMs: number

  /** A subscription without listeners stays this long, so that a page shown again has its data at once. */
  constructor(lingerMs = 10_000) {
    this.#lingerMs = lingerMs
  }

  read<S>(key: string): Watched<S> {
    return (this.#entries.get(key)?.value ?? nothingYet) as Watched<S>
  }

  /** Returns what takes the listener away. */
  listen<S>(key: string, start: Start<S>, listener: () => void): () => void {
    const known = this.#entries.get(key)
    // A subscription that ended is out of date: start again.
    if (known && known.listeners.size === 0 && known.value.ended) this.#end(key, known)
    const entry = this.#entries.get(key) ?? this.#begin(key, start)
    if (entry.linger !== null) clearTimeout(entry.linger)
    entry.linger = null
    entry.listeners.add(listener)
    return () => {
      entry.listeners.delete(listener)
      if (entry.listeners.size > 0) return
      entry.linger = setTimeout(() => this.#end(key, entry), this.#lingerMs)
    }
  }

  /** Drops the state and subscribes again. */
  again(key: string): void {
    const entry = this.#entries.get(key)
    if (!entry) return
    this.#end(key, entry)
    for (const listener of [...entry.listeners]) listener()
  }

  #begin<S>(key: string, start: Start<S>): Entry {
    const entry: Entry = { value: nothingYet, listeners: new Set(), stop: null, linger: null }
    this.#entries.set(key, entry)
    const set = (value: Watched<unknown>) => {
      entry.value = value
      for (const listener of [...entry.listeners]) listener()
    }
    entry.stop = start({
      onState: (state) => set({ state, failure: null, ended: false, at: Date.now() }),
      onEnd: (failure) => set({ ...entry.value, failure, ended: true }),
    })
    return entry
  }

  #end(key: string, entry: Entry): void {
    if (entry.linger !== null) clearTimeout(entry.linger)
    entry.stop?.()
    if (this.#entries.get(key) === entry) this.#entries.delete(key)
  }
}
