/** Links and second starts of the program: they come to the one that runs, and only ever show something. */
import { linkAmong, parseDeepLink } from './deep-link.ts'
import { type Place, placeOf } from './places.ts'
import type { ShellApp } from './runtime.ts'

export interface Arrivals {
  readonly app: Pick<ShellApp, 'on'>
  /** The arguments of this start. */
  readonly argv: readonly string[]
  /** Brings the console to the front, at a place or as it is. */
  readonly show: (place: Place | null) => void
}

/** Listens from now on; what comes before `ready` is called waits for it, and only the last of it is shown. */
export function expectArrivals({ app, argv, show }: Arrivals): { ready(): void } {
  let isReady = false
  let waiting: Place | null | undefined
  const arrive = (place: Place | null) => {
    if (isReady) show(place)
    else waiting = place
  }
  app.on('second-instance', (_event, others) => {
    const link = linkAmong(others)
    arrive(link === null ? null : placeOf(link))
  })
  app.on('open-url', (event, url) => {
    event.preventDefault()
    arrive(placeOf(parseDeepLink(url)))
  })
  const first = linkAmong(argv)
  if (first !== null) arrive(placeOf(first))
  return {
    ready() {
      isReady = true
      if (waiting !== undefined) show(waiting)
    },
  }
}
