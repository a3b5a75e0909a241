/** How a backup is compressed and read back, with each compressor, and how faulty output is detected. */
import { execFileSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { ScratchSite } from '../support/scratch-site.ts'

const site = new ScratchSite()
const folder = join(site.folder, 'work')
// Not a whole number of megabytes, and parts that differ: a misplaced part is detected.
const copy = Buffer.concat(Array.from({ length: 5 }, (_, turn) => Buffer.alloc(1_000_000, `${turn} `))).subarray(
  0,
  4_900_001,
)
randomBytes(1000).copy(copy, 3_000_000)

beforeEach(() => {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { mode: 0o700 })
  writeFileSync(join(folder, 'copy.db'), copy)
})
afterAll(() => site.remove())

/** Compresses with `instead` in place of the kit's own functions; returns `equal` or `different`. */
function compress(compressor: string, instead = ''): string {
  const text = `cd "$1"; rm -f read-back-equal; D_COMPRESSOR=$2; nproc() { echo 3; }; TURN_BYTES=2000000; ${instead}
    compress_and_read_back "$2"; [[ -e read-back-equal ]] && echo equal || echo different`
  return site.library(text, [folder, compressor]).trim()
}

const written = (): Buffer => readFileSync(join(folder, 'backup.gz'))
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')
const noted = (name: string): string => readFileSync(join(folder, name), 'utf8').trim()

describe.each([
  ['igzip', 3],
  ['pigz', 3],
  ['gzip', 3],
])('compression with %s', (compressor, parts) => {
  it('writes what every tool can read, and records the hashes of both files', () => {
    expect(compress(compressor)).toBe('equal')
    expect(gunzipSync(written()).equals(copy)).toBe(true)
    for (const tool of ['gzip', 'pigz', 'igzip']) {
      const read = execFileSync(tool, ['-dc'], { input: written(), maxBuffer: 1e8 })
      expect(read.equals(copy), tool).toBe(true)
    }
    expect(noted('copy.sha256')).toBe(sha256(copy))
    expect(noted('backup.sha256')).toBe(sha256(written()))
    // The identification of a gzip member with deflate: one for each part.
    expect(written().toString('latin1').split('\x1f\x8b\x08').length - 1).toBe(parts)
  })

  it('detects a byte changed on its way', () => {
    const flip = `eval "true_$(declare -f compress_part)"; compress_part() { tr 4 5 | true_compress_part; }`
    expect(compress(compressor, flip)).toBe('different')
  })

  it('detects a missing end and a surplus one', () => {
    const keep = 'eval "true_$(declare -f compress_part)";'
    expect(compress(compressor, `${keep} compress_part() { head -c 900000 | true_compress_part; }`)).toBe('different')
    expect(compress(compressor, `${keep} compress_part() { { cat; echo; } | true_compress_part; }`)).toBe('different')
  })

  it('detects a failing compressor', () => {
    expect(compress(compressor, 'compress_part() { head -c 1000; return 1; }')).toBe('different')
  })
})

describe('reading back', () => {
  it('works without cmp', () => {
    const noCmp = 'command() { [[ $* != "-v cmp" ]] && builtin command "$@"; };'
    expect(compress('gzip', noCmp)).toBe('equal')
    const keep = 'eval "true_$(declare -f compress_part)";'
    expect(compress('gzip', `${noCmp} ${keep} compress_part() { tr 4 5 | true_compress_part; }`)).toBe('different')
  })

  it('gives the same hash without openssl', () => {
    expect(compress('gzip', 'openssl() { return 1; }')).toBe('equal')
    expect(noted('copy.sha256')).toBe(sha256(copy))
  })
})
