import { closeSync, openSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ProcessRef } from '../processes.ts'
import { registryDir } from './paths.ts'
import type { ServerSpec } from './spec.ts'

/** All that is needed to reach a server again, or to remove it. */
export interface ServerRecord {
  readonly number: number
  readonly spec: ServerSpec
  readonly checkout: string
  /** The process for whose time the server was made; null when it was made to stay. */
  readonly owner: ProcessRef | null
  /** Holds the root file system, the keys and the console log. */
  readonly folder: string
  readonly passwords: Readonly<Record<string, string>>
  /** The systemd-nspawn process; null while the server has no power. */
  readonly machine: ProcessRef | null
  readonly ready: boolean
}

const highestNumber = 250

function fileOf(number: number): string {
  return join(registryDir(), `${number}.json`)
}

/** Takes the lowest free number; nobody else gets it before `forget`. */
export function register(make: (number: number) => ServerRecord): ServerRecord {
  for (let number = 1; number <= highestNumber; number += 1) {
    try {
      closeSync(openSync(fileOf(number), 'wx', 0o600))
    } catch {
      continue
    }
    const record = make(number)
    save(record)
    return record
  }
  throw new Error(`all ${highestNumber} test servers of this machine are taken`)
}

/** Writes a record so that a reader sees the old one or the new one. */
export function save(record: ServerRecord): void {
  const file = fileOf(record.number)
  writeFileSync(`${file}.new`, JSON.stringify(record, null, 2), { mode: 0o600 })
  renameSync(`${file}.new`, file)
}

/** The record of a server as it is now. Throws when the server is gone. */
export function load(number: number): ServerRecord {
  return JSON.parse(readFileSync(fileOf(number), 'utf8')) as ServerRecord
}

export function forget(number: number): void {
  rmSync(fileOf(number), { force: true })
}

/** Every server of this machine that can be read. */
export function records(): ServerRecord[] {
  return readdirSync(registryDir())
    .filter((name) => /^\d+\.json$/.test(name))
    .flatMap((name) => {
      try {
        return [load(Number.parseInt(name, 10))]
      } catch {
        // Registered this instant, and not yet written; or removed.
        return []
      }
    })
    .sort((one, other) => one.number - other.number)
}
