/** The places that the desktop opens are existing pages of the window. */
import { expect, test } from 'vitest'
import { addressOf, type Place } from '../../src-main/electron/places.ts'
import { readRoute } from '../../src-renderer/app/routes.ts'

test.each([
  [{ kind: 'fleet' }, { page: 'fleet' }],
  [{ kind: 'operations' }, { page: 'operations' }],
  [{ kind: 'audit' }, { page: 'audit' }],
  [{ kind: 'add-site' }, { page: 'add-site' }],
  [{ kind: 'settings' }, { page: 'settings', section: 'appearance' }],
  [
    { kind: 'site', id: 'a-1' },
    { page: 'site', site: 'a-1' },
  ],
  [
    { kind: 'operation', id: 'b-2' },
    { page: 'operation', operation: 'b-2' },
  ],
  [
    { kind: 'backups', id: 'c 3' },
    { page: 'backups', site: 'c 3' },
  ],
] satisfies [Place, object][])('%j', (place, route) => {
  expect(readRoute(new URL(addressOf(place)).hash)).toEqual(route)
})
