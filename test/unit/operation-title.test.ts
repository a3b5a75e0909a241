/** What an operation is called. */
import { expect, test } from 'vitest'
import { titleOf } from '../../src-shared/domain/operation-title.ts'

test.each([
  ['restore', ['restore', 'database', '/a'], 'Database restore'],
  ['restore', ['restore', 'application', '/a'], 'Application restore'],
  ['restore', ['restore', 'config', '/a'], 'Configuration restore'],
  ['restore', ['restore', 'systemd', '/a'], 'Unit file restore'],
  ['restore', ['restore', 'system', '/a', '--parts', 'config'], 'System restore'],
  ['restore', ['restore', { path: '/a' }], 'Database restore'],
  ['undo', ['undo', 'application'], 'Undo restore'],
] as const)('%s by the request %j is called %s', (command, request, title) => {
  expect(titleOf(command, false, request)).toBe(title)
})
