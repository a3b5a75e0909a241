/** Builds the window before its tests: they are about what the sources say now. */
import { join, resolve } from 'node:path'
import { must } from '../command.ts'

const root = resolve(import.meta.dirname, '../../..')

export async function setup(): Promise<void> {
  const vite = join(root, 'node_modules/vite/bin/vite.js')
  await must(process.execPath, [vite, 'build', `--config=${join(root, 'build/vite.config.ts')}`, '--logLevel=error'])
}
