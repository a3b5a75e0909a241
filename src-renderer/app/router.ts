/** Where this window is. The address is the state; going somewhere is changing the address. */
import { useSyncExternalStore } from 'react'
import { href, type Route, readRoute } from './routes.ts'

let address: string | null = null
let route: Route = { page: 'fleet' }

function current(): Route {
  if (address !== window.location.hash) {
    address = window.location.hash
    route = readRoute(address)
  }
  return route
}

function listen(listener: () => void): () => void {
  window.addEventListener('hashchange', listener)
  return () => window.removeEventListener('hashchange', listener)
}

export function useRoute(): Route {
  return useSyncExternalStore(listen, current)
}

export function go(to: Route): void {
  window.location.hash = href(to)
}

/** Goes there without an entry in the history. */
export function replace(to: Route): void {
  history.replaceState(null, '', href(to))
  window.dispatchEvent(new HashChangeEvent('hashchange'))
}
