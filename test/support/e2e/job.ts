/** The console's main job, done on its pages: look into a backup, plan a restore, confirm it, undo it. */
import type { Locator, Page } from 'playwright-core'
import { expect } from 'vitest'
import { type Hands, rows } from './hands.ts'
import { button, ended, fact, grid, heading, modal } from './pages.ts'

export interface Job {
  readonly page: Page
  readonly hands: Hands
  /** The site's name, which confirms. */
  readonly name: string
}

/** A backup, read without the console. */
export interface Seen {
  readonly sha256: string
  /** Rows by table. */
  readonly rows: Readonly<Record<string, number>>
}

/** What a plan must say about a table. */
interface Difference {
  readonly lost?: number
  readonly back: number
}

/** The displayed texts of a table's rows, by the text of the first cell. */
async function cellsOf(table: Locator): Promise<Map<string, string[]>> {
  await rows(table).first().waitFor()
  const drawn = await rows(table).all()
  const texts = await Promise.all(drawn.map((row) => row.getByRole('gridcell').allTextContents()))
  return new Map(texts.map((cells) => [cells[0] ?? '', cells]))
}

/** Opens the newest backup and compares the page with what `read` finds in its file. */
export async function lookInside({ page, hands, name }: Job, read: (file: string) => Promise<Seen>): Promise<void> {
  await hands.press(page.getByRole('link', { name: /^Backups/ }))
  const list = grid(page, `Backups of ${name}`)
  // The site is refreshed after each operation, and rows move when the new backup arrives.
  await rows(list).first().filter({ hasText: 'Manual' }).filter({ hasText: 'Verified' }).waitFor()
  await hands.openFirst(list)
  const shown = await cellsOf(grid(page, 'Tables in the backup'))
  const seen = await read((await heading(page, /\.db\.gz$/).textContent()) ?? '')
  expect(await fact(page, 'SHA-256').textContent()).toBe(seen.sha256)
  expect(Object.keys(seen.rows)).not.toEqual([])
  for (const [table, count] of Object.entries(seen.rows)) {
    expect([table, shown.get(table)?.[1]]).toEqual([table, count.toLocaleString('en-US')])
  }
  await page.getByRole('list').filter({ hasText: 'Verified' }).first().waitFor()
}

/** From the site's page to the confirmation dialog, with the newest backup. */
export async function planRestore(job: Job, differences: Readonly<Record<string, Difference>>): Promise<void> {
  const { page, hands } = job
  await hands.press(page.getByRole('link', { name: 'Overview' }))
  await hands.press(button(page, 'Restore…'))
  await heading(page, 'Choose a backup').waitFor()
  await hands.openFirst(grid(page, 'Backups to choose from'))
  await readPlan(job, differences)
}

/** From the changes of any plan, over its checks, to the confirmation dialog. */
export async function readPlan(
  { page, hands }: Job,
  differences: Readonly<Record<string, Difference>>,
  marks = /^Passed/,
): Promise<void> {
  await heading(page, 'What would change').waitFor()
  const shown = await cellsOf(grid(page, 'Differences of tables'))
  for (const [table, { lost, back }] of Object.entries(differences)) {
    const cells = shown.get(table)
    expect([table, cells?.[4]]).toEqual([table, String(back)])
    if (lost !== undefined) expect([table, cells?.[3]]).toEqual([table, String(lost)])
  }
  await hands.press(page.getByRole('link', { name: 'Continue', exact: true }))
  const checks = page.getByRole('list', { name: 'Checks' }).getByRole('listitem')
  await checks.first().waitFor()
  for (const check of await checks.all()) expect(await check.textContent()).toMatch(marks)
  await hands.press(page.getByRole('link', { name: 'Continue' }))
}

/** Confirms with the site's name, after similar names were refused. */
export async function confirmRestore({ page, hands, name }: Job, reason: string): Promise<void> {
  const restore = button(page, `Restore ${name}`)
  const typed = page.getByLabel(/^Type the name/)
  await typed.waitFor()
  // The field has the focus, Enter starts nothing, and only the complete name is accepted.
  await typed.and(page.locator(':focus')).waitFor()
  await page.keyboard.press('Enter')
  expect(await restore.isDisabled()).toBe(true)
  await hands.type(page.getByLabel('Reason'), reason)
  await hands.type(typed, name.slice(0, -1))
  expect(await restore.isDisabled()).toBe(true)
  await hands.type(typed, name.toLowerCase())
  expect(await restore.isDisabled()).toBe(true)
  await page.getByText('Name must match, including capitals.').waitFor()
  await hands.type(typed, name)
  await hands.press(restore)
}

/** Presses a button that undoes something, and confirms it. */
export async function takeBack({ page, hands, name }: Job, by: string, reason: string): Promise<void> {
  await hands.press(button(page, by))
  const dialog = modal(page)
  await hands.type(dialog.getByLabel(/^Type the name/), name)
  await hands.type(dialog.getByLabel('Reason'), reason)
  await hands.press(button(dialog, new RegExp(`^(?:Undo|Redo) on ${name}$`)))
}

export async function undoRestore(job: Job): Promise<void> {
  await takeBack(job, 'Undo restore…', 'Only a trial')
  await ended(job.page, 'The restore was undone')
  // It says what was undone, not that something was restored.
  await job.page
    .getByText(/^The restore from cvd_backup_\S+ was undone: /)
    .first()
    .waitFor()
  expect(await job.page.getByText('The database was restored from').count()).toBe(0)
}
