/** The kit as functions. Every answer is validated against the protocol. */
import type { z } from 'zod'
import type { AlertEntry, AlertReport } from '../../src-shared/domain/alerts.ts'
import {
  type ChannelForm,
  type ChannelReport,
  type ChannelTest,
  channelReport,
  channelTest,
} from '../../src-shared/domain/channels.ts'
import type { FileDifferences } from '../../src-shared/domain/file-differences.ts'
import type { BackupEntry, ShownBackup } from '../../src-shared/domain/kit-backups.ts'
import { type KitCommandName, kitCommands } from '../../src-shared/domain/kit-commands.ts'
import { KIT_PROTOCOL_VERSION, type KitEvent, type KitResult } from '../../src-shared/domain/kit-protocol.ts'
import type { BackupMoment, RestorePlan } from '../../src-shared/domain/kit-restore.ts'
import type { HealthAnswer, Inspection, OperationEntry, PolicyAnswer } from '../../src-shared/domain/kit-site.ts'
import type { RestorablePart, SitePart } from '../../src-shared/domain/restored-parts.ts'
import type { RotationReport } from '../../src-shared/domain/retention.ts'
import type { ScheduleReport } from '../../src-shared/domain/schedule.ts'
import type { SystemContents } from '../../src-shared/domain/system-contents.ts'
import type { DownloadReport, UploadReport } from '../../src-shared/domain/transfer.ts'
import { type Failure, fail, ok, type Result } from '../../src-shared/result.ts'
import type { SshConnection } from '../remote/connection.ts'
import type { Privilege } from '../remote/sudo.ts'
import type { Kit } from './assemble.ts'
import { type FileBytes, type KitAnswer, type KitFailure, runKit } from './channel.ts'

export interface KitClientOptions {
  readonly connection: SshConnection
  readonly privilege: Privilege
  readonly kit: Kit
  /** The user, for the server's audit. */
  readonly who: string
}

/** The kit's own refusal or failure, or why there is no answer. `data` comes from the kit's result. */
export interface KitError extends Failure {
  readonly data?: unknown
}

/** Receives events of an operation. `offset` is where `follow` continues after this event. */
export interface Listener {
  onEvent(event: KitEvent, offset: number): void
  readonly signal?: AbortSignal
}

/** Text, or bytes for a server path that is not text. */
export type KitWord = string | Buffer

/** What a plan is for: a backup by its path, or the newest one that is not later than a moment. */
export type PlanTarget = {
  readonly part: RestorablePart
  /** Of a system backup, only these; otherwise all that it holds. */
  readonly parts?: readonly SitePart[]
  /** USER:GROUP that is to own the CVD data on a server without the site. */
  readonly owner?: string
  /** Only these files of the configuration. */
  readonly only?: readonly KitWord[]
  readonly keepVenv?: boolean
  readonly rebuildVenv?: boolean
} & ({ readonly backup: KitWord } | { readonly at: string })

export interface OperationStart {
  /** Command and arguments. */
  readonly request: readonly KitWord[]
  readonly reason: string
  /** Identifies the operation if the link breaks before the server has reported its id. */
  readonly token: string
}

/** Converts an unsuccessful result to a failure, with the kit's own message. */
export function resultFailure(result: KitResult): KitError {
  const { code, message, unchanged, next, data } = result
  return { code, message, unchanged, next, data }
}

function otherProtocol(version: number): Failure {
  return {
    code: 'protocol',
    message: `The server answers in protocol version ${version}; this console speaks version ${KIT_PROTOCOL_VERSION}.`,
    unchanged: 'The answer was not used.',
    next: 'Use a console of the version that started the operation.',
  }
}

function notUnderstood(command: string, error: z.ZodError): Failure {
  const issue = error.issues[0]
  const where = issue ? ` (${issue.path.join('.')}: ${issue.message})` : ''
  return {
    code: 'protocol',
    message: `The server's answer to ${command} does not follow the protocol${where}.`,
    next: 'Report this with the version of the console.',
  }
}

function planOptions({ parts, owner, only = [], keepVenv, rebuildVenv }: PlanTarget): readonly KitWord[] {
  return [
    ...(parts === undefined ? [] : ['--parts', parts.join(',')]),
    ...(owner === undefined ? [] : ['--owner', owner]),
    ...(keepVenv ? ['--keep-venv'] : []),
    ...(rebuildVenv ? ['--rebuild-venv'] : []),
    ...only.flatMap((path) => ['--only', path]),
  ]
}

export class KitClient {
  readonly #options: KitClientOptions

  constructor(options: KitClientOptions) {
    this.#options = options
  }

  /** @param root inspects this CVD root instead of the one in the server's policy. */
  inspect(signal?: AbortSignal, root?: string): Promise<Result<Inspection, KitError>> {
    return this.#ask('inspect', [], signal, root === undefined ? [] : ['--root', root])
  }

  /** Returns the plan even if it says that the restore is not possible. `onEvent` gets its progress. */
  async plan(
    target: PlanTarget,
    signal?: AbortSignal,
    onEvent?: (event: KitEvent) => void,
  ): Promise<Result<RestorePlan, KitError>> {
    const meant = 'at' in target ? ['--at', target.at] : [target.backup]
    const args = ['plan', 'restore', target.part, ...meant, ...planOptions(target)]
    const answer = await this.#run(args, [], signal, onEvent)
    if (!answer.ok) return answer
    const plan = kitCommands.plan.report.safeParse(answer.value.result.data)
    if (plan.success) return ok(plan.data)
    const { result } = answer.value
    return result.outcome === 'succeeded' ? fail(notUnderstood('plan', plan.error)) : fail(resultFailure(result))
  }

  /** Which backup of a kind a moment means. `time` as for `--at`. */
  moment(kind: BackupEntry['kind'], time: string, signal?: AbortSignal): Promise<Result<BackupMoment, KitError>> {
    return this.#ask('moment', [kind, time], signal)
  }

  /** How one file differs from the one in a backup. `path`: below the folder of the part. */
  differences(
    part: 'application' | 'config',
    backup: KitWord,
    path: KitWord,
    showSecrets: boolean,
    signal?: AbortSignal,
  ): Promise<Result<FileDifferences, KitError>> {
    return this.#ask('differences', [part, backup, path, ...(showSecrets ? ['--show-secrets'] : [])], signal)
  }

  /** The records of one backup. */
  show(backup: KitWord, signal?: AbortSignal): Promise<Result<ShownBackup, KitError>> {
    return this.#ask('show', [backup], signal)
  }

  /** What is in a system backup; reads all of it. */
  contents(backup: KitWord, signal?: AbortSignal): Promise<Result<SystemContents, KitError>> {
    return this.#ask('contents', [backup], signal)
  }

  /** Newest first. */
  operations(limit: number, signal?: AbortSignal): Promise<Result<OperationEntry[], KitError>> {
    return this.#operations(['--limit', String(limit)], signal)
  }

  /** Finds an operation by id or by its token; null if the server has none. */
  async operation(
    by: { readonly id: string } | { readonly token: string },
    signal?: AbortSignal,
  ): Promise<Result<OperationEntry | null, KitError>> {
    const search = 'id' in by ? ['--id', by.id] : ['--limit', '1', '--token', by.token]
    const found = await this.#operations(search, signal)
    return found.ok ? ok(found.value[0] ?? null) : found
  }

  async #operations(options: readonly string[], signal?: AbortSignal): Promise<Result<OperationEntry[], KitError>> {
    const answer = await this.#ask('operations', options, signal)
    return answer.ok ? ok(answer.value.operations) : answer
  }

  /** Returns when the operation has stopped, or when the kit gives up waiting. */
  async cancel(operation: string, signal?: AbortSignal): Promise<Result<OperationEntry, KitError>> {
    const answer = await this.#ask('cancel', [operation], signal)
    return answer.ok ? ok(answer.value.operation) : answer
  }

  /**
   * Applies the changes, all or none, and returns the site's policy with what is known about it; without changes, as it is. `expect`
   * refuses with code `conflict` if it has another version by now.
   */
  policy(
    changes: Readonly<Record<string, string>> = {},
    options: { readonly expect?: string; readonly reason?: string } = {},
  ): Promise<Result<PolicyAnswer, KitError>> {
    const { expect, reason = '' } = options
    const pairs = Object.entries(changes).map(([key, value]) => `${key}=${value}`)
    const words = [...(expect === undefined ? [] : ['--expect', expect]), ...pairs]
    return this.#ask('policy', words, undefined, reason === '' ? [] : ['--reason', reason])
  }

  /** Probes the site's health in this way. Changes nothing. */
  async tryHealth(health: string, signal?: AbortSignal): Promise<Result<HealthAnswer | null, KitError>> {
    const answer = await this.#ask('policy', ['--try', `health=${health}`], signal)
    return answer.ok ? ok(answer.value.probe) : answer
  }

  /** What runs by itself, and when. */
  schedule(signal?: AbortSignal): Promise<Result<ScheduleReport, KitError>> {
    return this.#ask('schedule', [], signal)
  }

  /** What is wrong, as the last monitoring found it. */
  alerts(signal?: AbortSignal): Promise<Result<AlertReport, KitError>> {
    return this.#ask('alerts', [], signal)
  }

  /** Says that somebody takes care of an alert, or that nobody does any more. Returns the alert. */
  acknowledge(
    alert: string,
    wanted: { readonly reason: string; readonly until?: string } | { readonly withdraw: true },
  ): Promise<Result<AlertEntry, KitError>> {
    if ('withdraw' in wanted) return this.#ask('acknowledge', [alert, '--withdraw'])
    const until = wanted.until === undefined ? [] : ['--until', wanted.until]
    return this.#ask('acknowledge', [alert, ...until], undefined, ['--reason', wanted.reason])
  }

  /** How alerts leave the server, without secrets. */
  channels(signal?: AbortSignal): Promise<Result<ChannelReport, KitError>> {
    return this.#ask('channels', [], signal)
  }

  /** Sets a channel and returns all. What is not given stays; an empty value is taken away. */
  setChannel(
    name: string,
    form: ChannelForm,
    values: Readonly<Record<string, string>>,
  ): Promise<Result<ChannelReport, KitError>> {
    return this.#changeChannel(['set', name, form, ...Object.entries(values).map(([key, value]) => `${key}=${value}`)])
  }

  removeChannel(name: string): Promise<Result<ChannelReport, KitError>> {
    return this.#changeChannel(['remove', name])
  }

  async #changeChannel(words: readonly string[]): Promise<Result<ChannelReport, KitError>> {
    const answer = await this.#ask('channel', words)
    if (!answer.ok) return answer
    const parsed = channelReport.safeParse(answer.value)
    return parsed.success ? ok(parsed.data) : fail(notUnderstood('channel', parsed.error))
  }

  /** Sends a test message. That it did not leave is an answer, not a failure. */
  async testChannel(name: string, signal?: AbortSignal): Promise<Result<ChannelTest, KitError>> {
    const answer = await this.#run(['channel', 'test', name], [], signal)
    if (!answer.ok) return answer
    const parsed = channelTest.safeParse(answer.value.result.data)
    if (parsed.success) return ok(parsed.data)
    const { result } = answer.value
    return result.outcome === 'succeeded' ? fail(notUnderstood('channel', parsed.error)) : fail(resultFailure(result))
  }

  /** Holds a backup, so that rotation keeps it, or releases it. Returns the backup's path. */
  async mark(mark: 'hold' | 'release', backup: KitWord, reason: string): Promise<Result<string, KitError>> {
    const answer = await this.#ask(mark, [backup], undefined, reason === '' ? [] : ['--reason', reason])
    return answer.ok ? ok(answer.value.path) : answer
  }

  /** What a rotation would delete and keep, and why. Changes nothing. */
  rotation(signal?: AbortSignal): Promise<Result<RotationReport, KitError>> {
    return this.#ask('rotate', ['--dry-run'], signal)
  }

  /** Passes the bytes of a backup on, from an offset. A lost link is a failure `link-lost`. */
  async download(
    backup: KitWord,
    from: number,
    file: FileBytes,
    signal?: AbortSignal,
  ): Promise<Result<DownloadReport, KitError>> {
    const answer = await this.#run(['download', backup, '--from', String(from)], [], signal, undefined, file)
    return this.#report('download', answer)
  }

  /** Adds a backup whose bytes `file` sends once the kit says from where on. */
  async upload(
    words: readonly KitWord[],
    file: FileBytes,
    signal?: AbortSignal,
    onEvent?: (event: KitEvent) => void,
  ): Promise<Result<UploadReport, KitError>> {
    return this.#report('upload', await this.#run(['upload', ...words], [], signal, onEvent, file))
  }

  /**
   * Starts an operation and follows it to its result. It goes on when the listener leaves. An unsuccessful result is
   * also an answer, not a failure.
   */
  start(start: OperationStart, listener: Listener): Promise<Result<KitAnswer, KitFailure>> {
    const options = ['--token', start.token, ...(start.reason === '' ? [] : ['--reason', start.reason])]
    return this.#listen([...options, ...start.request], 0, listener)
  }

  /** Follows an operation from a byte offset. */
  follow(operation: string, offset: number, listener: Listener): Promise<Result<KitAnswer, KitFailure>> {
    return this.#listen(['follow', operation, '--from', String(offset)], offset, listener)
  }

  async #listen(args: KitWord[], base: number, listener: Listener): Promise<Result<KitAnswer, KitFailure>> {
    const stop = new AbortController()
    let wrong: Failure | null = null
    const signal = listener.signal ? AbortSignal.any([listener.signal, stop.signal]) : stop.signal
    const answer = await runKit({
      ...this.#base(args),
      signal,
      onEvent: (event, offset) => {
        if (event.kind === 'hello' && event.v !== KIT_PROTOCOL_VERSION) {
          wrong = otherProtocol(event.v)
          stop.abort()
        }
        if (!wrong) listener.onEvent(event, base + offset)
      },
    })
    if (wrong === null) return answer
    const { operation, offset } = answer.ok ? answer.value : answer.error
    return fail({ ...(wrong as Failure), operation, offset, stderr: '' })
  }

  async #ask<Name extends KitCommandName>(
    command: Name,
    args: readonly KitWord[],
    signal?: AbortSignal,
    options: readonly string[] = [],
  ): Promise<Result<z.infer<(typeof kitCommands)[Name]['report']>, KitError>> {
    return this.#report(command, await this.#run([command, ...args], options, signal))
  }

  #report<Name extends KitCommandName>(
    command: Name,
    answer: Result<KitAnswer, KitError>,
  ): Result<z.infer<(typeof kitCommands)[Name]['report']>, KitError> {
    if (!answer.ok) return answer
    const { result } = answer.value
    if (result.outcome !== 'succeeded') return fail(resultFailure(result))
    const parsed = kitCommands[command].report.safeParse(result.data)
    return parsed.success
      ? ok(parsed.data as z.infer<(typeof kitCommands)[Name]['report']>)
      : fail(notUnderstood(command, parsed.error))
  }

  async #run(
    args: KitWord[],
    options: readonly string[],
    signal?: AbortSignal,
    onEvent?: (event: KitEvent) => void,
    file?: FileBytes,
  ): Promise<Result<KitAnswer, KitError>> {
    let version = KIT_PROTOCOL_VERSION
    const answer = await runKit({
      ...this.#base([...options, ...args]),
      ...(signal ? { signal } : {}),
      ...(file ? { file } : {}),
      onEvent: (event) => {
        if (event.kind === 'hello') version = event.v
        onEvent?.(event)
      },
    })
    return answer.ok && version !== KIT_PROTOCOL_VERSION ? fail(otherProtocol(version)) : answer
  }

  #base(args: readonly KitWord[]) {
    const { connection, privilege, kit, who } = this.#options
    return { connection, privilege, kit, args: ['--events', '--who', who, ...args] }
  }
}
