/** What counts as a backup, when it was taken, and which is the newest: random lists against an independent oracle. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { backupEntry, otherFile } from '../../src-shared/domain/kit-backups.ts'
import { newestFirst } from '../../src-shared/domain/newest.ts'
import {
  changesOf,
  type RandomFile,
  type RandomListing,
  randomListing,
  randomOf,
  readingsOf,
} from '../support/random-listing.ts'
import { ScratchSite } from '../support/scratch-site.ts'

const seed = Number(process.env.LISTING_SEED ?? Date.now() % 1_000_000)
const LISTS = 8

let site: ScratchSite
beforeAll(() => {
  site = new ScratchSite()
  mkdirSync(join(site.state, 'fingerprints'), { recursive: true })
})
afterAll(() => site.remove())

const stampOf = ({ size, modifiedAt }: RandomFile) =>
  `${size}\t${Math.floor(modifiedAt / 1000)}.${String(modifiedAt % 1000).padStart(3, '0')}0000000`
const lineOf = (file: RandomFile) => `${stampOf(file)}\t7\t${file.path}\n`

/** The kit's list of these lines: as JSON, and as the lines themselves. */
function listed(lines: string, zone: string, now: number) {
  const file = join(site.folder, 'lines')
  writeFileSync(file, lines)
  const text = site.library(
    `export TZ=$1; NOW=$2; now_ms() { REPLY=$NOW; }
     listing_joined <"$3" >"$3.joined"
     facts_read
     LOOK_LISTING=$(<"$3")$'\\n'
     inspect_backups
     printf '%s\\n%s\\n' "$REPLY" "\${I[other_files]}"
     [[ $REPLY == "[$(backups_json <"$3.joined")]" ]] || echo 'two lists differ'
     awk -F '\\t' '$1 == "backup" && $14 { print $3; exit }' "$3.joined"`,
    [zone, String(now), file],
  )
  const [backups = '', others = '', newest = ''] = text.split('\n')
  return {
    backups: z.array(backupEntry).parse(JSON.parse(backups)),
    others: z.array(otherFile).parse(JSON.parse(others)),
    newest,
  }
}

const momentOf = (file: RandomFile) => file.takenAt ?? file.modifiedAt

function expectedOf({ files, now }: RandomListing) {
  const backups = files.filter((file) => file.class === 'backup')
  const ofPath = (path: string) => files.flatMap((file) => (file.of === path ? [file.path] : [])).sort()
  const fresh = backups.filter(
    (file) => file.database && !file.safety && file.size > 0 && momentOf(file) <= now + 5 * 60_000,
  )
  const latest = Math.max(...fresh.map(momentOf))
  const newest = fresh.filter((file) => momentOf(file) === latest).map(({ path }) => path)
  return {
    backups: Object.fromEntries(backups.map((file) => [file.path, [file.takenAt, ofPath(file.path)]])),
    others: Object.fromEntries(
      files.flatMap((file) => (['backup', 'companion'].includes(file.class) ? [] : [[file.path, file.class]])),
    ),
    newest: newest.sort()[0] ?? '',
  }
}

describe('class, time and newest in random lists agree with the oracle', () => {
  it.each([
    'Europe/Berlin',
    'America/New_York',
    'Australia/Lord_Howe',
    'America/St_Johns',
    'Antarctica/Troll',
    'Asia/Kolkata',
    'UTC',
  ])('in %s', (zone) => {
    for (let number = 0; number < LISTS; number++) {
      const listing = randomListing(randomOf(seed + number), zone, site.backups)
      const { backups, others, newest } = listed(listing.files.map(lineOf).join(''), zone, listing.now)
      const found = {
        backups: Object.fromEntries(backups.map((one) => [one.path, [one.takenAt, one.companions.toSorted()]])),
        others: Object.fromEntries(others.map((one) => [one.path, one.class])),
        newest,
      }
      expect(found, `LISTING_SEED=${seed + number} ${zone}`).toEqual(expectedOf(listing))
      // The console re-evaluates by its own rule, which must be the same.
      expect(newestFirst(backups, listing.now)[0]?.path ?? '').toBe(newest)
    }
  })
})

describe('the oracle itself', () => {
  it('knows the hours that occur twice, and those that are skipped', () => {
    const at = (text: string) => Date.parse(text)
    expect(readingsOf(at('2025-10-26T02:30:00Z'), 'Europe/Berlin')).toEqual([
      at('2025-10-26T00:30:00Z'),
      at('2025-10-26T01:30:00Z'),
    ])
    expect(readingsOf(at('2025-04-06T01:45:00Z'), 'Australia/Lord_Howe')).toEqual([
      at('2025-04-05T14:45:00Z'),
      at('2025-04-05T15:15:00Z'),
    ])
    expect(readingsOf(at('2025-03-30T02:30:00Z'), 'Europe/Berlin')).toHaveLength(2)
    expect(changesOf(2025, 'Europe/Berlin')).toEqual([at('2025-03-30T01:00:00Z'), at('2025-10-26T01:00:00Z')])
  })
})

describe('the time of a backup', () => {
  const zone = 'Europe/Berlin'
  const twice = (modified: string, name = 'cvd_backup_20251026_023000.db.gz'): RandomFile => ({
    path: `${site.backups}/${name}`,
    size: 5,
    modifiedAt: Date.parse(modified),
    class: 'backup',
    safety: false,
    database: true,
    takenAt: null,
  })
  const taken = (file: RandomFile) => {
    const [entry] = listed(lineOf(file), zone, Date.parse('2026-01-01T00:00:00Z')).backups
    return new Date(entry?.takenAt ?? 0).toISOString()
  }

  it('in the hour that occurs twice is the last reading before its file was written', () => {
    expect(taken(twice('2025-10-26T00:31:00Z'))).toBe('2025-10-26T00:30:00.000Z')
    expect(taken(twice('2025-10-26T01:31:00Z'))).toBe('2025-10-26T01:30:00.000Z')
    // Named when complete, a minute after it was written; and one that took 50 minutes.
    expect(taken(twice('2025-10-26T01:29:00Z'))).toBe('2025-10-26T01:30:00.000Z')
    expect(taken(twice('2025-10-26T01:20:00Z'))).toBe('2025-10-26T00:30:00.000Z')
    // A safety copy was written to before it got its name.
    const safety = (modified: string) => taken(twice(modified, 'cvd.db.pre-restore.20251026_023000'))
    expect(safety('2025-10-26T00:50:00Z')).toBe('2025-10-26T01:30:00.000Z')
    expect(safety('2025-10-26T00:20:00Z')).toBe('2025-10-26T00:30:00.000Z')
  })

  it('that the clocks skipped is one of the adjacent readings', () => {
    const skipped = (modified: string) => taken(twice(modified, 'cvd_backup_20250330_023000.db'))
    expect(skipped('2025-03-30T01:31:00Z')).toBe('2025-03-30T01:30:00.000Z')
    expect(skipped('2025-03-30T00:31:00Z')).toBe('2025-03-30T00:30:00.000Z')
  })

  it('comes from our record, then from its fingerprint, then from its name', () => {
    const file = twice('2025-10-26T01:31:00Z')
    const name = 'cvd_backup_20251026_023000.db.gz'
    const recorded = Date.parse('2025-10-26T01:29:58Z')
    writeFileSync(join(site.state, 'fingerprints', name), `size=5\ntakenAt=${recorded - 1}\nsha256=00\n`)
    expect(taken(file)).toBe('2025-10-26T01:29:57.999Z')
    // A fingerprint of other bytes says nothing about these.
    expect(taken({ ...file, size: 6 })).toBe('2025-10-26T01:30:00.000Z')
    writeFileSync(
      join(site.state, 'catalog'),
      `made\t${file.path}\t${stampOf(file)}\tdatabase\tscheduled\t${recorded}\n`,
    )
    expect(taken(file)).toBe('2025-10-26T01:29:58.000Z')
    expect(taken({ ...file, modifiedAt: file.modifiedAt + 1000 })).toBe('2025-10-26T01:29:57.999Z')
  })
})

describe("the application user's listing of its folders", () => {
  it('can forge no line of our catalog, and no path that is not encoded', () => {
    const path = (name: string) => `${site.backups}/${name}`
    const good = `5\t1700000000.5\t7\t${path('good.db')}\n5\t1700000000.5\t7\t${path('two\ttabs "x".db')}\n`
    const lines = [
      `made\t${path('good.db')}\t5\t1700000000.5\tdatabase\tmanual\t1600000000000`,
      `verdict\t${path('good.db')}\t5\t1700000000.5\tverified\t5\tcontent\t-\tfine`,
      `fingerprint\tgood.db`,
      `hold\t${path('good.db')}\t5`,
      `x/good.db:takenAt=5`,
      `5\t1700000000.5\t7\tgood.db`,
      `5\t1700000000.5\t7\t${path('half%2.db')}`,
      `5\t1700000000.5\t7\t${path('lower%2f.db')}`,
      `-5\t1700000000.5\t7\t${path('x.db')}`,
      `a[$(id)]\t1700000000.5\t7\t${path('x.db')}`,
      `5\t1e9\t7\t${path('x.db')}`,
      `5\t1700000000.5\tinode\t${path('x.db')}`,
      `${'9'.repeat(400)}\t1700000000.5\t7\t${path('x.db')}`,
      `5\t1700000000.5\t7\t/${'x'.repeat(20_000)}.db`,
      '',
    ].join('\n')
    const { backups, others } = listed(lines + good, 'UTC', 1_800_000_000_000)
    expect(backups).toEqual([
      expect.objectContaining({
        path: path('good.db'),
        verdict: 'never',
        hold: false,
        fingerprint: false,
        takenAt: null,
      }),
      expect.objectContaining({ path: path('two%09tabs%20%22x%22.db') }),
    ])
    expect(others).toEqual([])
  })
})
