/** A transaction that fails, is cancelled, or gets no healthy application: the site is in the complete old or new state. */
import { describe, expect, it } from 'vitest'
import { commands, phases, Trial } from '../support/kit/trial.ts'

describe.concurrent.for(commands)('%s', (command) => {
  it('succeeds if left alone', async (test) => {
    const trial = await Trial.of(test, command)
    await trial.run()
    await trial.proveNew()
  })

  it.for(['staged', ...phases.back, 'swapped', 'starting'])(
    'changes nothing if it fails at phase %s',
    async (phase, test) => {
      const trial = await Trial.of(test, command)
      const { code } = await trial.failedAt(`${phase} fail`)
      expect(code).toBe('internal')
      await trial.proveOld(phase === 'staged' ? 'failed' : 'rolled back')
    },
  )

  it.for(['staged', ...phases.back, 'swapped', 'starting'])(
    'changes nothing if cancelled at phase %s',
    async (phase, test) => {
      const trial = await Trial.of(test, command)
      await trial.cancelledAt(phase)
      await trial.proveOld('cancelled')
    },
  )

  it('cannot be cancelled after it has succeeded', async (test) => {
    const trial = await Trial.of(test, command)
    await trial.cancelledAt('committed')
    await trial.proveNew()
  })

  it.for(phases.rollback)('is rolled back if cancelled during rollback at phase %s', async (phase, test) => {
    const trial = await Trial.of(test, command)
    await trial.cancelledAt(phase, 'starting fail')
    await trial.proveOld('rolled back')
  })

  it('is rolled back if the site does not become healthy', async (test) => {
    const trial = await Trial.of(test, command, { broken: true })
    const { code } = await trial.run()
    expect(code).toBe('unhealthy')
    await trial.proveOld('rolled back')
  })
})
