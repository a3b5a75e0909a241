/** Runs suites and reports the result. A suite that did not run counts as skipped, whatever the reason. */
import { missingPrograms } from './prerequisites.ts'
import type { Count } from './report.ts'
import type { Outcome, Suite } from './suites.ts'

export interface Surroundings {
  /** Treat skipped suites as failures. */
  readonly isCi: boolean
  readonly say: (text: unknown) => void
}

async function runSuite(suite: Suite, { say }: Surroundings): Promise<Outcome> {
  const began = Date.now()
  say(`\n== ${suite.name}: ${suite.what}`)
  const obstacle = (await suite.impossible?.()) ?? missingPrograms(suite.programs)
  if (obstacle !== undefined) {
    say(`skipped: ${obstacle}`)
    return { passed: 0, failed: 0, skipped: 1 }
  }
  const outcome = await suite.run().catch((error: unknown): Outcome => {
    say(error)
    return { passed: 0, failed: 1, skipped: 0 }
  })
  const count = tested(outcome)
  say(`${count.failed === 0 ? 'passed' : 'FAILED'} in ${((Date.now() - began) / 1000).toFixed(1)} s`)
  return count
}

/** A suite in which no test ran has proven nothing. */
function tested(outcome: Outcome): Outcome {
  const { passed, failed, skipped } = outcome
  return passed + failed + skipped > 0 ? outcome : { ...outcome, failed: 1, failures: ['no test ran'] }
}

function sum(counts: readonly Count[], member: keyof Count): number {
  return counts.reduce((total, count) => total + count[member], 0)
}

/** Runs the suites in order and returns the exit code. The last line printed is: N passed, N failed, N skipped. */
export async function runSuites(chosen: readonly Suite[], surroundings: Surroundings): Promise<number> {
  const { isCi, say } = surroundings
  const counts: Outcome[] = []
  for (const suite of chosen) counts.push(await runSuite(suite, surroundings))
  const [failed, skipped] = [sum(counts, 'failed'), sum(counts, 'skipped')]
  const notGreen = chosen.filter((_, index) => (counts[index]?.failed ?? 0) + (counts[index]?.skipped ?? 0) > 0)
  if (notGreen.length > 0) say(`\nnot all passed: ${notGreen.map((suite) => suite.name).join(', ')}`)
  for (const failure of counts.flatMap(({ failures = [] }) => failures)) say(`  ${failure}`)
  if (isCi && skipped > 0) say('CI=true: what is skipped is a failure')
  say(`\n${sum(counts, 'passed')} passed, ${failed} failed, ${skipped} skipped`)
  return failed > 0 || (isCi && skipped > 0) ? 1 : 0
}
