/** Starts something: a toast confirms what the page does not show, a failure is returned. Operations show in the activity. */
import { useState } from 'react'
import type { WireFailure } from '../../src-shared/contract/failure.ts'
import { type CommandPath, command, type InputOf } from '../api/hooks.ts'
import { showToast } from '../ui/toast.tsx'

export interface Start {
  readonly busy: boolean
  readonly failure: WireFailure | null
  /** Shows a failure of something else that was started here. */
  readonly refused: (failure: WireFailure | null) => void
  readonly begin: <P extends CommandPath>(path: P, input: InputOf<P>, said?: string) => Promise<boolean>
  readonly forget: () => void
}

export function useStart(): Start {
  const [busy, setBusy] = useState(false)
  const [failure, setFailure] = useState<WireFailure | null>(null)
  async function begin<P extends CommandPath>(path: P, input: InputOf<P>, said = ''): Promise<boolean> {
    setBusy(true)
    setFailure(null)
    const result = await command(path, input)
    setBusy(false)
    if (result.ok) {
      if (said !== '') showToast(said)
      return true
    }
    setFailure(result.error)
    return false
  }
  return { busy, failure, refused: setFailure, begin, forget: () => setFailure(null) }
}
