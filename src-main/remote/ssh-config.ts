/**
 * Imports hosts from the user's `~/.ssh/config` as plain values. Keys are named, never read. `ssh -G` evaluates each
 * host if ssh is available; otherwise a parser that is tested against it.
 */
import { homedir, userInfo } from 'node:os'
import { join } from 'node:path'
import { type Failure, fail, ok, type Result } from '../../src-shared/result.ts'
import { mapLimited } from './limited.ts'
import { askSsh, isSsh } from './ssh-config-ask.ts'
import { aliasesIn, aliasPattern, distrust } from './ssh-config-files.ts'
import { type ConfigSource, computeHost } from './ssh-config-parser.ts'
import { defaultIdentityFiles, hopOf, type ImportedHop, type Settings, settingsOf } from './ssh-config-settings.ts'
import { type SshAuth, type SshTarget, sshTarget } from './target.ts'

export interface ImportedHost extends ImportedHop {
  readonly alias: string
  readonly jumps: readonly ImportedHop[]
  /** Why the host cannot be imported; null if it can. */
  readonly problem: string | null
}

export interface SshConfigOptions {
  /** Default `~/.ssh/config`, followed by the system's configuration. */
  readonly file?: string
  /** The ssh program; null: do not use one. Default: `ssh` on PATH. */
  readonly ssh?: string | null
  /** Default: the local user's home folder. */
  readonly home?: string
  /** Milliseconds that ssh may take for one host. */
  readonly limit?: number
}

/** Number of ssh processes in parallel, so that slow `Match exec` commands overlap. */
const sideBySide = 8

type Resolve = (alias: string) => Promise<Settings>

const systemFolder =
  process.platform === 'win32' ? join(process.env.PROGRAMDATA ?? 'C:\\ProgramData', 'ssh') : '/etc/ssh'

/** Parses `[user@]host[:port]` or `ssh://…`, where host may be an alias. Null if it is neither. */
function jumpOf(text: string): { alias: string; user: string | null; port: number | null } | null {
  const match = /^(?:ssh:\/\/)?(?:([^@\s]+)@)?(?:\[([^\]]+)\]|([^:\s]+))(?::(\d{1,5}))?$/.exec(text.trim())
  const alias = match?.[2] ?? match?.[3]
  if (!alias || alias.startsWith('-')) return null
  return { alias, user: match?.[1] ?? null, port: match?.[4] ? Number(match[4]) : null }
}

/** The jump hosts of `proxyJump`, each preceded by its own jump hosts. Throws if they form a loop. */
async function jumpsOf(proxyJump: string | null, resolve: Resolve, home: string, depth = 0): Promise<ImportedHop[]> {
  if (!proxyJump) return []
  if (depth > 8) throw new Error('its jump hosts form a loop')
  const hops: ImportedHop[] = []
  for (const [index, part] of proxyJump.split(',').entries()) {
    const jump = jumpOf(part)
    if (!jump) throw new Error(`its jump host ${part} is invalid`)
    const settings = aliasPattern.test(jump.alias)
      ? await resolve(jump.alias)
      : settingsOf(new Map([['hostname', [jump.alias]]]), jump.alias)
    // Like ssh, use the own jump hosts of the first host of a list only.
    if (index === 0) hops.push(...(await jumpsOf(settings.proxyJump, resolve, home, depth + 1)))
    const named = { ...settings, user: jump.user ?? settings.user, port: jump.port ?? settings.port }
    hops.push(await hopOf(named, home))
  }
  return hops
}

const nowhere = { port: 22, user: '', identityFiles: [], certificates: [], identitiesOnly: false, jumps: [] }

async function importHost(alias: string, resolve: Resolve, home: string): Promise<ImportedHost> {
  try {
    const settings = await resolve(alias)
    const hop = await hopOf(settings, home)
    const jumps = await jumpsOf(settings.proxyJump, resolve, home)
    const host = { alias, ...hop, jumps, problem: null }
    if (settings.proxyCommand) return { ...host, problem: 'It uses a ProxyCommand, which is not supported.' }
    const checked = sshTarget.safeParse(targetOf(host))
    return checked.success ? host : { ...host, problem: 'Its host name, user or port is invalid.' }
  } catch (error) {
    const problem = `It cannot be resolved: ${(error as Error).message.split('\n')[0]}.`
    return { alias, host: alias, ...nowhere, problem }
  }
}

/** How to log in to a hop: with its configured keys, and those of the agent. */
function authOf({ identityFiles, certificates, agentSocket, identitiesOnly }: ImportedHop): SshAuth {
  const agent = agentSocket === undefined ? {} : { agentSocket }
  const [keyFile, ...others] = identityFiles
  if (keyFile === undefined) return { method: 'agent', ...agent }
  return {
    method: 'key',
    keyFile,
    ...(others.length > 0 ? { others: others.slice(0, 15) } : {}),
    ...(certificates.length > 0 ? { certificates: certificates.slice(0, 16) } : {}),
    ...agent,
    ...(identitiesOnly ? {} : { agentToo: true }),
  }
}

/** Converts an imported host to a target. */
export function targetOf(host: Pick<ImportedHost, 'jumps'> & ImportedHop): SshTarget {
  const hop = (one: ImportedHop) => ({ host: one.host, port: one.port, user: one.user, auth: authOf(one) })
  return { ...hop(host), jumps: host.jumps.map(hop) }
}

/** Evaluates hosts without ssh. @param exec runs `Match exec` commands; not used in production. */
export function standIn(
  file: string | undefined,
  home: string,
  localUser: string,
  exec?: (command: string) => Promise<boolean>,
): Resolve {
  const folder = join(home, '.ssh')
  const own: ConfigSource = { file: file ?? join(folder, 'config'), folder, home }
  const system = { file: join(systemFolder, 'ssh_config'), folder: systemFolder, home, isOptional: true }
  const sources = file === undefined ? [own, system] : [own]
  return async (alias) => {
    const values = new Map(await computeHost({ sources, localUser, ...(exec ? { exec } : {}) }, alias))
    if (!values.has('identityfile')) values.set('identityfile', defaultIdentityFiles)
    return settingsOf(values, alias, localUser)
  }
}

/**
 * Imports the hosts of an ssh configuration. Fails with `config-missing`, or with `config-unsafe` if others could have
 * written it.
 */
export async function importSshConfig(options: SshConfigOptions = {}): Promise<Result<ImportedHost[], Failure>> {
  const home = options.home ?? homedir()
  const file = options.file ?? join(home, '.ssh', 'config')
  let unsafe: string | null
  try {
    unsafe = await distrust(file)
  } catch {
    return fail({ code: 'config-missing', message: `${file} cannot be read.`, next: 'Enter the site by hand.' })
  }
  if (unsafe) {
    const next = `Correct it (chmod 600), as ssh itself requires, then import again.`
    return fail({ code: 'config-unsafe', message: `${file} is not used: ${unsafe}.`, next })
  }
  const ssh = options.ssh === undefined ? 'ssh' : options.ssh
  const usable = ssh !== null && (await isSsh(ssh))
  const ask = usable
    ? askSsh({ ssh, file: options.file, limit: options.limit ?? 10_000, atOnce: sideBySide })
    : standIn(options.file, home, userInfo().username)
  const asked = new Map<string, Promise<Settings>>()
  // Evaluate a jump host that many hosts share only once.
  const resolve: Resolve = (alias) => {
    const answer = asked.get(alias) ?? ask(alias)
    asked.set(alias, answer)
    return answer
  }
  const aliases = await aliasesIn(file, { folder: join(home, '.ssh'), home })
  return ok(await mapLimited(aliases, 4 * sideBySide, (alias) => importHost(alias, resolve, home)))
}
