/** `npm test`: all suites, in order; `npm test -- unit store` runs some of them. */
import { installPrograms } from './support/run/prerequisites.ts'
import { suites } from './support/run/suites.ts'
import { runSuites } from './support/run/tally.ts'

const usage = `npm test [-- SUITE…]
${suites.map((suite) => `  ${suite.name.padEnd(8)} ${suite.what}`).join('\n')}
All of them without an argument. What a suite needs and Debian has is installed when run as root on Debian; elsewhere
a suite that cannot run is skipped with its reason. With CI=true whatever is skipped makes the run fail.
The last line is: N passed, N failed, N skipped`

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
  return runSuites(chosen, { isCi: process.env.CI === 'true', say: console.log })
}

process.exitCode = await main(process.argv.slice(2))
