/** The pages that the desktop can open: from a link, a notification, the menu or the tray. */
import type { Destination } from '../../src-shared/domain/destinations.ts'
import type { DeepLink } from './deep-link.ts'
import { START_PAGE } from './origin.ts'

export type Place =
  | { readonly kind: Destination['id'] }
  | { readonly kind: 'site' | 'site-alerts' | 'operation' | 'backups'; readonly id: string }

/** The URL of a place. Only the fragment differs, so an open page navigates without reloading. */
export function addressOf(place: Place): string {
  if (place.kind === 'site') return `${START_PAGE}#/sites/${encodeURIComponent(place.id)}`
  if (place.kind === 'site-alerts') return `${START_PAGE}#/sites/${encodeURIComponent(place.id)}/alerts`
  if (place.kind === 'backups') return `${START_PAGE}#/sites/${encodeURIComponent(place.id)}/backups`
  if (place.kind === 'operation') return `${START_PAGE}#/operations/${encodeURIComponent(place.id)}`
  return place.kind === 'fleet' ? `${START_PAGE}#/` : `${START_PAGE}#/${place.kind}`
}

/** The place of a link; null if it is unknown: then the console just comes to the front. */
export function placeOf(link: DeepLink): Place | null {
  return link.kind === 'unknown' ? null : link
}
