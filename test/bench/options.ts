import { parseArgs } from 'node:util'
import { inBrowser, onPlace } from './benches.ts'

const benches = { ...inBrowser, ...onPlace }
const names = Object.keys(benches)

export const usage = `npm run bench [-- BENCH…] [options]
${Object.entries(benches)
  .map(([name, { what }]) => `  ${name.padEnd(20)} ${what}`)
  .join('\n')}
All of them without a name. ${Object.keys(inBrowser).join(', ')}: in Chromium, on demo sites of its own. The others: on a real
server when run as root on Debian, else on the demo site.
With RUNBOOK_DIR=FOLDER the runbook's own scripts are the baseline, run on the same server; without it, the same steps.

  --demo        on the demo site in any case
  --quick       databases of 20 and 80 MB instead of 184 and 777; scrolls for one second instead of three
  --repeat N    how often each of ours is measured (3); medians count
  --wait N      seconds to wait before each measurement for the machine to be quiet (30)
  --json        the rows as JSON
  --check       exit code 1 also where a goal is not met
  --help        this text

Exit codes: 0 measured, 1 something failed to run, 2 usage, or something is missing on this machine.`

/** Throws, with the reason, if they are invalid. */
export function readOptions() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      demo: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      repeat: { type: 'string', default: '3' },
      wait: { type: 'string', default: '30' },
      json: { type: 'boolean', default: false },
      check: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  const unknown = positionals.filter((name) => !names.includes(name))
  if (unknown.length > 0) throw new Error(`no such bench: ${unknown.join(', ')}`)
  if (!/^[1-9]\d?$/.test(values.repeat)) throw new Error(`--repeat: a number from 1 to 99, not '${values.repeat}'`)
  if (!/^\d{1,4}$/.test(values.wait)) throw new Error(`--wait: seconds, not '${values.wait}'`)
  const chosen = names.filter((name) => positionals.length === 0 || positionals.includes(name))
  return { ...values, repeat: Number(values.repeat), wait: Number(values.wait), chosen }
}
