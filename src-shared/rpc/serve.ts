/** The answering side. Every call is looked up, authorised and validated here, and nowhere else. */
import { allows, type Call, type Contract, callsOf, type Role, type Subscription } from '../contract/define.ts'
import { type WireFailure, wireFailure } from '../contract/failure.ts'
import { fail, ok, type Result } from '../result.ts'
import { type AnswerFrame, readRequest } from './frames.ts'
import type { CallContext, Handlers } from './handlers.ts'
import { ANSWER_LIMIT, OPEN_LIMIT, type Transport } from './transport.ts'

export interface ServeOptions<C extends Contract> {
  readonly contract: C
  readonly handlers: Handlers<C>
  readonly transport: Transport
  /** The role of this session, fixed until it ends. */
  readonly role: Role
  /** Logs a bug; returns the id of its log entry. */
  readonly incident: (error: unknown, path: string) => string
  /** Called when the transport has closed, whichever side closed it. */
  readonly ended?: () => void
}

type Answering = (input: unknown, context: CallContext) => Promise<Result<unknown, WireFailure>>
type Feeding = (
  input: unknown,
  feed: CallContext & { snapshot(state: unknown): void; change(change: unknown): void },
) => Promise<Result<null, WireFailure>>

const unknownCall: WireFailure = { code: 'unknown-call', message: 'There is no such call.' }
const forbidden: WireFailure = {
  code: 'forbidden',
  message: 'This session is read-only.',
  unchanged: 'Nothing was changed.',
  next: 'Ask an administrator to do it.',
}
const tooLarge: WireFailure = {
  code: 'too-large',
  message: 'The answer is too large for a window and was not sent.',
  next: 'Request fewer items at a time, or find out which site returns so much data.',
}
const tooMany: WireFailure = {
  code: 'too-many',
  message: 'This window has too many calls open.',
  unchanged: 'Nothing was changed.',
}

/** Names the invalid members, never their values, which may be secret. */
function invalid(error: { readonly issues: readonly { readonly path: PropertyKey[]; readonly code: string }[] }) {
  const where = error.issues.slice(0, 3).map(({ path, code }) => `${path.map(String).join('.') || 'input'}: ${code}`)
  const message = `The input is invalid (${where.join('; ').slice(0, 300)}).`
  return fail<WireFailure>({ code: 'invalid-input', message, unchanged: 'Nothing was changed.' })
}

class Session {
  readonly #options: ServeOptions<Contract>
  readonly #calls: ReadonlyMap<string, Call>
  readonly #open = new Map<number, AbortController>()

  constructor(options: ServeOptions<Contract>) {
    this.#options = options
    this.#calls = new Map(callsOf(options.contract))
    const { transport } = options
    transport.onMessage((text) => this.#receive(text))
    transport.onClose(() => {
      this.end()
      options.ended?.()
    })
  }

  end(): void {
    for (const stop of this.#open.values()) stop.abort()
    this.#open.clear()
  }

  /** Sends a frame. If it is too large, fails the call instead of the window, and returns false. */
  #post(frame: AnswerFrame): boolean {
    const text = JSON.stringify(frame)
    const fits = text.length <= ANSWER_LIMIT
    this.#options.transport.post(fits ? text : JSON.stringify({ k: 'fail', id: frame.id, error: tooLarge }))
    return fits
  }

  #receive(text: string): void {
    const read = readRequest(text)
    if (!read.ok) {
      // None of our windows sends this.
      this.#post({ k: 'fail', id: 0, error: read.error })
      this.end()
      this.#options.transport.close(read.error.code)
      return
    }
    const frame = read.value
    if (frame.k === 'cancel') this.#open.get(frame.id)?.abort()
    else void this.#answer(frame.id, frame.path, frame.input)
  }

  async #answer(id: number, path: string, input: unknown): Promise<void> {
    if (this.#open.has(id)) {
      this.#post({ k: 'fail', id, error: { code: 'bad-frame', message: 'This id is already in use.' } })
      return
    }
    const stop = new AbortController()
    const full = this.#open.size >= OPEN_LIMIT
    if (!full) this.#open.set(id, stop)
    const frame = full ? fail(tooMany) : await this.#call(id, path, input, stop)
    // A cancelled call gets no answer: the caller may have forgotten its id.
    if (stop.signal.aborted) {
      this.#open.delete(id)
      return
    }
    this.#open.delete(id)
    if (!frame.ok) this.#post({ k: 'fail', id, error: frame.error })
    else if (frame.value.ended) this.#post({ k: 'end', id })
    else this.#post({ k: 'done', id, value: frame.value.output })
  }

  async #call(id: number, path: string, input: unknown, stop: AbortController): Promise<Result<Ended, WireFailure>> {
    const { signal } = stop
    const call = this.#calls.get(path)
    if (!call) return fail(unknownCall)
    if (!allows(this.#options.role, call)) return fail(forbidden)
    try {
      const parsed = call.input.safeParse(input)
      if (!parsed.success) return invalid(parsed.error)
      const context = { role: this.#options.role, signal }
      const handler = this.#handler(path)
      if (call.kind === 'subscription') {
        const fed = await (handler as Feeding)(parsed.data, { ...context, ...this.#feed(id, path, call, stop) })
        return fed.ok ? ok({ ended: true }) : fail(wireFailure.parse(fed.error))
      }
      const answer = await (handler as Answering)(parsed.data, context)
      return answer.ok
        ? ok({ ended: false, output: call.output.parse(answer.value) })
        : fail(wireFailure.parse(answer.error))
    } catch (error) {
      return signal.aborted ? ok({ ended: true }) : fail(this.#internal(error, path))
    }
  }

  #handler(path: string): unknown {
    const [namespace = '', name = ''] = path.split('.')
    return (this.#options.handlers as Readonly<Record<string, Readonly<Record<string, unknown>>>>)[namespace]?.[name]
  }

  /**
   * A value that violates the contract is a bug and ends the subscription. Never throws: handlers send changes from
   * timers and listeners, where an exception would end the console.
   */
  #feed(id: number, path: string, call: Subscription, stop: AbortController) {
    let seq = -1
    const send = (number: number, schema: Subscription['change'], value: unknown) => {
      if (stop.signal.aborted) return
      try {
        if (number < 0) throw new Error('a change was sent before the snapshot')
        seq = number
        if (!this.#post({ k: 'event', id, seq, value: schema.parse(value) })) stop.abort()
      } catch (error) {
        this.#post({ k: 'fail', id, error: this.#internal(error, path) })
        stop.abort()
      }
    }
    return {
      snapshot: (state: unknown) => send(0, call.snapshot, state),
      change: (change: unknown) => send(seq < 0 ? -1 : seq + 1, call.change, change),
    }
  }

  #internal(error: unknown, path: string): WireFailure {
    const incident = this.#options.incident(error, path)
    const message = 'An internal error occurred.'
    return { code: 'internal', message, next: `Report it: the log has it under ${incident}.`, incident }
  }
}

type Ended = { readonly ended: true } | { readonly ended: false; readonly output: unknown }

/** Serves a session until its transport closes or the returned function is called. */
export function serve<C extends Contract>(options: ServeOptions<C>): () => void {
  const session = new Session(options as unknown as ServeOptions<Contract>)
  return () => {
    session.end()
    options.transport.close()
  }
}
