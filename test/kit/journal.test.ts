/** Which kit completes an interrupted transaction, and how it reads journals that another kit wrote. */
import { createHash } from 'node:crypto'
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ScratchSite } from '../support/scratch-site.ts'

const restore = '20260101T000000Z-restore-0a1b2c'
const staged = '.cvd-backup-00000000'

/** A journal as the first kits wrote it, without a format: a restore cut off after `phase`. */
function firstFormat(site: ScratchSite, folder: string, phase: string): string {
  const live = statSync(site.database).ino
  const fresh = statSync(join(folder, staged, 'staged.db')).ino
  const order = ['staged', 'stopping', 'keeping', 'swapping', 'swapped', 'starting']
  const phases = order.slice(0, order.indexOf(phase) + 1)
  const stamp = `${statSync(join(folder, staged, 'staged.db')).size}%091767225600.0000000000`
  return `${[
    `FOLDER=${folder}`,
    'NAME=cvd.db',
    `STAGE=${staged}`,
    'SAFETY=cvd.db.pre-restore.20260101_000000',
    `LIVE_INODE=${live}`,
    `STAGED_INODE=${fresh}`,
    `STAGED_STAMP=${stamp}`,
    'WERE=',
    'HEALTHY_BEFORE=',
    `BACKUP=${site.backups}/cvd_backup_20260110_120000.db.gz`,
    'SERVICES=cvd',
    'DEPENDENTS=',
    'PROBE=http%3A//127.0.0.1%3A1/',
    `backup=${site.backups}/cvd_backup_20260110_120000.db.gz`,
    ...phases.flatMap((name) => {
      if (name === 'stopping') return ['DOWN_FROM=1767225600000', 'DOWN_UPTIME=100000', `phase=${name}`]
      return name === 'keeping' ? ['SIDECARS=%20', `phase=${name}`] : [`phase=${name}`]
    }),
  ].join('\n')}\n`
}

describe('an interrupted restore', () => {
  let site: ScratchSite
  let folder: string
  let operation: string
  beforeEach(() => {
    site = new ScratchSite()
    folder = dirname(site.database)
    operation = join(site.state, 'operations', restore)
    // Obedient services; a site that was not healthy before need not be healthy afterwards.
    const program = join(site.folder, 'service')
    writeFileSync(program, '#!/bin/bash\n[[ $1 != status ]] || echo active\n', { mode: 0o755 })
    site.library('state_create')
    writeFileSync(
      join(site.state, 'policy'),
      `service_manager=program\nservice_program=${program}\nhealth=unix:/x:/\nhealth_timeout=1\n`,
    )
    // A restore of a database with three routes, while the live one has two; cut off in phase keeping.
    mkdirSync(join(folder, staged), { mode: 0o700 })
    const copy = join(folder, staged, 'staged.db')
    site.sql(site.database, `.backup '${copy}'`)
    site.sql(copy, "INSERT INTO routes VALUES (3, 'restored')")
    mkdirSync(operation, { mode: 0o700 })
    writeFileSync(
      join(operation, 'about'),
      'command=restore\nstartedAt=1\nboot=another\nroot=\nwho=me\nreason=why\ntoken=\n',
    )
    for (const name of ['alive', 'events', 'readable', 'pid']) writeFileSync(join(operation, name), '')
    writeFileSync(join(site.state, 'unfinished'), `${restore}\n`)
  })
  afterEach(() => site.remove())

  const journal = () => join(operation, 'journal')
  const begun = (phase: string, head = '') => writeFileSync(journal(), `${head}${firstFormat(site, folder, phase)}`)
  const routes = () => site.sql(site.database, 'SELECT count(*) FROM routes').trim()
  const outcome = () => readFileSync(join(operation, 'outcome'), 'utf8').split('\n')[0]
  const renameLive = () => site.library('mv "$DATABASE_FILE" "$DATABASE_FILE.pre-restore.20260101_000000"', [])

  /** A kit in the state folder that differs from ours in one word, and leaves a mark when its recovery runs. */
  const keepOther = (instead = '') => {
    const mark = join(site.folder, 'other-recovered')
    const changed = readFileSync(site.kit, 'utf8').replace(
      /\nmain "\$@"\n$/,
      () =>
        `\neval "other_$(declare -f run_recover)"\nrun_recover() { printf '%s\\n' "$KIT_SHA256" >'${mark}'; other_run_recover; }\n${instead}\nmain "$@"\n`,
    )
    const sha256 = createHash('sha256').update(changed).digest('hex')
    const file = join(site.state, 'kit', sha256, 'cvd-backup')
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    writeFileSync(file, changed, { mode: 0o700 })
    return { sha256, file, recovered: () => (existsSync(mark) ? readFileSync(mark, 'utf8').trim() : null) }
  }

  it.each([
    ['staged', false, 'outcome=failed'],
    ['keeping', true, 'outcome=rolled back'],
  ])('of a kit that recorded no format, cut off at %s, is completed', async (phase, renamed, expected) => {
    begun(phase)
    if (renamed) renameLive()
    expect((await site.run(['recover'])).result).toMatchObject({ outcome: 'succeeded' })
    expect([outcome(), routes(), existsSync(join(site.state, 'unfinished'))]).toEqual([expected, '2', false])
  })

  it('of a kit that recorded no format has its database back before the services start at boot', () => {
    begun('keeping')
    renameLive()
    expect(existsSync(site.database)).toBe(false)
    site.library('COMMAND=recover; operation_start() { :; }; check_recover --boot')
    expect(routes()).toBe('2')
  })

  it('begins its journal with its format and its kit', () => {
    site.library(
      `OPERATION=${restore} ON_RESULT=operation_record_outcome OPERATION_DIR=$STATE/operations/${restore} folder=\${DATABASE_FILE%/*}
       HEALTH_PROBE=x; cd "$folder"; exec {folder_fd}<. {stage_fd}<${staged}
       row_add database database "$folder" cvd.db ${staged} staged.db "$folder_fd" "$stage_fd"; transaction_begin "$BACKUPS/x"`,
    )
    expect(readFileSync(journal(), 'utf8').split('\n').slice(0, 2)).toEqual(['format=4', 'kit=test'])
  })

  it('is completed by the kit that began it, with the same arguments, not by a newer kit', async () => {
    const other = keepOther()
    begun('keeping', `format=2\nkit=${other.sha256}\n`)
    renameLive()
    const { result, events } = await site.run(['recover'])
    expect(result.outcome).toBe('succeeded')
    expect(other.recovered()).toBe(other.sha256)
    expect(events[0]).toMatchObject({ kind: 'hello', command: 'recover', kit: other.sha256 })
    expect([outcome(), routes()]).toEqual(['outcome=rolled back', '2'])
    const recovery = events[0]?.kind === 'hello' ? events[0].operation : ''
    expect(readFileSync(join(site.state, 'operations', recovery ?? '', 'about'), 'utf8')).toContain('\nwho=test\n')
  })

  it('is completed at boot by the kit that began it, whichever kit the unit names', () => {
    const other = keepOther(`check_recover() { echo "boot $1 with $KIT_SHA256"; exit; }`)
    begun('keeping', `format=2\nkit=${other.sha256}\n`)
    expect(site.library('COMMAND=recover; check_recover --boot')).toBe(`boot --boot with ${other.sha256}\n`)
  })

  it.each<[string, (file: string) => void]>([
    ['gone', (file) => rmSync(file)],
    ['changed', (file) => appendFileSync(file, '# changed\n')],
    ['writable by others', (file) => chmodSync(file, 0o722)],
  ])('is completed by this kit if the one that began it is %s', async (_, spoil) => {
    const other = keepOther()
    begun('keeping', `format=2\nkit=${other.sha256}\n`)
    renameLive()
    spoil(other.file)
    expect((await site.run(['recover'])).result.outcome).toBe('succeeded')
    expect([other.recovered(), outcome(), routes()]).toEqual([null, 'outcome=rolled back', '2'])
  })

  it('with a journal of a newer format is not touched by a kit that cannot read it', async () => {
    begun('keeping', `format=5\nkit=${'0'.repeat(64)}\n`)
    renameLive()
    const before = readFileSync(journal(), 'utf8')
    const { result, exitCode } = await site.run(['recover'])
    expect(result).toMatchObject({ outcome: 'failed', code: 'newer-format', unchanged: 'nothing was changed' })
    expect(exitCode).toBe(4)
    expect(() => site.library('COMMAND=recover; check_recover --boot')).toThrow()
    expect(existsSync(site.database)).toBe(false)
    expect(readFileSync(journal(), 'utf8')).toBe(before)
    expect(existsSync(join(site.state, 'unfinished'))).toBe(true)
    // Nor by a worker that was started before the journal recorded it.
    const late = site.library(
      `OPERATION=x; recover_with_its_kit() { :; }; lock_site() { :; }; EVENTS_FD=1
       operation_record_outcome() { :; }; (run_recover) || true`,
    )
    expect(late).toContain('"code":"newer-format"')
  })

  it('ignores a journal entry that was cut off', () => {
    begun('swapping', 'format=2\nkit=test\n')
    appendFileSync(journal(), 'phase=swapped\ttorn\nSAFETY=cvd.db\ttorn\nphase=rolled-back')
    const output = site.library(
      `transaction_load ${restore}; echo "$TX_PHASE \${ROW_SAFETY[0]}"; journal phase rolling-back; transaction_load ${restore}; echo "$TX_PHASE"`,
    )
    expect(output).toBe('swapping cvd.db.pre-restore.20260101_000000\nrolling-back\n')
    expect(readFileSync(journal(), 'utf8')).toContain('\nphase=rolled-back\ttorn\nphase=rolling-back\n')
  })

  it('whose safety copy was cut off in the journal cannot be undone with another file', async () => {
    begun('starting', 'format=2\nkit=test\n')
    appendFileSync(journal(), `phase=committed\nsafety=${site.database}`)
    writeFileSync(join(operation, 'outcome'), 'outcome=succeeded\ncode=ok\nendedAt=2\nmessage=Done.\n')
    rmSync(join(site.state, 'unfinished'))
    const host = site.library('hostname').trim()
    const { result } = await site.run(['--reason', 'x', 'undo', restore, '--confirm', host])
    expect(result).toMatchObject({ outcome: 'failed', code: 'not-undoable' })
  })
})
