/** `npm run fuzz -- --minutes N --seed S`: runs the kit on hostile data for the given time. */
import { randomBytes } from 'node:crypto'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { runCase } from './case.ts'

const usage = `npm run fuzz [-- --minutes N] [--seed S] [--case S:N] [--keep FOLDER]
Feeds the kit hostile databases, archives, names and answers of programs on scratch sites, as root where it is root.
  --minutes N    for as long as that; 5 without it
  --seed S       the same seed makes the same cases
  --case S:N     one case again
  --keep FOLDER  where failed cases are kept; test-output/fuzz without it`

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '5' },
    seed: { type: 'string', default: randomBytes(4).toString('hex') },
    case: { type: 'string' },
    keep: { type: 'string', default: 'test-output/fuzz' },
    help: { type: 'boolean', default: false },
  },
})
const keep = resolve(values.keep)

async function main(): Promise<number> {
  const minutes = Number(values.minutes)
  if (values.help || !(minutes > 0)) {
    console.log(usage)
    return values.help ? 0 : 2
  }
  const began = Date.now()
  const [seed = '', only] = values.case?.split(':') ?? [values.seed]
  let next = Number(only ?? 0)
  let [cases, failed] = [0, 0]
  const more = (): boolean => (only === undefined ? Date.now() - began < minutes * 60_000 : cases === 0)
  const worker = async (): Promise<void> => {
    while (more()) {
      cases++
      const { number, story, faults } = await runCase(seed, next++, keep)
      if (only !== undefined) console.log(story.join('\n'))
      if (faults.length === 0) continue
      failed++
      console.log(`case ${seed}:${number} failed:\n  ${faults.join('\n  ')}`)
    }
  }
  await Promise.all(only === undefined ? [worker(), worker()] : [worker()])
  console.log(`${cases} cases in ${((Date.now() - began) / 60_000).toFixed(1)} minutes, seed ${seed}: ${failed} failed`)
  if (failed > 0) console.log(`kept in ${keep}; again with: npm run fuzz -- --case ${seed}:NUMBER`)
  return failed > 0 ? 1 : 0
}

process.exitCode = await main()
