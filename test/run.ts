/** `npm test`: everything that can fail, in order; `npm test -- unit store` runs some of it. */
import { installPrograms, missingPrograms } from './support/run/prerequisites.ts'
import type { Count } from './support/run/report.ts'
import { type Outcome, type Suite, suites } from './support/run/suites.ts'

const isCi = process.env.CI === 'true'

const usage = `npm test [-- SUITE…]
${suites.map((suite) => `  ${suite.name.padEnd(8)} ${suite.what}`).join('\n')}
All of them without an argument. What a suite needs and Debian has is installed when run as root on Debian; elsewhere
a suite that cannot run is skipped with its reason. With CI=true whatever is skipped makes the run fail.
A suite that has nothing to prove here (no Electron runtime) says so, and counts as nothing.
The last line is: N passed, N failed, N skipped`

async function runSuite(suite: Suite): Promise<Outcome> {
  const began = Date.now()
  console.log(`\n== ${suite.name}: ${suite.what}`)
  const nothing = await suite.inapplicable?.()
  if (nothing !== undefined) {
    console.log(`not applicable here: ${nothing}`)
    return { passed: 0, failed: 0, skipped: 0 }
  }
  const obstacle = (await suite.impossible?.()) ?? missingPrograms(suite.programs)
  if (obstacle !== undefined) {
    console.log(`skipped: ${obstacle}`)
    return { passed: 0, failed: 0, skipped: 1 }
  }
  const count = await suite.run().catch((error: unknown): Outcome => {
    console.log(error)
    return { passed: 0, failed: 1, skipped: 0 }
  })
  console.log(`${count.failed === 0 ? 'passed' : 'FAILED'} in ${((Date.now() - began) / 1000).toFixed(1)} s`)
  return count
}

function sum(counts: readonly Count[], member: keyof Count): number {
  return counts.reduce((total, count) => total + count[member], 0)
}

async function main(names: readonly string[]): Promise<number> {
  if (names.includes('--help')) {
    console.log(usage)
    return 0
  }
  const unknown = names.filter((name) => !suites.some((suite) => suite.name === name))
  if (unknown.length > 0) {
    console.error(`no such suite: ${unknown.join(', ')}\n${usage}`)
    return 2
  }
  const chosen = suites.filter((suite) => names.length === 0 || names.includes(suite.name))
  await installPrograms(
    chosen.flatMap((suite) => suite.programs),
    console.log,
  )
  const counts: Outcome[] = []
  for (const suite of chosen) counts.push(await runSuite(suite))
  const [failed, skipped] = [sum(counts, 'failed'), sum(counts, 'skipped')]
  const notGreen = chosen.filter((_, index) => (counts[index]?.failed ?? 0) + (counts[index]?.skipped ?? 0) > 0)
  if (notGreen.length > 0) console.log(`\nnot all passed: ${notGreen.map((suite) => suite.name).join(', ')}`)
  for (const failure of counts.flatMap(({ failures = [] }) => failures)) console.log(`  ${failure}`)
  if (isCi && skipped > 0) console.log('CI=true: what is skipped is a failure')
  console.log(`\n${sum(counts, 'passed')} passed, ${failed} failed, ${skipped} skipped`)
  return failed > 0 || (isCi && skipped > 0) ? 1 : 0
}

process.exitCode = await main(process.argv.slice(2))
