import { type KitResult, kitEvent } from '../../src-shared/domain/kit-protocol.ts'
import type { Finished } from './place.ts'

/** Runs the kit with `call` and parses the result in its output. */
export async function timedKit(
  call: () => Promise<Finished>,
  words: readonly string[],
): Promise<{ readonly result: KitResult; readonly ms: number }> {
  const began = performance.now()
  const { stdout, stderr } = await call()
  const ms = performance.now() - began
  const last = stdout.trimEnd().split('\n').at(-1) ?? ''
  const event = last === '' ? undefined : kitEvent.safeParse(JSON.parse(last)).data
  if (event?.kind !== 'result') throw new Error(`cvd-backup ${words.join(' ')} gave no result: ${stderr || stdout}`)
  return { result: event, ms }
}
