/** One fuzz case: a site with something hostile in it, a few commands of the kit, and the invariants that must hold. */
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { shownBackup } from '../../../src-shared/domain/kit-backups.ts'
import { type KitResult, kitEvent } from '../../../src-shared/domain/kit-protocol.ts'
import { restorePlan } from '../../../src-shared/domain/kit-restore.ts'
import { inspection } from '../../../src-shared/domain/kit-site.ts'
import { WorkingSite } from '../kit/working-site.ts'
import { ORDINARY } from '../scratch-site.ts'
import { lyingPrograms, lyingService } from './answers.ts'
import { spoilDatabase, spoilSidecar } from './databases.ts'
import { archive, pack, putName, spoilLog } from './files.ts'
import { endLeftovers, leftovers } from './leftover-processes.ts'
import type { Canary } from './payloads.ts'
import { Random } from './random.ts'

export interface CaseResult {
  readonly seed: string
  readonly number: number
  /** The actions, one per line. */
  readonly story: readonly string[]
  /** The violated invariants; empty if none. */
  readonly faults: readonly string[]
}

const isRoot = process.getuid?.() === 0
const patience = 60_000

/** Error messages of bash itself. They never come from data, only from data that was evaluated as code. */
const bashError = /: (?:line \d+|eval|environment): (?! *\d+ (?:Killed|Terminated)|warning: .*ignored null byte).*/g

/** `plant` is bash text that replaces functions of the kit: a deliberate bug, to test that it is found. */
export async function runCase(seed: string, number: number, keep: string, plant = ''): Promise<CaseResult> {
  const random = new Random(`${seed}:${number}`)
  const place = mkdtempSync(join(tmpdir(), 'cvd-fuzz-'))
  const canary = makeCanary(place)
  const untouched = snapshot(canary.folder)
  const kind = random.one([
    'database',
    'database',
    'archive',
    'listing',
    'service',
    ...(isRoot ? ['answers', 'answers'] : []),
  ])
  const site = new WorkingSite({
    ...(isRoot ? { owner: ORDINARY } : {}),
    programs: {
      'cvd-fuzz-pwned': `#!/bin/bash\necho "$EUID" >>'${place}/pwned/by'\n`,
      ...(kind === 'answers' ? lyingPrograms(random, canary) : {}),
    },
  })
  site.policy({ health_timeout: '1' })
  const story = [`kind ${kind}`]
  const faults: string[] = []
  try {
    const files = prepare(site, kind, random, canary, story)
    if (isRoot) execFileSync('chown', ['-hR', `${ORDINARY}:${ORDINARY}`, '--', site.root])
    const commands = plan(random, site, files)
    if (kind === 'service') site.lie(lyingService(random, canary))
    for (const makeWords of commands) {
      const words = makeWords()
      const { answer, faults: found } = await runCommand(site, words, plant)
      story.push(`${words.map((word) => JSON.stringify(word.toString('latin1'))).join(' ')} -> ${answer}`)
      faults.push(...found.map((fault) => `${words[0]?.toString()}: ${fault}`))
    }
    if (kind === 'service') faults.push(...(await mended(site, plant)))
    faults.push(...(await settled(site)))
    const complaints = site.complaints().match(bashError) ?? []
    faults.push(...complaints.map((line) => `an operation's stderr: ${line}`))
    if (existsSync(join(place, 'pwned/by')))
      faults.push(`the command ran, as ${readFileSync(join(place, 'pwned/by'), 'utf8').trim()}`)
    const now = snapshot(canary.folder)
    if (now !== untouched) faults.push(`outside of the site something changed:\n${now}\n${untouched}`)
  } catch (error) {
    faults.push(`the case itself: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
  }
  if (faults.length > 0) keepCase(site, join(keep, `${seed}-${number}`), [...story, '', ...faults])
  site.remove()
  rmSync(place, { recursive: true, force: true })
  return { seed, number, story, faults }
}

function makeCanary(place: string): Canary {
  chmodSync(place, 0o755)
  const folder = join(place, 'canary')
  mkdirSync(join(folder, 'inside'), { recursive: true })
  writeFileSync(join(folder, 'secret'), 'secret\n', { mode: 0o600 })
  writeFileSync(join(folder, 'inside/file'), 'file\n', { mode: 0o644 })
  // World-writable, so that any process can leave a trace; a trace is a violation.
  mkdirSync(join(place, 'pwned'))
  chmodSync(join(place, 'pwned'), 0o777)
  if (!isRoot) chmodSync(join(folder, 'secret'), 0o400)
  return { folder, command: 'cvd-fuzz-pwned' }
}

function snapshot(folder: string): string {
  const lines = readdirSync(folder, { recursive: true }).map((name) => {
    const path = join(folder, name.toString())
    const { mode, uid, mtimeMs, ctimeMs, size } = lstatSync(path)
    return `${name} ${mode} ${uid} ${mtimeMs} ${ctimeMs} ${size}`
  })
  return [lstatSync(folder).mtimeMs, ...lines.sort()].join('\n')
}

/** Puts the hostile item in place; returns the backups to try commands on. */
function prepare(site: WorkingSite, kind: string, random: Random, canary: Canary, story: string[]): readonly Buffer[] {
  const good = site.backup('cvd_backup_20260101_000000.db.gz')
  const scratch = join(site.folder, 'spoiled.db')
  copyFileSync(site.database, scratch)
  const files: Buffer[] = []
  if (kind === 'database' || random.chance(0.3)) {
    story.push(spoilDatabase(scratch, random, canary))
    const bytes = existsSync(scratch) ? readFileSync(scratch) : Buffer.alloc(0)
    const packed = random.chance(0.7)
    const file = join(site.backups, packed ? 'cvd_backup_20260102_000000.db.gz' : 'cvd_backup_20260102_000000.db')
    writeFileSync(file, packed ? pack(bytes, random) : bytes)
    files.push(Buffer.from(file))
    if (!packed && random.chance(0.5)) story.push(spoilSidecar(file, random, canary))
    if (random.chance(0.4)) {
      // A new file under the same name, as by a rename: the application keeps the old one open.
      rmSync(site.database)
      writeFileSync(site.database, bytes)
      if (random.chance(0.3)) story.push(spoilSidecar(site.database, random, canary))
      story.push('it is the live database, too')
    }
  }
  if (kind === 'archive' || random.chance(0.2)) {
    const [folder, prefix] = random.one([
      ['app', 'cvd_app'],
      ['app', 'cvd_config'],
      ['system', 'cvd_system'],
      ['.', 'cvd_backup'],
    ] as const)
    const file = join(
      site.backups,
      folder,
      `${prefix}_20260103_000000${prefix === 'cvd_backup' ? '.db.gz' : '.tar.gz'}`,
    )
    writeFileSync(file, archive(site.database, random, canary))
    files.push(Buffer.from(file))
  }
  if (kind === 'listing' || random.chance(0.2)) {
    const folders = [site.backups, join(site.backups, 'app'), join(site.root, 'data'), join(site.root, 'logs')]
    for (let i = 0; i < 12; i++) {
      const path = putName(random.one(folders), random, canary)
      if (path !== undefined) files.push(path)
    }
    spoilLog(join(site.root, 'logs/backup.log'), random, canary)
  }
  if (existsSync(scratch)) rmSync(scratch)
  for (const sidecar of ['-wal', '-shm', '-journal']) rmSync(scratch + sidecar, { force: true })
  return [...files.slice(-3), Buffer.from(good)]
}

const words = (...list: readonly (string | Buffer)[]) => list.map((word) => Buffer.from(word as string))

/** A sequence of commands; the arguments of some depend on the results of earlier ones. */
function plan(random: Random, site: WorkingSite, files: readonly Buffer[]): readonly (() => readonly Buffer[])[] {
  const file = () => random.one(files)
  const restore = () => [...words(...site.restoring('')).slice(0, 2), file(), ...words(...site.restoring('')).slice(3)]
  const all = [
    words('inspect'),
    words('verify', '--all'),
    words('verify', file()),
    words('show', file()),
    words('plan', 'restore', 'database', file()),
    words('plan', 'restore', 'database', file()),
    words('database'),
    words('hold', file()),
    restore(),
    restore(),
    words('operations'),
    words('recover'),
  ]
  const undo = () => words(...site.undoing(site.operations('restore').at(-1) ?? 'none'))
  const chosen = random.some([...all.map((fixed) => () => fixed), undo, undo], 0.45)
  return [...chosen, () => words('inspect')]
}

/** Once the service stops lying, a recovery must bring the site back, whatever was believed before. */
async function mended(site: WorkingSite, plant: string): Promise<readonly string[]> {
  site.lie('')
  const { answer, faults } = await runCommand(site, words('recover'), plant)
  site.service('start')
  let health = 0
  for (let turn = 0; turn < 50 && health !== 200; turn++) {
    health = await site.health()
    if (health !== 200) await new Promise((done) => setTimeout(done, 100))
  }
  return [
    ...faults,
    ...(answer.startsWith('succeeded') ? [] : [`recover: ${answer}`]),
    ...(health === 200 ? [] : [`the site answers ${health} with a database that was whole`]),
  ]
}

interface Answer {
  readonly answer: string
  readonly faults: readonly string[]
}

async function runCommand(site: WorkingSite, words: readonly Buffer[], plant: string): Promise<Answer> {
  const child = site.start(words, plant)
  const [out, err]: [Buffer[], Buffer[]] = [[], []]
  child.stdout?.on('data', (part: Buffer) => out.push(part))
  child.stderr?.on('data', (part: Buffer) => err.push(part))
  const closed = new Promise<number | null>((done) => child.on('close', done))
  const late = new Promise<'late'>((done) => setTimeout(() => done('late'), patience).unref())
  const code = await Promise.race([closed, late])
  child.stdin?.destroy()
  if (code === 'late') {
    const running = leftovers(site).map(({ command }) => command)
    endLeftovers(site)
    await closed
    return { answer: 'none', faults: [`it did not end within ${patience / 1000} s; running: ${running.join('; ')}`] }
  }
  const faults = (Buffer.concat(err).toString().match(bashError) ?? []).map((line) => `stderr: ${line}`)
  try {
    const events = Buffer.concat(out)
      .toString()
      .split('\n')
      .slice(0, -1)
      .map((line) => kitEvent.parse(JSON.parse(line)))
    const last = events.at(-1)
    if (last?.kind !== 'result') return { answer: 'none', faults: [...faults, 'its last line is no result'] }
    if (events.filter(({ kind }) => kind === 'result').length > 1) faults.push('more than one result')
    const answer = `${last.outcome}, ${last.code}: ${last.message}`
    return { answer, faults: [...faults, ...faultsOf(words[0]?.toString() ?? '', last, code)] }
  } catch (error) {
    const fault = error instanceof Error ? error.message.slice(0, 600) : String(error)
    return { answer: 'none', faults: [...faults, `what it says is not the protocol: ${fault}`] }
  }
}

const refusals = ['busy', 'wrong-site', 'plan-stale', 'not-confirmed', 'no-rights', 'checks-failed', 'health-fails']
const answers = { inspect: inspection, plan: restorePlan, show: shownBackup } as const

function faultsOf(command: string, result: KitResult, code: number | null): readonly string[] {
  const faults: string[] = []
  const refused = result.outcome === 'failed' && refusals.includes(result.code)
  const expected = result.outcome === 'succeeded' ? 0 : result.code === 'usage' ? 2 : refused ? 4 : 1
  if (code !== expected) faults.push(`it ended with ${code}, not ${expected}: ${result.outcome}, ${result.code}`)
  if (/An unexpected error stopped/.test(result.message)) faults.push(result.message)
  if (result.outcome === 'succeeded' && command in answers) {
    const checked = answers[command as keyof typeof answers].safeParse(result.data)
    if (!checked.success)
      faults.push(`its answer is not what the protocol says: ${checked.error.message.slice(0, 600)}`)
  }
  return faults
}

/** After everything has ended: nothing runs, and nothing is left over. */
async function settled(site: WorkingSite): Promise<readonly string[]> {
  for (let turn = 0; turn < 100 && leftovers(site).length > 0; turn++)
    await new Promise((done) => setTimeout(done, 100))
  const running = leftovers(site).map(({ command }) => `still running: ${command}`)
  endLeftovers(site)
  const left = site.leftBehind().filter(isOurs)
  return [...running, ...left.map((name) => `left behind: ${name}`)]
}

/** Names from the case itself may look like work folders without being any. */
const isOurs = (name: string): boolean => !name.startsWith('.') || /^\.cvd-backup-[A-Za-z0-9]{8}$/.test(name)

function keepCase(site: WorkingSite, folder: string, report: readonly string[]): void {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'report.txt'), `${report.join('\n')}\n`)
  try {
    cpSync(site.state, join(folder, 'state'), { recursive: true, filter: (path) => !lstatSync(path).isFIFO() })
    execFileSync('tar', ['-C', site.root, '-czf', join(folder, 'root.tar.gz'), '.'], { stdio: 'ignore' })
  } catch {
    // The report is what counts.
  }
}
