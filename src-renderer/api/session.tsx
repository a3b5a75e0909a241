/** Who works here, on what, and what they may do. Asked once; the console checks it again at every call. */
import { createContext, type ReactNode, useContext } from 'react'
import type { OutputOf } from './hooks.ts'

export type Session = OutputOf<'app.info'>

const SessionContext = createContext<Session | null>(null)

export function SessionProvider({ session, children }: { readonly session: Session; readonly children: ReactNode }) {
  return <SessionContext value={session}>{children}</SessionContext>
}

export function useSession(): Session {
  const session = useContext(SessionContext)
  if (!session) throw new Error('there is no session around this part of the page')
  return session
}

/** Why this person cannot change anything; undefined for those who can. */
export function useRefusal(): string | undefined {
  return useSession().role === 'admin' ? undefined : 'You are looking as a viewer; only administrators can do this.'
}
