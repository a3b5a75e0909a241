import { expect, test } from 'vitest'
import type { KitClient } from '../../src-main/kit/client.ts'
import type { Context } from '../../src-main/operations/context.ts'
import { inspectPinned } from '../../src-main/operations/inspect.ts'
import type { KitLink } from '../../src-main/operations/links.ts'
import type { Site } from '../../src-main/store/sites.ts'
import { fail } from '../../src-shared/result.ts'

/** A server that does not answer until nobody listens any more. */
const silent = {
  client: {
    inspect: (signal: AbortSignal) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => resolve(fail({ code: 'cancelled', message: 'cancelled' })))
      }),
  } as unknown as KitClient,
  [Symbol.dispose]: () => undefined,
} satisfies KitLink
const site = { name: 'Depot North' } as Site

test('an inspection without an answer is given up, with that reason', async () => {
  expect(await inspectPinned({} as Context, site, silent, undefined, 20)).toMatchObject({
    error: { code: 'timeout', message: expect.stringContaining('Depot North is reachable') },
  })
})

test('a cancelled inspection is not a failure of the site', async () => {
  expect(await inspectPinned({} as Context, site, silent, AbortSignal.timeout(20), 60_000)).toMatchObject({
    error: { code: 'cancelled' },
  })
})
