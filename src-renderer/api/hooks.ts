/** The contract as hooks. What is wrong comes as a value; nothing here throws. */
import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from 'react'
import type { z } from 'zod'
import type { Command, Query, Subscription } from '../../src-shared/contract/define.ts'
import type { WireFailure } from '../../src-shared/contract/failure.ts'
import type { ConsoleContract } from '../../src-shared/contract/index.ts'
import type { Result } from '../../src-shared/result.ts'
import { calls, onLink, readLink } from './client.ts'
import { type Watched, Watches } from './watches.ts'

type Paths<Kind> = {
  [N in keyof ConsoleContract & string]: {
    [M in keyof ConsoleContract[N] & string]: ConsoleContract[N][M] extends Kind ? `${N}.${M}` : never
  }[keyof ConsoleContract[N] & string]
}[keyof ConsoleContract & string]

type CallAt<P extends string> = P extends `${infer N}.${infer M}`
  ? N extends keyof ConsoleContract
    ? M extends keyof ConsoleContract[N]
      ? ConsoleContract[N][M]
      : never
    : never
  : never

export type SubscriptionPath = Paths<Subscription>
export type QueryPath = Paths<Query & { kind: 'query' }>
export type CommandPath = Paths<Command & { kind: 'command' }>

export type InputOf<P extends string> = CallAt<P> extends { input: infer I extends z.ZodType } ? z.input<I> : never
export type StateOf<P extends string> = CallAt<P> extends { snapshot: infer S extends z.ZodType } ? z.output<S> : never
export type OutputOf<P extends string> = CallAt<P> extends { output: infer O extends z.ZodType } ? z.output<O> : never

/** The function at a path. The path decides its type. */
function functionAt(path: string): (...args: unknown[]) => unknown {
  const [namespace = '', name = ''] = path.split('.')
  const table = calls as unknown as Record<string, Record<string, (...args: unknown[]) => unknown>>
  const found = table[namespace]?.[name]
  if (!found) throw new Error(`no call ${path}`)
  return found
}

const watches = new Watches()

export interface Live<S> extends Watched<S> {
  readonly again: () => void
}

/** The live state of a subscription; none with input null. */
export function useSubscription<P extends SubscriptionPath>(path: P, input: InputOf<P> | null): Live<StateOf<P>> {
  const key = `${path} ${JSON.stringify(input)}`
  const [round, setRound] = useState(0)
  const listen = useCallback(
    (listener: () => void) => {
      if (key.endsWith(' null')) return () => undefined
      const parsed: unknown = JSON.parse(key.slice(path.length + 1))
      const start = (observer: unknown) => functionAt(path)(parsed, observer) as () => void
      // A new round queries again.
      void round
      return watches.listen(key, start, listener)
    },
    [path, key, round],
  )
  const watched = useSyncExternalStore(listen, () => watches.read<StateOf<P>>(key))
  const again = useCallback(() => {
    watches.again(key)
    setRound((now) => now + 1)
  }, [key])
  return { ...watched, again }
}

export interface Asked<O> {
  readonly data: O | undefined
  readonly failure: WireFailure | null
  readonly loading: boolean
  readonly reload: () => void
}

/** The answer of a query; repeated when the input changes, by `reload`, and after a lost link. */
export function useQuery<P extends QueryPath>(path: P, input: InputOf<P> | null): Asked<OutputOf<P>> {
  const key = JSON.stringify(input)
  const [state, setState] = useState<{
    key: string
    data: OutputOf<P> | undefined
    failure: WireFailure | null
    loading: boolean
  }>({ key, data: undefined, failure: null, loading: true })
  const [round, setRound] = useState(0)
  const link = useLink().state
  useEffect(() => {
    if (key === 'null' || link === 'lost') return
    void round
    const control = new AbortController()
    setState((now) => ({ ...now, loading: true, ...(now.key === key ? {} : { key, data: undefined, failure: null }) }))
    const asked = functionAt(path)(JSON.parse(key), { signal: control.signal }) as Promise<
      Result<OutputOf<P>, WireFailure>
    >
    void asked.then((result) => {
      if (control.signal.aborted) return
      setState((now) =>
        result.ok
          ? { key, data: result.value, failure: null, loading: false }
          : { ...now, key, failure: result.error, loading: false },
      )
    })
    return () => control.abort()
  }, [path, key, round, link])
  const reload = useCallback(() => setRound((now) => now + 1), [])
  const mine = state.key === key
  return {
    data: mine ? state.data : undefined,
    failure: mine ? state.failure : null,
    loading: mine ? state.loading : true,
    reload,
  }
}

export interface Doing<P extends CommandPath> {
  readonly run: (input: InputOf<P>) => Promise<Result<OutputOf<P>, WireFailure>>
  readonly busy: boolean
  readonly failure: WireFailure | null
  readonly reset: () => void
}

/** Sends a command. Never repeats it on its own. */
export function command<P extends CommandPath>(path: P, input: InputOf<P>): Promise<Result<OutputOf<P>, WireFailure>> {
  return functionAt(path)(input) as Promise<Result<OutputOf<P>, WireFailure>>
}

export function useCommand<P extends CommandPath>(path: P): Doing<P> {
  const [state, setState] = useState<{ busy: boolean; failure: WireFailure | null }>({ busy: false, failure: null })
  const alive = useRef(true)
  useEffect(() => {
    alive.current = true
    return () => {
      alive.current = false
    }
  }, [])
  const run = useCallback(
    async (input: InputOf<P>) => {
      setState({ busy: true, failure: null })
      const result = await command(path, input)
      if (alive.current) setState({ busy: false, failure: result.ok ? null : result.error })
      return result
    },
    [path],
  )
  const reset = useCallback(() => setState({ busy: false, failure: null }), [])
  return { run, ...state, reset }
}

export function useLink() {
  return useSyncExternalStore(onLink, readLink)
}
