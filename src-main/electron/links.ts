/** Handles links and second starts of the program: the running instance gets them, and only ever shows something. */
import { linkAmong, parseDeepLink } from './deep-link.ts'
import { type Place, placeOf } from './places.ts'
import type { ShellApp } from './runtime.ts'

export interface Arrivals {
  readonly app: Pick<ShellApp, 'on'>
  /** The arguments of this start. */
  readonly argv: readonly string[]
  /** Brings the console to the front, at the given place if any. */
  readonly show: (place: Place | null) => void
}

/** Starts listening. What arrives before `ready` is called waits, and only the last of it is shown. */
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
