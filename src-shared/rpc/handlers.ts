/** The handlers of a contract's calls. */
import type { z } from 'zod'
import type { Command, Contract, Query, Role, Subscription } from '../contract/define.ts'
import type { WireFailure } from '../contract/failure.ts'
import type { Result } from '../result.ts'

/** The context of a call. `signal` is aborted when it is cancelled or its window is gone. */
export interface CallContext {
  readonly role: Role
  readonly signal: AbortSignal
}

/** Sends a subscription's state: a snapshot first, immediately, then each change. Both do nothing once it has ended. */
export interface Feed<S extends z.ZodType, C extends z.ZodType> extends CallContext {
  snapshot(state: z.input<S>): void
  change(change: z.input<C>): void
}

type Answer<O extends z.ZodType> = Result<z.input<O>, WireFailure>

type Answering<I extends z.ZodType, O extends z.ZodType> = (
  input: z.output<I>,
  context: CallContext,
) => Answer<O> | Promise<Answer<O>>

/** Resolves when the subscription is complete; an endless one waits for the signal. */
type Feeding<I extends z.ZodType, S extends z.ZodType, C extends z.ZodType> = (
  input: z.output<I>,
  feed: Feed<S, C>,
) => Promise<Result<null, WireFailure>>

type HandlerOf<C> =
  C extends Subscription<infer I, infer S, infer D>
    ? Feeding<I, S, D>
    : C extends Query<infer I, infer O>
      ? Answering<I, O>
      : C extends Command<infer I, infer O>
        ? Answering<I, O>
        : never

/** A handler for every call of a namespace. */
export type NamespaceHandlers<N> = { readonly [M in keyof N]: HandlerOf<N[M]> }

/** A handler for every call: a missing one does not compile. */
export type Handlers<C extends Contract> = { readonly [N in keyof C]: NamespaceHandlers<C[N]> }

/** Resolves when the signal is aborted. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}
