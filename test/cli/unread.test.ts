/** The command line when nobody reads its output: the exit code still gives the outcome. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { scratchFolder } from '../support/folder.ts'

const entry = fileURLToPath(new URL('../../src-main/entry/cli.ts', import.meta.url))

async function run(args: readonly string[], stdout: 'left' | number): Promise<{ code: unknown; stderr: string }> {
  const folder = scratchFolder()
  const child = spawn(process.execPath, [entry, '--data', folder, ...args], {
    env: { HOME: folder, PATH: process.env.PATH },
    stdio: ['ignore', stdout === 'left' ? 'pipe' : stdout, 'pipe'],
  })
  child.stdout?.destroy()
  const [stderr, [code]] = await Promise.all([text(child.stderr as Readable), once(child, 'close')])
  return { code, stderr }
}

describe('a closed output pipe', () => {
  test.each([
    [['site', 'list'], 0],
    [['--json', 'site', 'list'], 0],
    [['--help'], 0],
    [['--json', 'inspect', 'Nowhere'], 2],
  ])('of %j: exit code %i, without an error message', async (args, code) => {
    expect(await run(args, 'left')).toEqual({ code, stderr: '' })
  })

  test.skipIf(process.platform !== 'linux')('a full disk: reported once', async () => {
    const full = openSync('/dev/full', 'w')
    const { code, stderr } = await run(['--json', 'site', 'list'], full)
    closeSync(full)
    expect(code).toBe(0)
    expect(stderr).toMatch(/^The output could not be written: .*ENOSPC.*\n$/)
  })
})
