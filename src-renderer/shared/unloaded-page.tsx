/** A page before its data is there: a place held for it, or why it does not come. */
import type { ReactNode } from 'react'
import type { WireFailure } from '../../src-shared/contract/failure.ts'
import { href } from '../app/routes.ts'
import { LinkButton } from '../ui/button.tsx'
import { Page } from '../ui/page.tsx'
import { ErrorState, Loading, Skeleton } from '../ui/states.tsx'

export function UnloadedPage(props: {
  readonly name: string
  readonly failure: WireFailure | null
  /** What is loaded, in words. */
  readonly what: string
  readonly rows?: number
  readonly narrow?: boolean
  /** What can be done about a failure; without, there is a link to the fleet. */
  readonly action?: ReactNode
}) {
  const { name, failure, what, rows = 8, narrow = false } = props
  return (
    <Page narrow={narrow} name={name} title={failure ? name : <Skeleton width="18rem" />}>
      {failure ? (
        <ErrorState
          failure={failure}
          action={props.action ?? <LinkButton href={href({ page: 'fleet' })}>Go to the fleet</LinkButton>}
        />
      ) : (
        <Loading what={what} rows={rows} />
      )}
    </Page>
  )
}
