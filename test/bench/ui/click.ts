import { button } from '../../support/e2e/pages.ts'
import type { Setting } from '../setting.ts'
import { median, type Row } from '../table.ts'
import { frameMs, idleFrames } from './frames.ts'
import type { Stage } from './stage.ts'

const allowedFrames = 3
const running = '[aria-label="Activity"] [role="progressbar"]'

interface Click {
  readonly feedback: number
  readonly running: number
}

/** Time from pressing "Back up now" to the first visible change, and to the visibly running operation. */
export async function benchClick(stage: Stage, { repeat, say, quiet }: Setting): Promise<Row[]> {
  const page = await stage.window({ at: `/sites/${stage.sparse.id}` })
  const press = button(page, 'Back up now')
  await press.waitFor()
  const frames: number[] = []
  const clicks: Click[] = []
  for (let turn = 1; turn <= repeat; turn++) {
    say(`ui, click: ${turn} of ${repeat}`)
    await quiet()
    frames.push(frameMs(await idleFrames(page)))
    await page.evaluate(`void (bench.seen = Promise.all([
      bench.painted('main button[aria-busy="true"], ${running}'),
      bench.painted('${running}'),
    ]))`)
    await press.click()
    clicks.push(
      await page.evaluate<Click>(
        `bench.seen.then(([first, second]) => ({ feedback: first - bench.pressed, running: second - bench.pressed }))`,
      ),
    )
    await stage.untilIdle()
    await page.locator(running).waitFor({ state: 'detached' })
  }
  await stage.closeWindows()
  const frame = median(frames)
  const feedback = median(clicks.map((click) => click.feedback))
  const seen = median(clicks.map((click) => click.running))
  const what = 'click to first feedback'
  return [
    {
      ...{ bench: 'ui', what, baseline: 'a frame of the idle page', baselineMs: frame, oursMs: feedback },
      ...{ ratio: `${(feedback / frame).toFixed(1)} frames`, goal: `≤ ${allowedFrames} frames` },
      met: feedback <= allowedFrames * frame,
    },
    {
      ...{ bench: 'ui', what, baseline: 'the operation seen running', baselineMs: seen, oursMs: feedback },
      ...{ ratio: `${(feedback / seen).toFixed(2)} x its time`, goal: '≤ 1 x', met: feedback <= seen },
    },
  ]
}
