import { describe, expect, test } from 'vitest'
import { href, type Route, readRoute } from '../../../src-renderer/app/routes.ts'

const routes: readonly Route[] = [
  { page: 'fleet' },
  { page: 'alerts' },
  { page: 'site-alerts', site: 'x' },
  { page: 'add-site' },
  { page: 'operations' },
  { page: 'operation', operation: '20261101T000000Z-database-abc' },
  { page: 'settings', section: 'hosts' },
  { page: 'audit' },
  { page: 'site', site: 'a b/c' },
  { page: 'backups', site: 'x' },
  { page: 'backup', site: 'x', path: '/opt/cvd/backups/a%20b%25?#&.db.gz' },
  { page: 'schedule', site: 'x' },
  { page: 'retention', site: 'x' },
  { page: 'policy', site: 'x' },
  { page: 'site-operations', site: 'x' },
  { page: 'connection', site: 'x' },
  { page: 'restore', site: 'x', part: undefined, path: undefined, plan: undefined, step: undefined },
  { page: 'restore', site: 'x', part: 'config', path: undefined, plan: undefined, step: 'choose' },
  { page: 'restore', site: 'x', part: undefined, path: '/b/ü&=+.db', plan: 'p-1', step: 'checks' },
  { page: 'restore', site: 'x', path: '/b/s.tar.gz', parts: ['database', 'config'], plan: undefined, step: 'changes' },
  { page: 'restore', site: 'x', path: '/b/s.tar.gz', parts: 'all', plan: 'p-2', step: 'confirm' },
  { page: 'restoring', site: 'x', operation: 'o/1' },
]

describe('addresses', () => {
  test.each(routes)('round-trip: %o', (route) => {
    expect(readRoute(href(route))).toEqual(route)
  })

  test.each(['#/nowhere', '#/sites', '#/sites/x/nothing', '#/audit/more', '#/sites/x/operations/y'])(
    'that lead nowhere are reported as not found: %s',
    (hash) => {
      expect(readRoute(hash)).toEqual({ page: 'lost', address: hash })
    },
  )

  test('with unknown parts of a backup have none', () => {
    const parts = (text: string) => {
      const route = readRoute(`#/sites/x/restore?backup=b&parts=${text}`)
      return route.page === 'restore' ? route.parts : 'another page'
    }
    expect([parts(''), parts('kernel'), parts('nginx,kernel,config')]).toEqual([
      undefined,
      undefined,
      ['config', 'nginx'],
    ])
  })

  test('that are broken do not throw', () => {
    expect(readRoute('#/sites/%E0%A4%A').page).toBe('site')
    expect(readRoute('')).toEqual({ page: 'fleet' })
  })
})
