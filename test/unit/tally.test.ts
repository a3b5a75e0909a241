/** The summary of `npm test`: nothing that did not run may look as if it had. */
import { expect, test } from 'vitest'
import type { Outcome, Suite } from '../support/run/suites.ts'
import { runSuites } from '../support/run/tally.ts'

const good: Outcome = { passed: 3, failed: 0, skipped: 0 }
const suite = (name: string, more: Partial<Suite> = {}): Suite => {
  return { name, what: 'a suite', programs: [], run: async () => good, ...more }
}
const impossible = suite('electron', { impossible: async () => 'there is no runtime' })

async function tally(chosen: readonly Suite[], isCi: boolean) {
  const output: string[] = []
  const code = await runSuites(chosen, { isCi, say: (text) => void output.push(String(text)) })
  return { code, last: output.at(-1)?.trim(), output: output.join('\n') }
}

test('a suite that did not run is counted as skipped, with its reason', async () => {
  const { code, last, output } = await tally([suite('unit'), impossible], false)
  expect([code, last]).toEqual([0, '3 passed, 0 failed, 1 skipped'])
  expect(output).toContain('skipped: there is no runtime')
  expect(output).toContain('not all passed: electron')
})

test('a suite that did not run is a failure under CI, also when it is the only one', async () => {
  expect(await tally([impossible], true)).toMatchObject({ code: 1, last: '0 passed, 0 failed, 1 skipped' })
})

test('a test that was skipped inside a suite is a failure under CI too', async () => {
  const some = suite('unit', { run: async () => ({ ...good, skipped: 2 }) })
  expect(await tally([some], true)).toMatchObject({ code: 1, last: '3 passed, 0 failed, 2 skipped' })
  expect(await tally([some], false)).toMatchObject({ code: 0 })
})

test('a suite in which no test ran has failed', async () => {
  const empty = suite('unit', { run: async () => ({ passed: 0, failed: 0, skipped: 0 }) })
  expect(await tally([empty], false)).toMatchObject({ code: 1, last: '0 passed, 1 failed, 0 skipped' })
})

test('a crashing suite is a failure, and the others still run', async () => {
  const broken = suite('store', { run: () => Promise.reject(new Error('no disk')) })
  const { code, last, output } = await tally([broken, suite('unit')], false)
  expect([code, last]).toEqual([1, '3 passed, 1 failed, 0 skipped'])
  expect(output).toContain('no disk')
})
