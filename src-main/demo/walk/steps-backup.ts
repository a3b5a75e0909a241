/** The walk's steps that make a backup and prove it. */
import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream, rmSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { z } from 'zod'
import { decodePath, showName } from '../../../src-shared/domain/backup-path.ts'
import { backupReport, verification } from '../../../src-shared/domain/kit-backups.ts'
import { makeBackup } from '../../operations/make-backup.ts'
import { verifyBackups } from '../../operations/verify.ts'
import type { DemoSite } from '../site.ts'
import { duration, grouped, size } from '../terminal.ts'
import { perform, sql } from './perform.ts'
import { need, type WalkState } from './state.ts'
import type { Step } from './step.ts'

export const backUp: Step<WalkState> = {
  step: 'backup',
  title: 'Back up the database while the application writes',
  run: async (state, out) => {
    const demo = need(state, 'demo')
    const console = need(state, 'console')
    const site = need(state, 'site')
    const before = await demo.app.writes()
    const entry = await perform(console, out, 'the backup was made', () =>
      makeBackup(console.context, console.runner, site),
    )
    const after = await demo.app.writes()
    const report = backupReport.parse(entry.data)
    state.backup = report
    const { fingerprint } = report
    const rows = fingerprint.tables.reduce((sum, table) => sum + table.rows, 0)
    out.fact(
      'backup',
      `${showName(report.backup.path)}, ${size(report.backup.size)} of ${size(fingerprint.databaseSize)}, by ${report.compressor} in ${duration(report.ms)}`,
    )
    out.fact(
      'fingerprint',
      `${fingerprint.tables.length} tables, ${grouped(rows)} rows, ${grouped(fingerprint.pageCount)} pages, sha256 ${fingerprint.sha256.slice(0, 16)}…`,
    )
    const written = after.succeeded - before.succeeded
    out.prove(
      'the application kept writing, and no write failed',
      written > 0 && after.failed === 0,
      `${written} writes, ${after.failed} failed`,
    )
    out.prove('it blocked no writer', report.writersBlockedMs === 0, `blocked for ${report.writersBlockedMs} ms`)
    const found = await sha256Of(pathOf(report.backup.path))
    out.prove('the file is the one of the fingerprint', found === fingerprint.sha256, `sha256 ${found.slice(0, 16)}…`)
  },
}

export const verifyIt: Step<WalkState> = {
  step: 'verify',
  title: 'Verify the backup against its fingerprint',
  run: async (state, out) => {
    const console = need(state, 'console')
    const site = need(state, 'site')
    const { backup, fingerprint } = need(state, 'backup')
    const names = [backup.path]
    const entry = await perform(console, out, 'the verification ran', () =>
      verifyBackups(console.context, console.runner, site, { which: 'named', backups: names }),
    )
    const [verdict] = z.looseObject({ backups: z.array(verification) }).parse(entry.data).backups
    for (const [name, value] of Object.entries(verdict?.evidence ?? {})) out.fact(name, String(value))
    out.prove(
      'its verdict is verified, by the fingerprint',
      verdict?.verdict === 'verified' && verdict.basis === 'fingerprint',
      `${verdict?.verdict}: ${verdict?.reason}`,
    )
    const demo = need(state, 'demo')
    const differing = await differingTables(demo, pathOf(backup.path), fingerprint.tables)
    out.prove(
      'unpacked and counted without the console, every table has the rows of the fingerprint',
      differing === '',
      differing || `${fingerprint.tables.length} tables`,
    )
  },
}

/** Decodes a path of the kit; the demo's own names are plain text. */
export function pathOf(encoded: string): string {
  return Buffer.from(decodePath(encoded)).toString()
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file), hash)
  return hash.digest('hex')
}

async function differingTables(
  demo: DemoSite,
  backup: string,
  tables: readonly { readonly table: string; readonly rows: number }[],
): Promise<string> {
  const unpacked = join(demo.home, 'unpacked.db')
  try {
    await pipeline(createReadStream(backup), createGunzip(), createWriteStream(unpacked, { mode: 0o600 }))
    const counts = tables.map(({ table }) => `SELECT count(*) FROM "${table.replaceAll('"', '""')}";`)
    const found = (await sql(demo, counts.join('\n'), unpacked)).split('\n')
    const differing = tables.filter(({ rows }, i) => found[i] !== String(rows))
    return differing.map(({ table }) => table).join(', ')
  } finally {
    for (const suffix of ['', '-wal', '-shm']) rmSync(`${unpacked}${suffix}`, { force: true })
  }
}
