/**
 * Reads the hosts of the user's `~/.ssh/config`, to be shown and then kept as plain values. Keys are named, never read.
 * `ssh -G` says what each means where there is an ssh; else a parser does, which is tested against it.
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
  /** Why it cannot be used as it is; null when it can. */
  readonly problem: string | null
}

export interface SshConfigOptions {
  /** Default `~/.ssh/config`, with the system's configuration after it. */
  readonly file?: string
  /** The ssh program; null: do not use one. Default: `ssh` on PATH. */
  readonly ssh?: string | null
  /** Default: the home folder of who runs it. */
  readonly home?: string
  /** Milliseconds that ssh may take for one host. */
  readonly limit?: number
}

/** Programs at once: what a `Match exec` waits for is waited for side by side. */
const sideBySide = 8

type Resolve = (alias: string) => Promise<Settings>

const systemFolder =
  process.platform === 'win32' ? join(process.env.PROGRAMDATA ?? 'C:\\ProgramData', 'ssh') : '/etc/ssh'

/** `[user@]host[:port]`, or `ssh://…`, of which host may be an alias again. Null when it is neither. */
function jumpOf(text: string): { alias: string; user: string | null; port: number | null } | null {
  const match = /^(?:ssh:\/\/)?(?:([^@\s]+)@)?(?:\[([^\]]+)\]|([^:\s]+))(?::(\d{1,5}))?$/.exec(text.trim())
  const alias = match?.[2] ?? match?.[3]
  if (!alias || alias.startsWith('-')) return null
  return { alias, user: match?.[1] ?? null, port: match?.[4] ? Number(match[4]) : null }
}

/** The jump hosts of `proxyJump`, each with the jump hosts that it has itself before it. Throws where there is no end. */
async function jumpsOf(proxyJump: string | null, resolve: Resolve, home: string, depth = 0): Promise<ImportedHop[]> {
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
    if (settings.proxyCommand) return { ...host, problem: 'It is reached by a ProxyCommand, which is not supported.' }
    const checked = sshTarget.safeParse(targetOf(host))
    return checked.success ? host : { ...host, problem: 'Its host name, user or port is not usable.' }
  } catch (error) {
    const problem = `It cannot be resolved: ${(error as Error).message.split('\n')[0]}.`
    return { alias, host: alias, ...nowhere, problem }
  }
}

/** How a hop is logged in to: by the keys that are named for it, and by the agent's. */
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

/** An imported host as a target. */
export function targetOf(host: Pick<ImportedHost, 'jumps'> & ImportedHop): SshTarget {
  const hop = (one: ImportedHop) => ({ host: one.host, port: one.port, user: one.user, auth: authOf(one) })
  return { ...hop(host), jumps: host.jumps.map(hop) }
}

/** What stands in for ssh where there is none. @param exec runs what `Match exec` says; never given here. */
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

/** The hosts of an ssh configuration. Fails with `config-missing`, or `config-unsafe` where others could have written it. */
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
  // A jump host that many share is asked about once.
  const resolve: Resolve = (alias) => {
    const answer = asked.get(alias) ?? ask(alias)
    asked.set(alias, answer)
    return answer
  }
  const aliases = await aliasesIn(file, { folder: join(home, '.ssh'), home })
  return ok(await mapLimited(aliases, 4 * sideBySide, (alias) => importHost(alias, resolve, home)))
}
