/** A value, or an expected failure with a code. Unexpected errors are thrown and become `internal`. */
export type Result<T, E = Failure> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: E }

/** An expected failure: what happened, what is unchanged, and what to do next. Safe to show and to send. */
export interface Failure {
  readonly code: string
  readonly message: string
  readonly unchanged?: string | undefined
  readonly next?: string | undefined
}

export function ok<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value }
}

export function fail<E extends Failure>(error: E): { readonly ok: false; readonly error: E } {
  return { ok: false, error }
}
