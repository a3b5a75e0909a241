import { execFile } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

// The test runner resolves names in CommonJS packages that Node itself does not.
test('every file loads in plain Node, not only under the test runner', async () => {
  const folder = resolve(import.meta.dirname, '../../src-main/remote')
  const files = (await readdir(folder)).filter((name) => name.endsWith('.ts')).map((name) => join(folder, name))
  files.push(resolve(folder, '../kit/channel.ts'))
  const text = files.map((file) => `await import(${JSON.stringify(pathToFileURL(file).href)})`).join('\n')
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--input-type=module',
    '--eval',
    `${text}\nprocess.stdout.write('loaded')`,
  ])
  expect(stdout).toBe('loaded')
})
