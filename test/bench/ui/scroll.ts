import { setTimeout as pause } from 'node:timers/promises'
import type { Page } from 'playwright-core'
import { rows } from '../../support/e2e/hands.ts'
import { grid } from '../../support/e2e/pages.ts'
import type { Setting } from '../setting.ts'
import { median, type Row } from '../table.ts'
import { frameMs, framesASecond, framesDuring, idleFrames, lateShare } from './frames.ts'
import { MANY, type Stage } from './stage.ts'

const scrollSeconds = 3
/** A notch of the wheel, about sixty times a second: faster than anybody turns it. */
const notch = 120
const notchMs = 16
const allowedShare = 0.95
const allowedLate = 0.05

interface Turn {
  readonly idle: readonly number[]
  readonly busy: readonly number[]
}

/** Frames while ten thousand rows are scrolled by wheel, beside the same page at rest. */
export async function benchScroll(stage: Stage, { quick, repeat, say, quiet }: Setting): Promise<Row[]> {
  const { id, name } = stage.crowded
  const seconds = quick ? 1 : scrollSeconds
  const page = await stage.window({ at: `/sites/${id}/backups` })
  const first = rows(grid(page, `Backups of ${name}`)).first()
  await first.hover()
  const turns: Turn[] = []
  for (let turn = 1; turn <= repeat; turn++) {
    say(`ui, scroll: ${turn} of ${repeat}`)
    await quiet()
    turns.push({ idle: await idleFrames(page), busy: await framesDuring(page, () => scroll(page, seconds)) })
  }
  const passed = Number(await first.getAttribute('data-row'))
  await stage.closeWindows()
  const idle = median(turns.map((turn) => framesASecond(turn.idle)))
  const busy = median(turns.map((turn) => framesASecond(turn.busy)))
  const late = (kind: keyof Turn) => median(turns.map((turn) => lateShare(turn[kind], frameMs(turn.idle))))
  const more = late('busy') - late('idle')
  const what = `${MANY} backups: scrolling ${Math.round(passed / repeat)} rows in ${seconds} s`
  return [
    {
      ...{ bench: 'ui', what, baseline: 'the page at rest', baselineMs: 1000 / idle, oursMs: 1000 / busy },
      ...{ ratio: `${busy.toFixed(1)} of ${idle.toFixed(1)} frames a second`, goal: `≥ ${allowedShare} x` },
      met: busy >= allowedShare * idle,
    },
    {
      ...{ bench: 'ui', what: `${what}: late frames`, baseline: 'the page at rest' },
      ratio: `${percent(late('busy'))} beside ${percent(late('idle'))}`,
      ...{ goal: `≤ + ${percent(allowedLate)}`, met: more <= allowedLate },
    },
  ]
}

async function scroll(page: Page, seconds: number): Promise<void> {
  const end = performance.now() + seconds * 1000
  while (performance.now() < end) {
    await page.mouse.wheel(0, notch)
    await pause(notchMs)
  }
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`
}
