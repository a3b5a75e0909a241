/**
 * Reads the hosts of the user's `~/.ssh/config`, to be shown and then kept as plain values. Keys are named, never read.
 * `ssh -G` resolves them where there is an ssh; else a parser does, which never runs what `Match exec` says.
 */
import { execFile } from 'node:child_process'
import { access, glob, readFile, stat } from 'node:fs/promises'
import { homedir, userInfo } from 'node:os'
import { dirname, isAbsolute, join } from 'node:path'
import { promisify } from 'node:util'
import SSHConfig from 'ssh-config'
import { type Failure, fail, ok, type Result } from '../../src-shared/result.ts'
import { type SshTarget, sshTarget } from './target.ts'

const run = promisify(execFile)

export interface ImportedHop {
  readonly host: string
  readonly port: number
  readonly user: string
  /** Path of the key, when the configuration names one that exists; else the agent is meant. */
  readonly identityFile: string | null
}

export interface ImportedHost extends ImportedHop {
  readonly alias: string
  readonly jumps: readonly ImportedHop[]
  /** Why it cannot be used as it is; null when it can. */
  readonly problem: string | null
}

export interface SshConfigOptions {
  /** Default `~/.ssh/config`. */
  readonly file?: string
  /** The ssh program; null: do not use one. Default: `ssh` on PATH. */
  readonly ssh?: string | null
}

interface Settings {
  readonly hostname: string
  readonly port: number
  readonly user: string
  readonly identities: readonly string[]
  readonly proxyJump: string | null
  readonly proxyCommand: boolean
}

/** Never an option, a pattern or a path. */
const aliasPattern = /^[A-Za-z0-9_][A-Za-z0-9._@:-]*$/

/** Why a file must not be believed: somebody else could have written it. Null when it may be. */
async function distrust(file: string): Promise<string | null> {
  const found = await stat(file)
  if (!found.isFile()) return 'it is no file'
  if (process.platform === 'win32') return null
  const own = process.getuid?.()
  if (found.uid !== own && found.uid !== 0) return 'it belongs to another user'
  return (found.mode & 0o022) === 0 ? null : 'others can write it'
}

const expand = (path: string, home: string) =>
  path === '~' || path.startsWith('~/') ? join(home, path.slice(1)) : path

/** The text with its `Include`s put in; files that are not to be trusted are left out. */
async function readWhole(file: string, depth = 0): Promise<string> {
  const text = await readFile(file, 'utf8')
  if (depth >= 8) return text
  const lines: string[] = []
  for (const line of text.split(/\r?\n/)) {
    const include = /^\s*include[\s=]+(.+?)\s*$/i.exec(line)?.[1]
    if (!include) {
      lines.push(line)
      continue
    }
    for (const word of include.match(/"[^"]+"|\S+/g) ?? []) {
      const path = expand(word.replaceAll('"', ''), homedir())
      const pattern = isAbsolute(path) ? path : join(dirname(file), path)
      for await (const found of glob(pattern)) {
        if ((await distrust(found)) === null) lines.push(await readWhole(found, depth + 1))
      }
    }
  }
  return lines.join('\n')
}

/** The names in `Host` lines that are names, not patterns. */
function aliases(text: string): string[] {
  const found = new Set<string>()
  for (const line of text.split('\n')) {
    const words = /^\s*host[\s=]+(.+?)\s*$/i.exec(line)?.[1]
    for (const word of words?.split(/\s+/) ?? []) {
      const alias = word.replaceAll('"', '')
      if (aliasPattern.test(alias)) found.add(alias)
    }
  }
  return [...found]
}

function settingsOf(values: ReadonlyMap<string, readonly string[]>, alias: string): Settings {
  const first = (name: string) => values.get(name)?.[0]
  const jump = first('proxyjump')
  const command = first('proxycommand')
  return {
    hostname: first('hostname') ?? alias,
    port: Number(first('port') ?? 22),
    user: first('user') ?? userInfo().username,
    identities: values.get('identityfile') ?? [],
    proxyJump: jump && jump !== 'none' ? jump : null,
    proxyCommand: command !== undefined && command !== 'none',
  }
}

type Resolve = (alias: string) => Promise<Settings>

function bySsh(ssh: string, file: string | undefined): Resolve {
  return async (alias) => {
    const { stdout } = await run(ssh, ['-G', ...(file ? ['-F', file] : []), '--', alias], {
      timeout: 10_000,
      stdio: ['ignore', 'pipe', 'ignore'],
    } as object)
    const values = new Map<string, string[]>()
    for (const line of String(stdout).split('\n')) {
      const [, name, value] = /^(\S+) (.+)$/.exec(line) ?? []
      if (name && value) values.set(name, [...(values.get(name) ?? []), value])
    }
    return settingsOf(values, alias)
  }
}

function byParser(text: string): Resolve {
  const config = SSHConfig.parse(text)
  return async (alias) => {
    const computed = config.compute(alias, { ignoreCase: true, matchExec: false })
    const values = new Map<string, string[]>()
    for (const [name, value] of Object.entries(computed)) values.set(name.toLowerCase(), [value].flat().map(String))
    const settings = settingsOf(values, alias)
    return { ...settings, hostname: settings.hostname.replaceAll('%h', alias).replaceAll('%%', '%') }
  }
}

async function firstExisting(paths: readonly string[]): Promise<string | null> {
  for (const path of paths) {
    const file = expand(path.replace(/^%d(?=\/)/, '~'), homedir())
    if (
      isAbsolute(file) &&
      (await access(file).then(
        () => true,
        () => false,
      ))
    )
      return file
  }
  return null
}

const hopOf = async (settings: Settings): Promise<ImportedHop> => ({
  host: settings.hostname,
  port: settings.port,
  user: settings.user,
  identityFile: await firstExisting(settings.identities),
})

/** `[user@]host[:port]`, or `ssh://…`, of which host may be an alias again. Null when it is neither. */
function jumpOf(text: string): { alias: string; user: string | null; port: number | null } | null {
  const match = /^(?:ssh:\/\/)?(?:([^@\s]+)@)?(?:\[([^\]]+)\]|([^:\s]+))(?::(\d{1,5}))?$/.exec(text.trim())
  const alias = match?.[2] ?? match?.[3]
  if (!alias || alias.startsWith('-')) return null
  return { alias, user: match?.[1] ?? null, port: match?.[4] ? Number(match[4]) : null }
}

/** The jump hosts of `proxyJump`, each with the jump hosts that it has itself before it. Throws where there is no end. */
async function jumpsOf(proxyJump: string | null, resolve: Resolve, depth = 0): Promise<ImportedHop[]> {
  if (!proxyJump) return []
  if (depth > 8) throw new Error('its jump hosts lead in a circle')
  const hops: ImportedHop[] = []
  for (const [index, part] of proxyJump.split(',').entries()) {
    const jump = jumpOf(part)
    if (!jump) throw new Error(`its jump host ${part} is not understood`)
    const settings = aliasPattern.test(jump.alias)
      ? await resolve(jump.alias)
      : settingsOf(new Map([['hostname', [jump.alias]]]), jump.alias)
    // As ssh does: only the first host of a list is reached by its own way.
    if (index === 0) hops.push(...(await jumpsOf(settings.proxyJump, resolve, depth + 1)))
    const hop = await hopOf(settings)
    hops.push({ ...hop, user: jump.user ?? hop.user, port: jump.port ?? hop.port })
  }
  return hops
}

async function importHost(alias: string, resolve: Resolve): Promise<ImportedHost> {
  try {
    const settings = await resolve(alias)
    const hop = await hopOf(settings)
    const jumps = await jumpsOf(settings.proxyJump, resolve)
    const host = { alias, ...hop, jumps, problem: null }
    if (settings.proxyCommand) return { ...host, problem: 'It is reached by a ProxyCommand, which is not supported.' }
    const checked = sshTarget.safeParse(targetOf(host))
    return checked.success ? host : { ...host, problem: 'Its host name, user or port is not usable.' }
  } catch (error) {
    const problem = `It cannot be resolved: ${(error as Error).message.split('\n')[0]}.`
    return { alias, host: alias, port: 22, user: '', identityFile: null, jumps: [], problem }
  }
}

/** An imported host as a target: its key where one is named, else the agent. */
export function targetOf(host: Pick<ImportedHost, 'jumps'> & ImportedHop): SshTarget {
  const hop = ({ host: name, port, user, identityFile }: ImportedHop) => ({
    host: name,
    port,
    user,
    auth: identityFile ? ({ method: 'key', keyFile: identityFile } as const) : ({ method: 'agent' } as const),
  })
  return { ...hop(host), jumps: host.jumps.map(hop) }
}

/** The hosts of an ssh configuration. Fails with `config-missing`, or `config-unsafe` where others could have written it. */
export async function importSshConfig(options: SshConfigOptions = {}): Promise<Result<ImportedHost[], Failure>> {
  const file = options.file ?? join(homedir(), '.ssh', 'config')
  let unsafe: string | null
  try {
    unsafe = await distrust(file)
  } catch {
    return fail({ code: 'config-missing', message: `${file} cannot be read.`, next: 'Enter the site by hand.' })
  }
  if (unsafe) {
    const next = `Correct it (chmod 600), as ssh itself demands, and import again.`
    return fail({ code: 'config-unsafe', message: `${file} is not used: ${unsafe}.`, next })
  }
  const text = await readWhole(file)
  const ssh = options.ssh === undefined ? 'ssh' : options.ssh
  const usable =
    ssh !== null &&
    (await run(ssh, ['-V']).then(
      () => true,
      () => false,
    ))
  const resolve = usable && ssh !== null ? bySsh(ssh, options.file) : byParser(text)
  const hosts: ImportedHost[] = []
  for (const alias of aliases(text)) hosts.push(await importHost(alias, resolve))
  return ok(hosts)
}
