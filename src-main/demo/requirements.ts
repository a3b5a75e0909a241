/** What a machine needs to be a CVD server, and so to run the demo site. */
import { spawnSync } from 'node:child_process'

export interface Missing {
  readonly what: string
  /** What was found instead. */
  readonly found: string
  /** How to get it, in one line. */
  readonly how: string
}

/** Returns a program's `--version` output, or null if there is no such program. */
export type Ask = (program: string) => string | null

interface Tool {
  readonly program: string
  readonly what: string
  readonly good: (answer: string) => boolean
  readonly debian: string
  readonly redhat: string
  readonly mac: string
}

const gnu = (answer: string): boolean => /GNU|uutils/.test(answer)
const any = (): boolean => true

const TOOLS: readonly Tool[] = [
  {
    ...{ program: '/bin/bash', what: 'bash 4.4 or newer, as /bin/bash', debian: 'bash', redhat: 'bash', mac: 'bash' },
    good: (answer) => atLeast(answer, 4, 4),
  },
  { program: 'stat', what: 'GNU coreutils', good: gnu, debian: 'coreutils', redhat: 'coreutils', mac: 'coreutils' },
  { program: 'find', what: 'GNU findutils', good: gnu, debian: 'findutils', redhat: 'findutils', mac: 'findutils' },
  { program: 'tar', what: 'GNU tar', good: gnu, debian: 'tar', redhat: 'tar', mac: 'gnu-tar' },
  { program: 'sed', what: 'GNU sed', good: gnu, debian: 'sed', redhat: 'sed', mac: 'gnu-sed' },
  { program: 'gzip', what: 'gzip', good: any, debian: 'gzip', redhat: 'gzip', mac: 'gzip' },
  {
    ...{ program: 'sqlite3', what: 'sqlite3 3.26 or newer', debian: 'sqlite3', redhat: 'sqlite', mac: 'sqlite' },
    good: (answer) => atLeast(answer, 3, 26),
  },
  { program: 'setsid', what: 'setsid', good: any, debian: 'util-linux', redhat: 'util-linux', mac: 'util-linux' },
  { program: 'flock', what: 'flock', good: any, debian: 'util-linux', redhat: 'util-linux', mac: 'flock' },
  { program: 'curl', what: 'curl', good: any, debian: 'curl', redhat: 'curl', mac: 'curl' },
]

/** What the demo site lacks on this machine; empty if nothing. */
export function missingForDemo(platform: NodeJS.Platform = process.platform, ask: Ask = askVersion): Missing[] {
  if (platform === 'win32') {
    return [
      {
        what: 'Linux',
        found: 'Windows',
        how: 'run it in WSL (wsl --install, then the same command there), or on Linux',
      },
    ]
  }
  const missing: Missing[] = []
  for (const tool of TOOLS) {
    const answer = ask(tool.program)
    if (answer !== null && tool.good(answer)) continue
    missing.push({ what: tool.what, found: answer?.split('\n')[0]?.trim() || 'nothing', how: howToGet(tool, platform) })
  }
  if (platform !== 'linux') {
    const found = platform === 'darwin' ? 'macOS' : platform
    // Even with all tools, /bin/bash stays the system's and there is no /proc.
    missing.push({
      what: 'a Linux kernel (/proc)',
      found,
      how: 'run it on a Linux machine, or in a virtual one (Lima)',
    })
  }
  return missing
}

function howToGet(tool: Tool, platform: NodeJS.Platform): string {
  if (platform === 'darwin') return `brew install ${tool.mac}`
  return `apt-get install ${tool.debian} (Debian, Ubuntu) or dnf install ${tool.redhat} (Red Hat)`
}

function atLeast(answer: string, major: number, minor: number): boolean {
  const found = /(\d+)\.(\d+)/.exec(answer)
  const [have, haveMinor] = [Number(found?.[1] ?? 0), Number(found?.[2] ?? 0)]
  return have > major || (have === major && haveMinor >= minor)
}

function askVersion(program: string): string | null {
  const asked = spawnSync(program, ['--version'], { encoding: 'utf8', timeout: 10_000 })
  return asked.error === undefined ? `${asked.stdout}${asked.stderr}` : null
}
