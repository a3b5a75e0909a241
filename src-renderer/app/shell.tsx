/** The frame around every page, and whether the console responds. */
import type { ReactNode } from 'react'
import { useLink, useSubscription } from '../api/hooks.ts'
import { useSession } from '../api/session.tsx'
import { Time, useNow } from '../ui/time.tsx'
import type { Route } from './routes.ts'
import css from './shell.module.css'
import { Side } from './side.tsx'

export function Shell({ route, children }: { readonly route: Route; readonly children: ReactNode }) {
  return (
    <div className={css.shell}>
      <button type="button" className={css.skip} onClick={skipToContent}>
        Skip to the page
      </button>
      <Side route={route} />
      <div className={css.main}>
        <PrintedHead />
        <ConnectionBanner />
        {children}
      </div>
    </div>
  )
}

function skipToContent(): void {
  document.querySelector<HTMLElement>('main h1')?.focus()
}

/** On paper only: when it was printed, where, and how old what it says was then. */
function PrintedHead() {
  const { who } = useSession()
  const now = useNow(60_000)
  const { at } = useSubscription('sites.watch', {})
  return (
    <p className={css.printed}>
      <span>CVD Backup Console, {who}</span>
      <span>
        Printed <Time exact at={now} />
        {at > 0 && (
          <>
            , data as of <Time exact zoneless at={at} />
          </>
        )}
      </span>
    </p>
  )
}

/** The data on the page stays, with its age, until the console answers again. */
function ConnectionBanner() {
  const link = useLink()
  const fleet = useSubscription('sites.watch', {})
  if (link.state !== 'lost' && link.state !== 'closed') return null
  return (
    <div role="alert" className={css.banner}>
      <strong>{link.state === 'lost' ? 'The console does not respond.' : 'The connection was closed.'}</strong>{' '}
      {fleet.at > 0 && (
        <>
          This page shows data from <Time at={fleet.at} />.{' '}
        </>
      )}
      {link.state === 'lost'
        ? 'The window keeps trying to reconnect. Operations continue on their servers.'
        : (link.failure?.next ?? '')}
    </div>
  )
}
