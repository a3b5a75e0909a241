import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { waitUntil } from '../support/wait.ts'
import type { Place } from './place.ts'

/**
 * How long the site did not answer while `act` ran, in milliseconds: its first gap, from the first failed request to
 * the first one answered with 200 again. `act` may end before the site is back. Throws if there was no gap.
 */
export async function downtime(place: Place, act: () => Promise<unknown>): Promise<number> {
  const [program = '', ...words] = place.inItsNetwork([process.execPath, join(import.meta.dirname, 'health-watch.ts')])
  const watcher = spawn(program, [...words, place.probe], { stdio: ['pipe', 'pipe', 'inherit'] })
  const changes: { readonly up: boolean; readonly at: number }[] = []
  createInterface(watcher.stdout).on('line', (line) => {
    const [state, at] = line.split(' ')
    changes.push({ up: state === 'up', at: Number(at) })
  })
  const ended = once(watcher, 'close')
  try {
    await waitUntil('the site to be healthy', () => changes.at(-1)?.up, { everyMs: 20 })
    const before = changes.length
    await act()
    const gap = await waitUntil('the site to be down and healthy again', () => firstGap(changes.slice(before)), {
      seconds: 90,
    })
    await waitUntil('the site to stay healthy', () => changes.at(-1)?.up, { seconds: 90 })
    return gap
  } finally {
    watcher.stdin.end()
    await ended
  }
}

function firstGap(changes: readonly { readonly up: boolean; readonly at: number }[]): number | undefined {
  const down = changes.findIndex((change) => !change.up)
  const up = changes.find((change, index) => index > down && change.up)
  const from = changes[down]
  return from === undefined || up === undefined ? undefined : up.at - from.at
}
