/** A server that could not be asked: what is shown is older, or nothing is known. */
import { RefreshCw } from 'lucide-react'
import type { WireFailure } from '../../src-shared/contract/failure.ts'
import { Button } from '../ui/button.tsx'
import { ErrorState } from '../ui/states.tsx'

export function AskAgain(props: {
  readonly failure: WireFailure
  /** `The policy`. */
  readonly what: string
  /** Whether an older answer is shown. */
  readonly known: boolean
  readonly again: () => void
}) {
  const { failure, what, known, again } = props
  return (
    <ErrorState
      failure={failure}
      title={known ? 'The server could not be asked again. This page shows older data.' : `${what} is not known.`}
      tone={known ? 'warn' : 'bad'}
      action={
        <Button size="small" icon={RefreshCw} onClick={again}>
          Ask again
        </Button>
      }
    />
  )
}
