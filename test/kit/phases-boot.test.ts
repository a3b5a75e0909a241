/** Recovery at boot, before any service starts: the files are already right, whatever was interrupted. */
import { describe, it } from 'vitest'
import { commands, phases, Trial } from '../support/kit/trial.ts'

describe.concurrent.for(commands)('%s, when the server shuts down,', (command) => {
  it.for(['staged', ...phases.back])('has the old files at boot after phase %s', async (phase, test) => {
    const trial = await Trial.of(test, command)
    await trial.killedAt(`${phase} kill`)
    await trial.bootFiles()
    trial.proveOldFiles()
    trial.site.service('start')
    await trial.recover()
    await trial.proveOld(phase === 'staged' ? 'failed' : 'rolled back')
  })

  it.for(['swapped', 'starting'])('has the new files at boot after phase %s', async (phase, test) => {
    const trial = await Trial.of(test, command)
    await trial.killedAt(`${phase} kill`)
    await trial.bootFiles()
    trial.proveNewFiles()
    trial.site.service('start')
    await trial.recover()
    await trial.proveNew()
  })

  it.for(phases.rollback)('has the old files at boot after phase %s', async (phase, test) => {
    const trial = await Trial.of(test, command)
    await trial.killedAt('starting fail', `${phase} kill`)
    await trial.bootFiles()
    trial.proveOldFiles()
    trial.site.service('start')
    await trial.recover()
    await trial.proveOld('rolled back')
  })

  it('is completed by the operation that is started at boot', async (test) => {
    const trial = await Trial.of(test, command)
    await trial.killedAt('swapping kill')
    trial.site.service('stop')
    await trial.boot()
    await trial.proveOld('rolled back')
  })
})
