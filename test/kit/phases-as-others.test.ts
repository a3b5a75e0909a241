/** A transaction on a site owned by an ordinary user: by root, and by that user's login. */
import { describe, it } from 'vitest'
import { commands, Trial } from '../support/kit/trial.ts'
import { ORDINARY } from '../support/scratch-site.ts'

const identities = [
  ["by root, on another user's site", { owner: ORDINARY }],
  ['by the ordinary login whose site it is', { login: ORDINARY }],
] as const

describe.concurrent.for(
  identities.flatMap(([who, options]) => commands.map((command) => [command, who, options] as const)),
)('%s %s', ([command, , options]) => {
  it('succeeds', async (test) => {
    const trial = await Trial.of(test, command, options)
    await trial.run()
    await trial.proveNew()
  })

  it('is rolled back when it fails', async (test) => {
    const trial = await Trial.of(test, command, options)
    await trial.failedAt('starting fail')
    await trial.proveOld('rolled back')
  })

  it('is rolled back by recovery', async (test) => {
    const trial = await Trial.of(test, command, options)
    await trial.killedAt('swapping kill')
    await trial.recover()
    await trial.proveOld('rolled back')
  })

  it('is completed by recovery', async (test) => {
    const trial = await Trial.of(test, command, options)
    await trial.killedAt('starting kill')
    await trial.recover()
    await trial.proveNew()
  })

  it('is cancelled', async (test) => {
    const trial = await Trial.of(test, command, options)
    await trial.cancelledAt('swapping')
    await trial.proveOld('cancelled')
  })
})
