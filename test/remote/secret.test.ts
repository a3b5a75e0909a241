import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { Secret } from '../../src-main/remote/secret.ts'

test('a secret prints as [REDACTED] everywhere, and reveals its text only through expose', () => {
  const secret = new Secret('hunter2')
  const printed = [
    `${secret}`,
    String(secret),
    JSON.stringify({ secret }),
    inspect({ deep: [secret] }, { showHidden: true, depth: 9 }),
    JSON.stringify(structuredClone(Object.fromEntries(Object.entries(secret)))),
    new Error(`failed with ${secret}`).stack ?? '',
  ]
  for (const text of printed) expect(text).not.toContain('hunter2')
  expect(printed.slice(0, 2)).toEqual(['[REDACTED]', '[REDACTED]'])
  expect(secret.expose()).toBe('hunter2')
})
