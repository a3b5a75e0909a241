import { resolve } from 'node:path'
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config'

const root = resolve(import.meta.dirname, '..')

// Generous timeouts for a busy machine; vitest's defaults are one and five seconds.
const patience = { testTimeout: 30_000, hookTimeout: 30_000, expect: { poll: { timeout: 20_000 } } }

/** A suite is a folder of `test/`, selected by its name. */
function suite(
  name: string,
  options: NonNullable<TestProjectInlineConfiguration['test']> = {},
): TestProjectInlineConfiguration {
  return {
    root,
    test: { name, include: [`test/${name}/**/*.test.ts`], environment: 'node', ...patience, ...options },
  }
}

// Suites that start real programs: few at a time, with long timeouts.
const programs = {
  maxWorkers: 2,
  testTimeout: 180_000,
  hookTimeout: 180_000,
  expect: { poll: { timeout: 60_000 } },
}

export default defineConfig({
  root,
  test: {
    projects: [
      suite('unit'),
      suite('store'),
      suite('contract'),
      suite('security'),
      suite('desktop'),
      suite('host', programs),
      suite('kit', programs),
      suite('fuzz', programs),
      suite('remote', programs),
      suite('demo', programs),
      suite('operations', programs),
      suite('cli', programs),
      suite('package', programs),
      suite('electron', { ...programs, globalSetup: 'test/support/electron/global-setup.ts' }),
      suite('e2e', { ...programs, globalSetup: 'test/support/e2e/build.ts' }),
      // A file at a time on each set of servers: some cut the power. Their own waits have shorter limits with better messages,
      // so that a test ends by itself and not while the next one runs.
      suite('server', {
        globalSetup: ['test/support/e2e/build.ts', 'test/support/servers/global-setup.ts'],
        // As many as run at a time; two processors carry one set of servers well.
        fileParallelism: false,
        maxWorkers: 1,
        testTimeout: 400_000,
        hookTimeout: 400_000,
      }),
    ],
  },
})
