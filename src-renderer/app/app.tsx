/** The whole window. */
import { CSPProvider } from '@base-ui/react/csp-provider'
import { useLink, useQuery } from '../api/hooks.ts'
import { SessionProvider } from '../api/session.tsx'
import { ErrorState, Skeleton } from '../ui/states.tsx'
import { ToastProvider } from '../ui/toast.tsx'
import { TooltipProvider } from '../ui/tooltip.tsx'
import { ErrorBoundary } from './error-boundary.tsx'
import { useShortcuts } from './keyboard.ts'
import { KeysHelp } from './keys-help.tsx'
import { pageOf } from './pages.tsx'
import { Palette } from './palette.tsx'
import { Prompts } from './prompts.tsx'
import { useRoute } from './router.ts'
import { href } from './routes.ts'
import css from './shell.module.css'
import { Shell } from './shell.tsx'
import { useOpeningAppearance } from './theme.ts'
import { Wordmark } from './wordmark.tsx'

export function App() {
  return (
    <CSPProvider disableStyleElements>
      <TooltipProvider>
        <ToastProvider>
          <Entrance />
        </ToastProvider>
      </TooltipProvider>
    </CSPProvider>
  )
}

/** Until the console has answered once, there is nothing to show but why. */
function Entrance() {
  const info = useQuery('app.info', {})
  const link = useLink()
  if (info.data) {
    return (
      <SessionProvider session={info.data}>
        <Window />
      </SessionProvider>
    )
  }
  const failure = link.state === 'closed' || link.state === 'lost' ? link.failure : info.failure
  return (
    <main className={css.welcome}>
      <Wordmark />
      {failure ? <ErrorState failure={failure} /> : <Skeleton lines={3} width="12rem" />}
    </main>
  )
}

function Window() {
  const route = useRoute()
  useOpeningAppearance()
  useShortcuts()
  return (
    <>
      <Shell route={route}>
        <ErrorBoundary of={href(route)}>{pageOf(route)}</ErrorBoundary>
      </Shell>
      <Palette />
      <KeysHelp />
      <Prompts />
    </>
  )
}
