import { expect, test } from 'vitest'
import { decodePath, encodePath, showName, showPath } from '../../src-shared/domain/backup-path.ts'

test('every byte survives the round trip', () => {
  const bytes = Uint8Array.from({ length: 255 }, (_, index) => index + 1)
  const encoded = encodePath(bytes)
  expect(encoded).toMatch(/^[A-Za-z0-9._/%-]+$/)
  expect(decodePath(encoded)).toEqual(bytes)
})

test.each([
  ['/opt/cvd/backups/a%20b.db', '/opt/cvd/backups/a b.db'],
  ['/x/%C3%A9t%C3%A9.db', '/x/été.db'],
  ['/x/%FF.db', '/x/%FF.db'],
  ['/x/%1B%5B2J.db', '/x/%1B%5B2J.db'],
  ['/x/%E2%80%AEbd.db', '/x/%E2%80%AEbd.db'],
  ['/x/100%.db', '/x/100%.db'],
])('%s is shown as %s', (encoded, shown) => {
  expect(showPath(encoded)).toBe(shown)
})

test('a name is what follows the last slash', () => {
  expect(showName('/a/b%2Fc')).toBe('b/c')
  expect(showName('/a/b%20c')).toBe('b c')
})
