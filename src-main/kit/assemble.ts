/**
 * Assembles the kit, one self-contained bash program, from `bash/*.sh` in order of definition. The last line runs it.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const parts = [
  'prologue',
  'json',
  'events',
  'files',
  'identity',
  'work',
  'state',
  'operation',
  'operations',
  'follow',
  'service',
  'holders',
  'health',
  'sqlite',
  'census',
  'integrity',
  'check',
  'fingerprint',
  'extract',
  'extract-sides',
  'policy-commands',
  'listing-rules',
  'listing',
  'listing-json',
  'verify',
  'show',
  'live',
  'compare-sql',
  'compare-statements',
  'compare-streams',
  'compare-report',
  'compare',
  'compare-load',
  'plan',
  'tools',
  'look',
  'inspect',
  'problems',
  'compress',
  'database',
  'journal',
  'transaction',
  'roll-back',
  'restore',
  'recover',
  'delete',
  'main',
] as const

export interface Kit {
  readonly bytes: Buffer
  /** SHA-256 of the bytes, hexadecimal: the kit's name on a server. */
  readonly sha256: string
}

/** The parts in order, each ending with a line break and followed by an empty line. */
export function kitParts(): readonly { readonly name: string; readonly text: string }[] {
  const folder = join(dirname(fileURLToPath(import.meta.url)), 'bash')
  return parts.map((part) => ({ name: `${part}.sh`, text: readFileSync(join(folder, `${part}.sh`), 'utf8') }))
}

/** The kit as sent to servers. Reads the parts from disk: call it once and keep the result. */
export function assembleKit(): Kit {
  const text = kitParts()
    .map((part) => part.text)
    .join('\n')
  const bytes = Buffer.from(text)
  return { bytes, sha256: createHash('sha256').update(bytes).digest('hex') }
}

/** Writes the kit to a file. */
export function writeKit(file: string): Kit {
  const kit = assembleKit()
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, kit.bytes, { mode: 0o755 })
  return kit
}
