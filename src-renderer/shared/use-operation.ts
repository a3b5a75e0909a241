/** Starts an operation and stays with it to its end: busy meanwhile, and a failure when it could not start or did not succeed. */
import { useState } from 'react'
import type { WireFailure } from '../../src-shared/contract/failure.ts'
import type { OperationRow } from '../../src-shared/contract/operations.ts'
import { type CommandPath, command, type InputOf, type OutputOf, useSubscription } from '../api/hooks.ts'

type StartingPath = {
  [P in CommandPath]: OutputOf<P> extends { readonly operation: string } ? P : never
}[CommandPath]

export interface FollowedOperation {
  readonly busy: boolean
  readonly failure: WireFailure | null
  /** Whether it was started; its end shows in `failure`. */
  readonly begin: <P extends StartingPath>(path: P, input: InputOf<P>) => Promise<boolean>
  readonly forget: () => void
}

interface State {
  readonly asking: boolean
  readonly operation: string | null
  readonly refused: WireFailure | null
}

const idle: State = { asking: false, operation: null, refused: null }

function failureOf({ state, outcome, code, message, unchanged, next }: OperationRow): WireFailure | null {
  if (state !== 'ended' || outcome === 'succeeded' || outcome === 'cancelled') return null
  return { code, message, ...(unchanged !== '' && { unchanged }), ...(next !== '' && { next }) }
}

export function useOperation(site: string): FollowedOperation {
  const [{ asking, operation, refused }, setState] = useState(idle)
  const rows = useSubscription('operations.watch', operation === null ? null : { site }).state?.operations
  const row = rows?.find(({ id }) => id === operation)
  async function begin<P extends StartingPath>(path: P, input: InputOf<P>): Promise<boolean> {
    setState({ ...idle, asking: true })
    const result = await command(path, input)
    if (!result.ok) setState({ ...idle, refused: result.error })
    // What every such command answers, which its type does not show here.
    else setState({ ...idle, operation: (result.value as { readonly operation: string }).operation })
    return result.ok
  }
  return {
    busy: asking || (operation !== null && row?.state !== 'ended' && row?.state !== 'unknown'),
    failure: refused ?? (row ? failureOf(row) : null),
    begin,
    forget: () => setState(idle),
  }
}
