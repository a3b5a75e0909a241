/** A restore of the application or the configuration that is disturbed: the old folder is back whole, or the new one is there whole. */
import { describe, expect, it } from 'vitest'
import { TreeTrial, treeParts, treePhases } from '../support/kit/tree-trial.ts'
import { commands, phases } from '../support/kit/trial.ts'
import { ORDINARY } from '../support/scratch-site.ts'

const cases = treeParts.flatMap((part) => commands.map((command) => ({ part, command })))

describe.concurrent.for(cases)('$command of the $part', ({ part, command }) => {
  it('succeeds', async (test) => {
    const trial = await TreeTrial.of(test, part, command)
    await trial.run()
    await trial.proveNew()
  })

  it.for(['staged', ...treePhases[part].back, 'swapped', 'starting'])(
    'failing at the phase %s, has changed nothing',
    async (phase, test) => {
      const trial = await TreeTrial.of(test, part, command)
      const { code } = await trial.failedAt(`${phase} fail`)
      expect(code).toBe('internal')
      await trial.proveOld(phase === 'staged' ? 'failed' : 'rolled back')
    },
  )

  it.for(treePhases[part].back)('killed at the phase %s, is rolled back', async (phase, test) => {
    const trial = await TreeTrial.of(test, part, command)
    await trial.killedAt(`${phase} kill`)
    await trial.recover()
    await trial.proveOld('rolled back')
  })

  it.for(phases.forward)('killed at the phase %s, is completed', async (phase, test) => {
    const trial = await TreeTrial.of(test, part, command)
    await trial.killedAt(`${phase} kill`)
    await trial.recover()
    await trial.proveNew()
  })

  it.for(phases.rollback)('killed on its way back at the phase %s, is rolled back', async (phase, test) => {
    const trial = await TreeTrial.of(test, part, command)
    await trial.killedAt('starting fail', `${phase} kill`)
    await trial.recover()
    await trial.proveOld('rolled back')
  })

  it.for(['staged', ...treePhases[part].back])(
    'when the server stops at the phase %s, has the old files at boot',
    async (phase, test) => {
      const trial = await TreeTrial.of(test, part, command)
      await trial.killedAt(`${phase} kill`)
      await trial.bootFiles()
      trial.proveOldFiles()
      trial.site.service('start')
      await trial.recover()
      await trial.proveOld(phase === 'staged' ? 'failed' : 'rolled back')
    },
  )

  it('cancelled while it swaps, has changed nothing', async (test) => {
    const trial = await TreeTrial.of(test, part, command)
    await trial.cancelledAt('swapping')
    await trial.proveOld('cancelled')
  })

  it('is rolled back when the site is not healthy with it', async (test) => {
    const trial = await TreeTrial.of(test, part, command, { broken: true })
    const { code } = await trial.run()
    expect(code).toBe('unhealthy')
    await trial.proveOld('rolled back')
  })
})

const identities = [
  ["by root, on another user's site", { owner: ORDINARY }],
  ['by the ordinary login whose site it is', { login: ORDINARY }],
] as const

describe
  .runIf(process.getuid?.() === 0)
  .concurrent.for(
    identities.flatMap(([who, options]) => cases.map(({ part, command }) => [command, part, who, options] as const)),
  )('%s of the %s %s,', ([command, part, , options]) => {
  it('succeeds', async (test) => {
    const trial = await TreeTrial.of(test, part, command, options)
    await trial.run()
    await trial.proveNew()
  })

  it('is rolled back when it fails', async (test) => {
    const trial = await TreeTrial.of(test, part, command, options)
    await trial.failedAt('starting fail')
    await trial.proveOld('rolled back')
  })

  it('is rolled back by recovery', async (test) => {
    const trial = await TreeTrial.of(test, part, command, options)
    await trial.killedAt('swapping kill')
    await trial.recover()
    await trial.proveOld('rolled back')
  })
})
