/**
 * How a call is defined. A contract is plain data: what goes in and comes out, who may ask, and which failures a caller
 * should expect by name. Everything else (checking, authorising, typing, documenting, fuzzing) is derived from it.
 */
import { z } from 'zod'

/** `viewer` looks; `admin` may also change something. Of a session, not of a person. */
export const roles = ['viewer', 'admin'] as const
export type Role = (typeof roles)[number]

interface Definition<I extends z.ZodType> {
  readonly role: Role
  /** Strict: what is not named is refused. */
  readonly input: I
  /** Codes of failures that belong to this call. Others (of the link, of the server) can come as well. */
  readonly errors: readonly string[]
}

/** Asks, and changes nothing. */
export interface Query<I extends z.ZodType = z.ZodType, O extends z.ZodType = z.ZodType> extends Definition<I> {
  readonly kind: 'query'
  readonly output: O
}

/** Changes something, or asks for something to be done. */
export interface Command<I extends z.ZodType = z.ZodType, O extends z.ZodType = z.ZodType> extends Definition<I> {
  readonly kind: 'command'
  readonly output: O
}

/** A state that is told whole at first, and by its changes from then on. */
export interface Subscription<
  I extends z.ZodType = z.ZodType,
  S extends z.ZodType = z.ZodType,
  C extends z.ZodType = z.ZodType,
> extends Definition<I> {
  readonly kind: 'subscription'
  readonly snapshot: S
  readonly change: C
  /** The state after a change. Pure, and never alters the state that it is given. */
  readonly apply: (state: z.output<S>, change: z.output<C>) => z.output<S>
}

export type Call = Query | Command | Subscription
export type Namespace = Readonly<Record<string, Call>>
export type Contract = Readonly<Record<string, Namespace>>

interface CallOptions<I extends z.ZodType, O extends z.ZodType> {
  readonly role: Role
  readonly input: I
  readonly output: O
  readonly errors?: readonly string[]
}

interface SubscriptionOptions<I extends z.ZodType, S extends z.ZodType, C extends z.ZodType> {
  readonly role: Role
  readonly input: I
  readonly snapshot: S
  readonly change: C
  readonly apply: (state: z.output<S>, change: z.output<C>) => z.output<S>
  readonly errors?: readonly string[]
}

export function query<I extends z.ZodType, O extends z.ZodType>(options: CallOptions<I, O>): Query<I, O> {
  return { kind: 'query', errors: [], ...options }
}

export function command<I extends z.ZodType, O extends z.ZodType>(options: CallOptions<I, O>): Command<I, O> {
  return { kind: 'command', errors: [], ...options }
}

export function subscription<I extends z.ZodType, S extends z.ZodType, C extends z.ZodType>(
  options: SubscriptionOptions<I, S, C>,
): Subscription<I, S, C> {
  return { kind: 'subscription', errors: [], ...options }
}

/** Input of a call that needs none. */
export const nothing = z.strictObject({})

/** `namespace.name` of every call. */
export function callsOf(contract: Contract): [path: string, call: Call][] {
  return Object.entries(contract).flatMap(([namespace, calls]) =>
    Object.entries(calls).map(([name, call]): [string, Call] => [`${namespace}.${name}`, call]),
  )
}

/** True where a session of this role may make the call. */
export function allows(role: Role, call: Call): boolean {
  return role === 'admin' || call.role === 'viewer'
}
