import type { Page } from 'playwright-core'
import type { Setting } from '../setting.ts'
import { median, type Row } from '../table.ts'
import type { Stage } from './stage.ts'

const allowed = 2

/**
 * Time from opening the console to the painted table of sites, while their servers say nothing: the data was stored.
 * Beside it the same page without a valid token: the bundle and the frame, without data.
 */
export async function benchStart(stage: Stage, { repeat, say, quiet }: Setting): Promise<Row[]> {
  const bare: number[] = []
  const ours: number[] = []
  for (let turn = 1; turn <= repeat; turn++) {
    say(`ui, start: ${turn} of ${repeat}`)
    await quiet()
    bare.push(await shown(await stage.window({ role: 'nobody', script: when('[role="alert"]') })))
    await stage.closeWindows()
    await quiet()
    const began = performance.now()
    await stage.desk.reopen()
    const opened = performance.now() - began
    const page = await stage.window({ script: when('[role="grid"][aria-label="Sites"] [data-row="1"]') })
    ours.push(opened + (await shown(page)))
    await stage.closeWindows()
  }
  const [frame, start] = [median(bare), median(ours)]
  return [
    {
      ...{ bench: 'ui', what: 'start to the sites, servers silent', baseline: 'its page, without data' },
      ...{ baselineMs: frame, oursMs: start, ratio: `${(start / frame).toFixed(2)} x its time` },
      ...{ goal: `≤ ${allowed} x`, met: start <= allowed * frame },
    },
  ]
}

function when(selector: string): string {
  return `bench.shown = bench.painted(${JSON.stringify(selector)})`
}

/** Milliseconds since the navigation. */
function shown(page: Page): Promise<number> {
  return page.evaluate<number>('bench.shown')
}
