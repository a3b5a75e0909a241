/** The options for where a site is and how to log in. */
import { resolve } from 'node:path'
import { type Failure, fail, ok, type Result } from '../../src-shared/result.ts'
import { type SshAuth, type SshTarget, type SudoMode, sshTarget, sudoMode } from '../remote/target.ts'

export interface TargetOptions {
  readonly host?: string
  readonly port?: string
  readonly user?: string
  readonly key?: string
  readonly agent?: boolean
  readonly passwordStdin?: boolean
  readonly password?: boolean
  readonly jump?: readonly string[]
  readonly sudo?: string
}

export function usage(message: string, next = 'See --help.'): Failure {
  return { code: 'usage', message, unchanged: 'Nothing was changed.', next }
}

/** Undefined if no login method was given. Combined with another method, `--password-stdin` gives sudo's password. */
function authOf(options: TargetOptions): Result<SshAuth | undefined> {
  const { key, agent, password, passwordStdin } = options
  const named = [key !== undefined, agent === true, password === true].filter(Boolean).length
  if (named > 1) return fail(usage('Choose one of --key, --agent and --password.'))
  if (key !== undefined) return ok({ method: 'key', keyFile: resolve(key) })
  if (agent) return ok({ method: 'agent' })
  return ok(password || passwordStdin ? { method: 'password' } : undefined)
}

/** `[user@]host[:port]`, with an IPv6 address in brackets. */
function parseHop(words: string, user: string, auth: SshAuth): unknown {
  const match = /^(?:([^@\s]+)@)?(?:\[([^\]]+)\]|([^:\s]+))(?::(\d+))?$/.exec(words)
  if (!match) return null
  return { host: match[2] ?? match[3], port: Number(match[4] ?? 22), user: match[1] ?? user, auth }
}

function problemOf(error: { issues: readonly { path: PropertyKey[]; message: string }[] }): Failure {
  const [issue] = error.issues
  return usage(`${issue?.path.join(' ') ?? 'target'}: ${issue?.message ?? 'not usable'}`)
}

/** Builds the target from the options. Missing options are taken from `before`, if given. */
export function targetOf(options: TargetOptions, before?: SshTarget): Result<SshTarget> {
  const given = authOf(options)
  if (!given.ok) return given
  const auth =
    (before && options.key === undefined && !options.agent && !options.password ? before.auth : null) ?? given.value
  if (!auth) return fail(usage('No login method was given: use --key FILE, --agent, --password or --password-stdin.'))
  const user = options.user ?? before?.user
  const jumps = options.jump
    ?.flatMap((words) => words.split(','))
    .map((words) => parseHop(words, user ?? '', auth.method === 'password' ? { method: 'agent' } : auth))
  const parsed = sshTarget.safeParse({
    host: options.host ?? before?.host,
    port: options.port === undefined ? (before?.port ?? 22) : Number(options.port),
    user,
    auth,
    jumps: jumps ?? before?.jumps ?? [],
  })
  return parsed.success ? ok(parsed.data) : fail(problemOf(parsed.error))
}

export function sudoOf(options: TargetOptions, before: SudoMode): Result<SudoMode> {
  const parsed = sudoMode.safeParse(options.sudo ?? before)
  return parsed.success ? ok(parsed.data) : fail(usage('--sudo must be none, passwordless or password.'))
}
