/** The caller's side: the contract as functions over a transport that reconnects when it breaks. */
import { type Contract, callsOf, type Subscription } from '../contract/define.ts'
import type { WireFailure } from '../contract/failure.ts'
import { fail, ok, type Result } from '../result.ts'
import type { CallControl, Calls, LinkState, Observer } from './client-types.ts'
import { type AnswerFrame, type RequestFrame, readAnswer } from './frames.ts'
import { REQUEST_LIMIT, type Transport } from './transport.ts'

export interface ConnectOptions<C extends Contract> {
  readonly contract: C
  /** Fails with `unauthorised` if retrying is pointless. */
  readonly open: () => Promise<Result<Transport, WireFailure>>
  /** Milliseconds before the first, second, … retry; the last value repeats. */
  readonly backoff?: readonly number[]
  /** Validates everything received against the contract as well; for tests. */
  readonly strict?: boolean
}

export interface RpcClient<C extends Contract> {
  readonly calls: Calls<C>
  readonly link: LinkState
  /** Reports every change of the link. Returns the unsubscribe function. */
  onLink(listener: (link: LinkState) => void): () => void
  /** Ends everything; pending calls fail with `disconnected`. */
  close(): void
}

interface Pending {
  readonly kind: 'query' | 'command'
  readonly settle: (result: Result<unknown, WireFailure>) => void
}

interface Watching {
  readonly path: string
  readonly call: Subscription
  readonly input: unknown
  readonly observer: Observer<unknown>
  state: unknown
  /** Number of the last received event; -1 before the snapshot. */
  seq: number
}

const notSent: WireFailure = {
  code: 'disconnected',
  message: 'The console does not answer.',
  unchanged: 'Nothing was sent.',
  next: 'The window keeps reconnecting; try again when the console is back.',
}

function lostMeanwhile(kind: Pending['kind']): WireFailure {
  const message = 'The console went away before it answered.'
  if (kind === 'query') return { code: 'disconnected', message, unchanged: 'Nothing was changed.', next: 'Ask again.' }
  return { code: 'disconnected', message, next: 'It is unknown whether it was carried out: check the operations.' }
}

const cancelled: WireFailure = { code: 'cancelled', message: 'The call was cancelled.' }
const tooLarge: WireFailure = {
  code: 'too-large',
  message: 'The request is too large for the console.',
  unchanged: 'Nothing was sent.',
}

class Client {
  readonly #options: ConnectOptions<Contract>
  readonly #pending = new Map<number, Pending>()
  readonly #watching = new Map<number, Watching>()
  readonly #listeners = new Set<(link: LinkState) => void>()
  #transport: Transport | null = null
  #waiting: (() => void)[] = []
  #next = 1
  #attempt = 0
  #timer: ReturnType<typeof setTimeout> | null = null
  link: LinkState = { state: 'connecting' }

  constructor(options: ConnectOptions<Contract>) {
    this.#options = options
    void this.#open()
  }

  onLink(listener: (link: LinkState) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async ask(path: string, kind: Pending['kind'], input: unknown, control: CallControl = {}) {
    if (this.link.state === 'connecting') await new Promise<void>((resolve) => this.#waiting.push(resolve))
    if (control.signal?.aborted) return fail(cancelled)
    const transport = this.#transport
    if (!transport) return fail(this.#refusal())
    const id = this.#next++
    const text = encode({ k: 'call', id, path, input })
    if (text.length > REQUEST_LIMIT) return fail(tooLarge)
    return new Promise<Result<unknown, WireFailure>>((resolve) => {
      const giveUp = () => {
        this.#send({ k: 'cancel', id })
        settle(fail(cancelled))
      }
      const settle = (result: Result<unknown, WireFailure>) => {
        this.#pending.delete(id)
        control.signal?.removeEventListener('abort', giveUp)
        resolve(result)
      }
      this.#pending.set(id, { kind, settle })
      control.signal?.addEventListener('abort', giveUp, { once: true })
      transport.post(text)
    })
  }

  watch(path: string, call: Subscription, input: unknown, observer: Observer<unknown>): () => void {
    const watching: Watching = { path, call, input, observer, state: undefined, seq: -1 }
    this.#subscribe(watching)
    return () => {
      for (const [id, one] of this.#watching) {
        if (one !== watching) continue
        this.#watching.delete(id)
        this.#send({ k: 'cancel', id })
      }
    }
  }

  close(): void {
    this.#closeFor(null)
  }

  #refusal(): WireFailure {
    const { link } = this
    return link.state === 'closed' && link.failure ? link.failure : notSent
  }

  #subscribe(watching: Watching): void {
    const id = this.#next++
    watching.seq = -1
    this.#watching.set(id, watching)
    if (this.link.state === 'closed') {
      this.#watching.delete(id)
      queueMicrotask(() => watching.observer.onEnd?.(this.#refusal()))
      return
    }
    this.#send({ k: 'call', id, path: watching.path, input: watching.input })
  }

  #send(frame: RequestFrame): void {
    this.#transport?.post(encode(frame))
  }

  async #open(): Promise<void> {
    const opened = await this.#options.open().catch((error: unknown) => {
      return fail<WireFailure>({ ...notSent, message: `The console cannot be reached: ${String(error)}` })
    })
    if (this.link.state === 'closed') {
      if (opened.ok) opened.value.close()
      return
    }
    if (!opened.ok) {
      if (opened.error.code === 'unauthorised') this.#closeFor(opened.error)
      else this.#lose(opened.error)
      return
    }
    const transport = opened.value
    this.#transport = transport
    this.#attempt = 0
    transport.onMessage((text) => {
      if (transport === this.#transport) this.#receive(text)
    })
    transport.onClose((reason) => {
      if (transport === this.#transport) this.#lose({ ...notSent, ...(reason === '' ? {} : { message: reason }) })
    })
    if (this.#transport !== transport) return
    this.#publish({ state: 'open' })
    const again = [...this.#watching.values()]
    this.#watching.clear()
    for (const watching of again) this.#subscribe(watching)
    this.#wake()
  }

  #wake(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const resume of waiting) resume()
  }

  #drop(): void {
    this.#transport = null
    for (const { kind, settle } of [...this.#pending.values()]) settle(fail(lostMeanwhile(kind)))
  }

  #lose(failure: WireFailure): void {
    if (this.link.state === 'closed') return
    this.#drop()
    const delays = this.#options.backoff ?? [200, 500, 1000, 2000, 5000]
    const delay = delays[Math.min(this.#attempt, delays.length - 1)] ?? 1000
    this.#attempt += 1
    this.#publish({ state: 'lost', failure, attempt: this.#attempt })
    this.#wake()
    this.#timer = setTimeout(() => void this.#open(), delay)
  }

  #closeFor(failure: WireFailure | null): void {
    if (this.link.state === 'closed') return
    const transport = this.#transport
    this.#drop()
    if (this.#timer) clearTimeout(this.#timer)
    this.#publish({ state: 'closed', failure })
    transport?.close()
    this.#wake()
    const watching = [...this.#watching.values()]
    this.#watching.clear()
    if (failure) for (const { observer } of watching) observer.onEnd?.(failure)
  }

  #publish(link: LinkState): void {
    this.link = link
    for (const listener of [...this.#listeners]) listener(link)
  }

  #receive(text: string): void {
    const read = readAnswer(text)
    const frame: AnswerFrame = read.ok ? read.value : { k: 'fail', id: 0, error: read.error }
    const watching = this.#watching.get(frame.id)
    if (frame.k === 'fail' && frame.id === 0) this.#break(frame.error)
    else if (watching) this.#hearOf(frame.id, watching, frame)
    else if (frame.k === 'done') this.#pending.get(frame.id)?.settle(ok(frame.value))
    else if (frame.k === 'fail') this.#pending.get(frame.id)?.settle(fail(frame.error))
  }

  /** The two sides do not understand each other: this connection is useless. */
  #break(failure: WireFailure): void {
    const transport = this.#transport
    this.#lose(failure)
    transport?.close(failure.code)
  }

  #hearOf(id: number, watching: Watching, frame: AnswerFrame): void {
    const { observer, call } = watching
    if (frame.k === 'fail' || frame.k === 'end') {
      this.#watching.delete(id)
      observer.onEnd?.(frame.k === 'fail' ? frame.error : null)
      return
    }
    if (frame.k !== 'event') return
    if (frame.seq !== 0 && frame.seq !== watching.seq + 1) {
      // An event was missed: subscribe again for a new snapshot.
      this.#watching.delete(id)
      this.#send({ k: 'cancel', id })
      this.#subscribe(watching)
      return
    }
    const schema = frame.seq === 0 ? call.snapshot : call.change
    const value = this.#options.strict ? schema.parse(frame.value) : frame.value
    watching.seq = frame.seq
    watching.state = frame.seq === 0 ? value : call.apply(watching.state, value)
    observer.onState(watching.state)
  }
}

function encode(frame: RequestFrame): string {
  return JSON.stringify(frame)
}

/** Opens the transport, and reopens it whenever it breaks, until `close`. */
export function connect<C extends Contract>(options: ConnectOptions<C>): RpcClient<C> {
  const client = new Client(options)
  const calls: Record<string, Record<string, unknown>> = {}
  for (const [path, call] of callsOf(options.contract)) {
    const [namespace = '', name = ''] = path.split('.')
    calls[namespace] ??= {}
    calls[namespace][name] =
      call.kind === 'subscription'
        ? (input: unknown, observer: Observer<unknown>) => client.watch(path, call, input, observer)
        : async (input: unknown, control?: CallControl) => {
            const result = await client.ask(path, call.kind, input, control)
            return options.strict && result.ok ? ok(call.output.parse(result.value)) : result
          }
  }
  return {
    calls: calls as Calls<C>,
    get link() {
      return client.link
    },
    onLink: (listener) => client.onLink(listener),
    close: () => client.close(),
  }
}
