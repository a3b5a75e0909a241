/** The window, built as shipped, in Chromium: what users wait for, by the page's clock. */
import type { Setting } from '../setting.ts'
import type { Row } from '../table.ts'
import { benchClick } from './click.ts'
import { benchList } from './list.ts'
import { benchScroll } from './scroll.ts'
import { Stage } from './stage.ts'
import { benchStart } from './start.ts'

export async function benchUi(setting: Setting): Promise<Row[]> {
  setting.say('ui: building the window, starting two sites and a browser')
  await using stage = await Stage.set()
  const rows = await benchClick(stage, setting)
  // From here on only the window has work to do.
  await stage.silence()
  rows.push(...(await benchList(stage, setting)))
  rows.push(...(await benchScroll(stage, setting)))
  rows.unshift(...(await benchStart(stage, setting)))
  return rows
}
