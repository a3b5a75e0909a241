/** A transaction killed at any of its phases: recovery leads to one complete state, running and healthy. */
import { describe, it } from 'vitest'
import { commands, phases, Trial } from '../support/kit/trial.ts'

describe.concurrent.for(commands)('%s, when it is killed,', (command) => {
  it('is closed as failed at phase staged', async (test) => {
    const trial = await Trial.of(test, command)
    await trial.killedAt('staged kill')
    await trial.recover()
    await trial.proveOld('failed')
  })

  it.for(phases.back)('is rolled back at phase %s', async (phase, test) => {
    const trial = await Trial.of(test, command)
    await trial.killedAt(`${phase} kill`)
    await trial.recover()
    await trial.proveOld('rolled back')
  })

  it.for(phases.forward)('is completed at phase %s', async (phase, test) => {
    const trial = await Trial.of(test, command)
    await trial.killedAt(`${phase} kill`)
    await trial.recover()
    await trial.proveNew()
  })

  it.for(phases.rollback)('is rolled back at phase %s', async (phase, test) => {
    const trial = await Trial.of(test, command)
    await trial.killedAt('starting fail', `${phase} kill`)
    await trial.recover()
    await trial.proveOld('rolled back')
  })

  it('is rolled back even if its recovery is killed, and the next recovery too', async (test) => {
    const trial = await Trial.of(test, command)
    await trial.killedAt('swapping kill')
    await trial.recoveryKilledAt('rolling-back kill')
    await trial.recoveryKilledAt('returned-started kill')
    await trial.recover()
    await trial.proveOld('rolled back')
  })

  it('is rolled back when the site does not become healthy with the new database', async (test) => {
    const trial = await Trial.of(test, command, { broken: true })
    await trial.killedAt('swapped kill')
    await trial.recover()
    await trial.proveOld('rolled back')
  })
})
