import type { Page } from 'playwright-core'
import type { Site } from '../../../src-main/store/sites.ts'
import { grid } from '../../support/e2e/pages.ts'
import type { Setting } from '../setting.ts'
import { median, type Row, seconds } from '../table.ts'
import { FEW, MANY, type Stage } from './stage.ts'

const limitMs = 200

/** Time from the arrival of ten thousand backups in the page to the first paint of their rows, beside a hundred. */
export async function benchList(stage: Stage, { repeat, say, quiet }: Setting): Promise<Row[]> {
  const few: number[] = []
  const many: number[] = []
  for (let turn = 1; turn <= repeat; turn++) {
    say(`ui, list: ${turn} of ${repeat}`)
    await quiet()
    few.push(await listed(await fleetWindow(stage), stage.sparse))
    await stage.closeWindows()
    await quiet()
    many.push(await listed(await fleetWindow(stage), stage.crowded))
    await stage.closeWindows()
  }
  const [hundred, all] = [median(few), median(many)]
  return [
    {
      ...{ bench: 'ui', what: `${MANY} backups: data to first paint`, baseline: `${FEW} backups` },
      ...{ baselineMs: hundred, oursMs: all, ratio: `${(all / hundred).toFixed(2)} x its time` },
      ...{ goal: `≤ ${seconds(limitMs)}`, met: all <= limitMs },
    },
  ]
}

async function fleetWindow(stage: Stage): Promise<Page> {
  const page = await stage.window()
  await grid(page, 'Sites').waitFor()
  return page
}

async function listed(page: Page, { id, name }: Site): Promise<number> {
  return await page.evaluate<number>(`(async () => {
    const rows = bench.painted('[role="grid"][aria-label="Backups of ${name}"] [data-row]')
    location.hash = '#/sites/${id}/backups'
    const painted = await rows
    return painted - bench.heard.find(({ head }) => head.includes('"backups":[')).at
  })()`)
}
