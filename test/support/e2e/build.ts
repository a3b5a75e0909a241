/** Builds the window before its tests, so that they test the current sources. */
import { join, resolve } from 'node:path'
import { must } from '../command.ts'

const root = resolve(import.meta.dirname, '../../..')

export async function setup(): Promise<void> {
  const vite = join(root, 'node_modules/vite/bin/vite.js')
  await must(process.execPath, [vite, 'build', `--config=${join(root, 'build/vite.config.ts')}`, '--logLevel=error'])
}
