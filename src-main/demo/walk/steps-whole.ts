/** The walk's steps for the whole site: backed up in one file, broken, restored from it, undone. */
import { appendFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { showName } from '../../../src-shared/domain/backup-path.ts'
import { archiveReport } from '../../../src-shared/domain/kit-backups.ts'
import { restoreReport } from '../../../src-shared/domain/kit-restore.ts'
import { partTitle } from '../../../src-shared/domain/part-words.ts'
import { makeBackup } from '../../operations/make-backup.ts'
import { planRestore } from '../../operations/plan-restore.ts'
import { restorePlanned } from '../../operations/restore-part.ts'
import { undoRestore } from '../../operations/undo.ts'
import type { DemoSite } from '../site.ts'
import { duration, grouped, size } from '../terminal.ts'
import { granted, perform, sql } from './perform.ts'
import { need, type WalkState, type WholeState } from './state.ts'
import type { Step, StepReporter } from './step.ts'

const unitOf = ({ units }: DemoSite): string => join(units, 'cvd.service')

/** What each part is, read without the console; only what the application does not change by itself. */
async function wholeState(demo: DemoSite): Promise<WholeState> {
  const texts = (folder: string) =>
    readdirSync(folder)
      .sort()
      .map((name) => `${name}:${readFileSync(join(folder, name), 'utf8')}`)
      .join('\n')
  return {
    database: await sql(demo, 'SELECT count(*), total(id) FROM service_orders WHERE id <= 40'),
    application: texts(join(demo.root, 'app')),
    config: texts(join(demo.root, 'config')),
    systemd: readFileSync(unitOf(demo), 'utf8'),
    nginx: readFileSync(demo.nginxSite, 'utf8'),
  }
}

const parts = ['database', 'application', 'config', 'systemd', 'nginx'] as const

/** Proves of each part that it is what it was. */
async function proveWhole(demo: DemoSite, out: StepReporter, expected: WholeState, when: string): Promise<void> {
  const now = await wholeState(demo)
  for (const part of parts)
    out.prove(
      `${partTitle(part)}: as it was ${when}`,
      now[part] === expected[part],
      `${grouped(now[part].length)} bytes read`,
    )
  const health = await demo.app.health()
  out.prove('the site is healthy', health.status === 200, `${health.status} ${health.body}`)
}

export const backUpAll: Step<WalkState> = {
  step: 'system backup',
  title: 'Back up everything in one file',
  run: async (state, out) => {
    const demo = need(state, 'demo')
    const console = need(state, 'console')
    const entry = await perform(console, out, 'the system backup was made', () =>
      makeBackup(console.context, console.runner, need(state, 'site'), 'system'),
    )
    const { backup, fingerprint, warnings } = archiveReport.parse(entry.data)
    out.fact('backup', `${showName(backup.path)}, ${size(backup.size)}, ${fingerprint.members} members`)
    out.prove('nothing is missing in it', warnings.length === 0, warnings.join(' ') || 'no warnings')
    state.whole = { path: backup.path, before: await wholeState(demo), broken: null, restore: null }
  },
}

export const breakAll: Step<WalkState> = {
  step: 'break',
  title: 'Everything goes wrong: orders, program, settings, unit file, nginx site',
  run: async (state, out) => {
    const demo = need(state, 'demo')
    const whole = need(state, 'whole')
    await sql(demo, 'DELETE FROM service_orders WHERE id <= 40')
    appendFileSync(join(demo.root, 'app', 'app.mts'), '\n// a broken release\n')
    appendFileSync(join(demo.root, 'config', '.env'), 'MAIL_SERVER=nowhere\n')
    appendFileSync(unitOf(demo), '# edited by hand\n')
    writeFileSync(demo.nginxSite, 'server { listen 81; }\n')
    const broken = await wholeState(demo)
    const same = parts.filter((part) => broken[part] === whole.before[part])
    out.prove('every part is another one now', same.length === 0, same.join(', ') || parts.join(', '))
    state.whole = { ...whole, broken }
  },
}

export const restoreAll: Step<WalkState> = {
  step: 'system restore',
  title: 'Restore all of it from that one backup, as one transaction',
  run: async (state, out) => {
    const demo = need(state, 'demo')
    const console = need(state, 'console')
    const site = need(state, 'site')
    const whole = need(state, 'whole')
    const answer = await planRestore(console.context, site, whole.path)
    const planned = granted(out, 'there is a plan', answer, ({ plan }) => `for ${showName(plan.backup.path)}`)
    const planParts = planned.plan.parts.map(({ part }) => part)
    out.prove('it has every part', planParts.join() === parts.join(), planParts.join(', '))
    const units = planned.plan.parts.flatMap(({ files }) => files).filter((file) => file.state === 'changed')
    out.prove(
      'it shows what would change in the files that run as root',
      units.some(({ difference }) => difference.includes('-# edited by hand')),
      `${units.length} files differ`,
    )
    const confirmation = { confirm: site.name, reason: 'everything was broken' }
    const entry = await perform(console, out, 'the restore was carried out', async () =>
      restorePlanned(console.runner, site, planned, confirmation),
    )
    const report = restoreReport.parse(entry.data)
    out.fact('downtime', report.downMs === null ? 'unknown' : duration(report.downMs))
    await proveWhole(demo, out, whole.before, 'when it was backed up')
    const kept = new Set(report.parts.filter(({ safetyCopy }) => safetyCopy !== null).map(({ part }) => part))
    out.prove('each part has a safety copy', kept.size === parts.length, [...kept].join(', '))
    state.whole = { ...whole, restore: entry.id }
  },
}

export const undoAll: Step<WalkState> = {
  step: 'system undo',
  title: 'Undo it: every part at once',
  run: async (state, out) => {
    const demo = need(state, 'demo')
    const console = need(state, 'console')
    const site = need(state, 'site')
    const { broken, restore } = need(state, 'whole')
    if (broken === null || restore === null) throw new Error('nothing was restored yet')
    const confirmation = { confirm: site.name, reason: 'to show that it can be undone' }
    await perform(console, out, 'the restore was undone', () =>
      undoRestore(console.context, console.runner, site, restore, confirmation),
    )
    await proveWhole(demo, out, broken, 'before the restore')
  },
}
