import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { noServers, type Program } from './prerequisites.ts'
import { type Count, countReport, failuresOf, type VitestReport } from './report.ts'
import { inherit } from './spawn.ts'

const root = resolve(import.meta.dirname, '../../..')

export interface Outcome extends Count {
  /** The failures, one per line. */
  readonly failures?: readonly string[]
}

export interface Suite {
  readonly name: string
  readonly what: string
  readonly programs: readonly Program[]
  /** Why it cannot run here even with all packages installed. */
  readonly impossible?: () => Promise<string | undefined>
  readonly run: () => Promise<Outcome>
}

const one = (passed: boolean): Count => ({ passed: passed ? 1 : 0, failed: passed ? 0 : 1, skipped: 0 })

const tool = (name: string): string => join(root, 'node_modules/.bin', name)

function step(name: string, what: string, program: string, args: readonly string[]): Suite {
  return { name, what, programs: [], run: async () => one((await inherit(tool(program), args)) === 0) }
}

const shellScripts = ['.ci/run']

/** Runs shellcheck on our scripts, and on the assembled kit. */
async function checkShell(): Promise<Count> {
  const scripts = shellScripts.map((script) => join(root, script))
  const assembler = join(root, 'src-main/kit/assemble.ts')
  const { assembleKit } = (await import(pathToFileURL(assembler).href)) as { assembleKit: () => { bytes: Buffer } }
  const ownScripts = await inherit('shellcheck', scripts)
  const kit = await inherit('shellcheck', ['--shell=bash', '-'], assembleKit().bytes)
  return one(ownScripts === 0 && kit === 0)
}

/** Runs a vitest project and counts its tests. */
async function runProject(name: string, environment: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'cvd-test-'))
  const report = join(folder, 'report.json')
  try {
    const code = await inherit(
      tool('vitest'),
      [
        'run',
        '--config=build/vitest.config.ts',
        `--project=${name}`,
        '--reporter=default',
        '--reporter=json',
        `--outputFile.json=${report}`,
      ],
      undefined,
      environment,
    )
    if (!existsSync(report)) return one(false)
    const read = JSON.parse(readFileSync(report, 'utf8')) as VitestReport
    return { ...countReport(read, code), failures: failuresOf(read) }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function project(name: string, what: string, programs: readonly Program[], impossible?: Suite['impossible']): Suite {
  const noTests = async (): Promise<string | undefined> =>
    globSync(`test/${name}/**/*.test.ts`, { cwd: root }).length === 0
      ? `test/${name} has no tests`
      : await impossible?.()
  return { name, what, programs, impossible: noTests, run: () => runProject(name) }
}

/** Runs the kit's tests and measures which of its lines they ran. */
async function runKit(): Promise<Outcome> {
  const { coverageOf, coverageProblems, coverageWords } = await import('./kit-coverage.ts')
  const folder = mkdtempSync(join(tmpdir(), 'cvd-trace-'))
  try {
    const tests = await runProject('kit', { CVD_KIT_TRACE: folder })
    const coverage = coverageOf(folder)
    process.stdout.write(`${coverageWords(coverage)}\n`)
    // After failed tests the coverage says nothing.
    if (tests.failed > 0) return tests
    const problems = coverageProblems(coverage)
    const { passed, failed } = one(problems.length === 0)
    return { passed: tests.passed + passed, failed, skipped: tests.skipped, failures: problems }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Evaluated lazily: it loads the modules that handle Electron. */
async function noElectron(): Promise<string | undefined> {
  const { noRuntime } = await import('../electron/runtime.ts')
  return await noRuntime()
}

const shell: readonly Program[] = ['bash', 'sqlite3', 'tar', 'gzip', 'curl', 'flock', 'setsid']

/** A desktop, and the libraries that Electron loads. */
const desktop: readonly Program[] = [
  ...(['Xvfb', 'dbus-daemon', 'dunst', 'gdbus', 'gnome-keyring-daemon', 'import', 'openbox', 'unzip'] as const),
  ...(['pgrep', 'setpriv', 'useradd', 'xdotool', 'xfce4-panel', 'xfconf-query', 'xprop'] as const),
  ...(['libasound.so.2', 'libgbm.so.1', 'libgtk-3.so.0', 'libnotify.so.4', 'libnss3.so', 'libsecret-1.so.0'] as const),
]

/** Everything that `npm test` does, in this order. */
export const suites: readonly Suite[] = [
  step('check', 'biome: format and lint', 'biome', ['check', '--error-on-warnings', '.']),
  step('types', 'TypeScript', 'tsc', ['--noEmit', '-p', 'tsconfig.json']),
  step('dead', 'knip: files, exports and packages that nobody uses', 'knip', []),
  { name: 'shell', what: 'shellcheck: the kit and our scripts', programs: ['shellcheck'], run: checkShell },
  project('unit', 'pure functions, and the rules of the house', []),
  project('store', "the console's database", []),
  project('contract', 'every call, over every carrier', []),
  project('host', 'the console behind its loopback host, on the demo site', [...shell, 'ssh-keygen']),
  project('security', 'what a page, a link and a start may not do', []),
  project('desktop', 'the shell, on a stand-in for Electron', []),
  project('package', 'the packages, packed on a stand-in for Electron', []),
  project('electron', 'the window in a real Electron', [...shell, ...desktop, 'ssh-keygen'], noElectron),
  {
    ...project('kit', 'the kit on scratch roots', [...shell, 'perl', 'pigz', 'igzip', 'ensurepip', 'msmtp', 'openssl']),
    run: runKit,
  },
  project('fuzz', 'hostile data for the kit, a few cases; npm run fuzz has more', [...shell, 'perl', 'pigz', 'igzip']),
  project('remote', 'SSH against real sshd', ['ssh', 'sshd', 'ssh-keygen', 'ssh-agent', 'sudo', 'pam_oath.so']),
  project('demo', 'the demo site', [...shell, 'ssh-keygen']),
  project('operations', 'the procedures and their runner, on the demo site', [...shell, 'ssh-keygen']),
  project('cli', 'the command line, on real sshd', [...shell, 'ssh', 'sshd', 'ssh-keygen', 'ssh-agent', 'sudo']),
  project('e2e', 'the window in Chromium, on the demo site', [...shell, 'ssh-keygen', 'chromium']),
  project(
    'server',
    'real Debian servers, and the window in Chromium on them',
    [
      'chromium',
      'chroot',
      'cp',
      'debootstrap',
      'flock',
      'git',
      'ip',
      'nsenter',
      'ssh',
      'ssh-keygen',
      'ssh-keyscan',
      'systemd-nspawn',
    ],
    noServers,
  ),
]
