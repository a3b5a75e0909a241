/** The places of the page that the desktop can lead to: by a link, a notification, the menu or the tray. */
import type { Destination } from '../../src-shared/domain/destinations.ts'
import type { DeepLink } from './deep-link.ts'
import { START_PAGE } from './origin.ts'

export type Place = { readonly kind: Destination['id'] } | { readonly kind: 'site' | 'operation'; readonly id: string }

/** The address of a place. Only the part after `#` differs, so a page that is open stays and merely turns to it. */
export function addressOf(place: Place): string {
  if (place.kind === 'site') return `${START_PAGE}#/sites/${encodeURIComponent(place.id)}`
  if (place.kind === 'operation') return `${START_PAGE}#/operations/${encodeURIComponent(place.id)}`
  return place.kind === 'fleet' ? `${START_PAGE}#/` : `${START_PAGE}#/${place.kind}`
}

/** Where a link leads; null for one that is unknown: then the console is shown as it is. */
export function placeOf(link: DeepLink): Place | null {
  return link.kind === 'unknown' ? null : link
}
