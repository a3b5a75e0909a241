/** Archives, streams, names and links that the application's user could put among the backups. */
import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { type Canary, payload } from './payloads.ts'
import type { Random } from './random.ts'

/** Compresses bytes as a good, odd or bad stream. */
export function pack(bytes: Buffer, random: Random): Buffer {
  const good = gzipSync(bytes, { level: 1 })
  const kind = random.one([
    'good',
    'good',
    'good',
    'good',
    'short',
    'trailing',
    'twice',
    'bomb',
    'trailer',
    'bytes',
  ] as const)
  if (kind === 'short') return good.subarray(0, random.below(good.length))
  if (kind === 'trailing') return Buffer.concat([good, random.bytes(100)])
  if (kind === 'twice') return Buffer.concat([good, good])
  if (kind === 'bomb') return gzipSync(Buffer.concat([bytes, Buffer.alloc(30_000_000)]), { level: 9 })
  if (kind === 'trailer') good.writeUInt32LE(random.below(2 ** 32), good.length - 4)
  if (kind === 'bytes') good.writeUInt8(random.below(256), random.below(good.length))
  return good
}

/** An archive with links, odd names, members that point outside, and a database. */
export function archive(database: string, random: Random, canary: Canary): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'cvd-fuzz-tar-'))
  try {
    const inside = join(folder, 'cvd_system_20260101_000000/database')
    mkdirSync(inside, { recursive: true })
    writeFileSync(join(inside, 'cvd.db.gz'), pack(readFileSync(database), random))
    for (let i = 0; i < random.below(6); i++) putName(folder, random, canary)
    symlinkSync(canary.folder, join(folder, 'link'))
    const names = random.one([['.'], ['cvd_system_20260101_000000'], ['link', '.']])
    const transforms = random.one([
      [],
      ['--transform', 's,^,../../,'],
      ['--transform', `s,^,${canary.folder}/,`],
      ['--transform', 's,database,dat/base,'],
    ])
    const bytes = execFileSync('tar', ['-C', folder, '-P', ...transforms, '-cf', '-', ...names], {
      maxBuffer: 1e9,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    return pack(
      random.chance(0.2) ? Buffer.concat([bytes.subarray(0, random.below(bytes.length)), random.bytes(600)]) : bytes,
      random,
    )
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const stamps = [
  '20260101_000000',
  '20991231_235959',
  '20251026_023000',
  '00000000_000000',
  '20260230_990000',
  '99999999_999999',
]

/**
 * Creates a file, link, folder or pipe with an odd name; returns its path, or undefined if the system refuses the name.
 */
export function putName(folder: string, random: Random, canary: Canary): Buffer | undefined {
  const odd = random.chance(0.4)
    ? random.bytes(1 + random.below(60))
    : Buffer.from(
        payload(random, canary)
          .replaceAll('/', random.chance(0.5) ? '_' : '')
          .slice(0, 120),
      )
  const clean = Buffer.from(odd.filter((byte) => byte !== 0 && byte !== 47))
  const [before, after] = random.one([
    ['', ''],
    ['cvd_backup_', '.db.gz'],
    [`cvd_backup_${random.one(stamps)}`, '.db'],
    [`cvd_auto_${random.one(stamps)}.db.gz`, ''],
    ['cvd.db.pre-restore.', ''],
    ['.cvd-backup-', ''],
    ['', '.sha256'],
  ] as const)
  const path = Buffer.concat([Buffer.from(`${folder}/${before}`), clean.subarray(0, 200), Buffer.from(after)])
  try {
    const kind = random.one(['file', 'file', 'file', 'empty', 'link', 'folder', 'pipe', 'time'] as const)
    if (kind === 'link')
      symlinkSync(random.one([`${canary.folder}/secret`, canary.folder, '/dev/zero', path.toString('latin1')]), path)
    else if (kind === 'folder') mkdirSync(path)
    else if (kind === 'pipe') execFileSync('mkfifo', ['--', path.toString()], { stdio: 'ignore' })
    else writeFileSync(path, kind === 'empty' ? '' : random.bytes(random.below(300)))
    if (kind === 'time') utimesSync(path, random.below(4e9), random.below(4e9))
    return path
  } catch {
    return undefined
  }
}

/** Appends malformed lines to a log. */
export function spoilLog(file: string, random: Random, canary: Canary): void {
  for (let i = 0; i < 30; i++) {
    const stamp = random.one(['[2026-11-24 10:00:00] ', '[9999-99-99 99:99:99] ', '', '[', '\0'])
    appendFileSync(file, `${stamp}${random.one(['ERROR ', '', 'ERROR\0'])}${payload(random, canary)}\n`)
  }
}
