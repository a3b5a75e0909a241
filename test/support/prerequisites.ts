/**
 * What a suite needs from the machine. If something is missing, the suite is skipped with that name, or fails if
 * CI=true.
 */
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Whether a program is on PATH, or at the given absolute path. */
export function hasProgram(program: string): boolean {
  if (program.startsWith('/')) return existsSync(program)
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin']
  return folders.some((folder) => folder !== '' && existsSync(join(folder, program)))
}

/** What is missing, in words; empty if the suite can run. With CI=true a missing item is an error instead. */
export function missing(needs: { readonly root?: boolean; readonly programs?: readonly string[] }): string {
  const lacks: string[] = []
  if (needs.root && process.getuid?.() !== 0) lacks.push('root')
  for (const program of needs.programs ?? []) if (!hasProgram(program)) lacks.push(program)
  const text = lacks.join(', ')
  if (text && process.env.CI === 'true') throw new Error(`CI=true, and this suite lacks: ${text}`)
  return text
}
