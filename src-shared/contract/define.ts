/**
 * Defines calls. A contract is plain data: input, output, who may call, and the failure codes to expect. Everything
 * else (checking, authorising, typing, documenting, fuzzing) is derived from it.
 */
import { z } from 'zod'

/** `viewer` reads; `admin` may also change things. Belongs to a session, not a person. */
export const roles = ['viewer', 'admin'] as const
export type Role = (typeof roles)[number]

interface Definition<I extends z.ZodType> {
  readonly role: Role
  /** Strict: unknown members are refused. */
  readonly input: I
  /** Failure codes of this call. Those of the link and the server can occur as well. */
  readonly errors: readonly string[]
}

/** Reads and changes nothing. */
export interface Query<I extends z.ZodType = z.ZodType, O extends z.ZodType = z.ZodType> extends Definition<I> {
  readonly kind: 'query'
  readonly output: O
}

/** Changes something or starts work. */
export interface Command<I extends z.ZodType = z.ZodType, O extends z.ZodType = z.ZodType> extends Definition<I> {
  readonly kind: 'command'
  readonly output: O
}

/** A state: a full snapshot first, then changes. */
export interface Subscription<
  I extends z.ZodType = z.ZodType,
  S extends z.ZodType = z.ZodType,
  C extends z.ZodType = z.ZodType,
> extends Definition<I> {
  readonly kind: 'subscription'
  readonly snapshot: S
  readonly change: C
  /** The state after a change. Pure; must not modify its input. */
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

/** The input of calls without parameters. */
export const nothing = z.strictObject({})

/** `namespace.name` of every call. */
export function callsOf(contract: Contract): [path: string, call: Call][] {
  return Object.entries(contract).flatMap(([namespace, calls]) =>
    Object.entries(calls).map(([name, call]): [string, Call] => [`${namespace}.${name}`, call]),
  )
}

/** Whether a session with this role may make the call. */
export function allows(role: Role, call: Call): boolean {
  return role === 'admin' || call.role === 'viewer'
}
