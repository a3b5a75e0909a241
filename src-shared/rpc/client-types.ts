/** The contract as typed functions for callers. */
import type { z } from 'zod'
import type { Command, Contract, Query, Subscription } from '../contract/define.ts'
import type { WireFailure } from '../contract/failure.ts'
import type { Result } from '../result.ts'

export interface Observer<S> {
  /** The whole state: first, after every change, and after every reconnection. */
  onState(state: S): void
  /** No more states: the subscription completed (null) or failed. Not called after unsubscribing. */
  onEnd?(failure: WireFailure | null): void
}

export interface CallControl {
  /** Cancels the call, which then fails with `cancelled`. What a command has started continues. */
  readonly signal?: AbortSignal
}

export type Ask<I extends z.ZodType, O extends z.ZodType> = (
  input: z.input<I>,
  control?: CallControl,
) => Promise<Result<z.output<O>, WireFailure>>

/** Returns the unsubscribe function. */
export type Watch<I extends z.ZodType, S extends z.ZodType> = (
  input: z.input<I>,
  observer: Observer<z.output<S>>,
) => () => void

type FunctionOf<C> =
  C extends Subscription<infer I, infer S, z.ZodType>
    ? Watch<I, S>
    : C extends Query<infer I, infer O>
      ? Ask<I, O>
      : C extends Command<infer I, infer O>
        ? Ask<I, O>
        : never

export type Calls<C extends Contract> = { readonly [N in keyof C]: { readonly [M in keyof C[N]]: FunctionOf<C[N][M]> } }

export type LinkState =
  /** The first connection is being made; calls wait for it. */
  | { readonly state: 'connecting' }
  | { readonly state: 'open' }
  /** Calls fail with `disconnected`; subscriptions keep their state and resume by themselves. */
  | { readonly state: 'lost'; readonly failure: WireFailure; readonly attempt: number }
  /** For good: closed here, or refused by the host. */
  | { readonly state: 'closed'; readonly failure: WireFailure | null }
