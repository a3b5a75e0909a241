import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, expect, it } from 'vitest'
import { processesWith, runProgram } from '../../src-main/demo/processes.ts'
import { scratchIn } from '../../src-main/demo/scratch.ts'
import { startDemoSite } from '../../src-main/demo/site.ts'
import { paintFor } from '../../src-main/demo/terminal.ts'
import { type HeadlessOptions, walkDemo } from '../../src-main/demo/walk/headless.ts'
import { jsonReport, type Report, textReport, type WalkEnd } from '../../src-main/demo/walk/report.ts'
import { walk } from '../../src-main/demo/walk/step.ts'
import { pathOf } from '../../src-main/demo/walk/steps-backup.ts'

const MINUTES = 60_000

interface Line {
  readonly kind: string
  readonly step?: string
  readonly [member: string]: unknown
}

function recorder(): { report: Report; lines: Line[] } {
  const lines: Line[] = []
  return { lines, report: jsonReport((line) => lines.push(JSON.parse(line) as Line)) }
}

function command(...words: string[]): { program: string; words: string[] } {
  return { program: process.execPath, words: ['src-main/entry/demo.ts', ...words] }
}

describe('a walk', () => {
  const one = {
    step: 'one',
    title: 'The first',
    run: async (_: object, step: { fact: Report['fact'] }) => step.fact('a', 'b'),
  }

  it('stops at the first thing that is not proven, and names it', async () => {
    const { report, lines } = recorder()
    const never = { step: 'three', title: 'Never', run: async () => expect.fail('it was taken') }
    const two = {
      ...{ step: 'two', title: 'The second' },
      run: async (_: object, step: { prove(statement: string, holds: boolean, evidence?: string): void }) => {
        step.prove('one is one', true)
        step.prove('one is two', false, 'it is one')
      },
    }
    const end = await walk({ steps: [one, two, never], state: {}, report })
    expect(end).toMatchObject({ proven: false, step: 'two', reason: 'one is two: it is one', steps: 1, proofs: 1 })
    expect(lines.at(-1)).toMatchObject({ kind: 'result', proven: false, step: 'two' })
    expect(lines.filter(({ kind }) => kind === 'proof').map(({ holds }) => holds)).toEqual([true, false])
  })

  it('does not take an error for a success', async () => {
    const { report } = recorder()
    const breaks = { step: 'breaks', title: 'Breaks', run: () => Promise.reject(new Error('the disk is full')) }
    expect(await walk({ steps: [one, breaks], state: {}, report })).toMatchObject({
      ...{ proven: false, step: 'breaks', reason: 'the disk is full' },
    })
  })

  it('reads well, and is plain text without a terminal', async () => {
    const printed: string[] = []
    await walk({ steps: [one], state: {}, report: textReport((line) => printed.push(line), paintFor({}, {}), null) })
    const text = printed.join('\n')
    expect(text).toContain('\n 1  The first\n      a                  b\n')
    expect(text).toContain('Everything was proven: 0 proofs in 1 steps')
    expect(text).not.toContain('\u001b')
  })
})

describe('npm run demo -- --headless', () => {
  it(
    'proves the whole job and exits 0, leaving nothing behind',
    async () => {
      const { program, words } = command('--headless', '--json')
      const ran = await runProgram(program, words)
      const lines = ran.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Line)
      expect(lines.at(-1), ran.stderr).toMatchObject({ kind: 'result', proven: true, step: null, steps: 15 })
      expect(ran).toMatchObject({ code: 0, stderr: '' })
      expect(lines.filter(({ kind, holds }) => kind === 'proof' && holds !== true)).toEqual([])
      const root = lines.find(({ name }) => name === 'CVD root')?.value
      expect(root).toMatch(/^\/.*\/cvd$/)
      expect(existsSync(join(String(root), '..'))).toBe(false)
    },
    5 * MINUTES,
  )

  it(
    'exits 1 and names the step when the site is broken',
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'cvd-walk-'))
      const first = await startDemoSite({ folder, appStartMs: 0 })
      await first.stop()
      writeFileSync(first.database, 'this is no database')
      const { program, words } = command('--headless', '--data', folder)
      const ran = await runProgram(program, words)
      expect(ran.code).toBe(1)
      expect(ran.stdout).toMatch(/Not proven, in step “start”: the application is not healthy: 503 /)
      expect(processesWith('CVD_BACKUP_STATE', scratchIn(folder).state)).toEqual([])
      rmSync(folder, { recursive: true })
    },
    5 * MINUTES,
  )

  it(
    'cleans up and exits 1 when interrupted half-way',
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'cvd-walk-'))
      const { program, words } = command('--headless', '--json', '--data', folder)
      const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'inherit'] })
      const closed = once(child, 'close') // all output has been read by then
      const printed: string[] = []
      const lines = createInterface(child.stdout).on('line', (line) => printed.push(line))
      await once(lines, 'line')
      child.kill('SIGINT')
      expect(await closed).toEqual([1, null])
      expect(JSON.parse(printed.at(-1) ?? '')).toMatchObject({ kind: 'result', proven: false })
      expect(processesWith('CVD_BACKUP_STATE', scratchIn(folder).state)).toEqual([])
      rmSync(folder, { recursive: true })
    },
    5 * MINUTES,
  )
})

describe('a walk with a fault', () => {
  async function walkWith(before: NonNullable<HeadlessOptions['before']>): Promise<{ end: WalkEnd; lines: Line[] }> {
    const { report, lines } = recorder()
    return { end: await walkDemo({ report, before, appStartMs: 0, writeEveryMs: 50 }), lines }
  }

  it(
    'detects a backup that was damaged after it was made',
    async () => {
      const { end } = await walkWith(async (step, { backup }) => {
        if (step !== 'verify' || backup === null) return
        const file = pathOf(backup.backup.path)
        const bytes = readFileSync(file)
        bytes.writeUInt8(bytes.readUInt8(bytes.length >> 1) ^ 0x10, bytes.length >> 1)
        writeFileSync(file, bytes)
      })
      expect(end).toMatchObject({ proven: false, step: 'verify' })
    },
    5 * MINUTES,
  )

  it(
    'detects a restore that was rolled back because the service did not become healthy',
    async () => {
      const { end, lines } = await walkWith(async (step, { demo }) => {
        if (step !== 'restore' || demo === null) return
        await demo.kitCommand('policy', 'health_status=299', 'health_timeout=2')
      })
      expect(end).toMatchObject({ proven: false, step: 'restore' })
      expect(lines.filter(({ kind, holds }) => kind === 'proof' && holds === false)).toMatchObject([
        { statement: 'the restore was carried out' },
      ])
    },
    5 * MINUTES,
  )

  it(
    'detects failed writes',
    async () => {
      const { end } = await walkWith(async (step, { demo }) => {
        if (step === 'leave' && demo !== null)
          writeFileSync(join(demo.root, 'logs', 'app-writes.log'), 'ERROR write failed: locked\n')
      })
      expect(end).toMatchObject({
        proven: false,
        step: 'leave',
        reason: expect.stringContaining('write failed: locked'),
      })
    },
    5 * MINUTES,
  )
})
