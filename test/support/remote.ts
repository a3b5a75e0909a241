/** Shared by the remote tests: a scratch folder, secrets from a table, and expected connections. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ConnectOptions, connect, type SshConnection } from '../../src-main/remote/connection.ts'
import { HostKeyDecision } from '../../src-main/remote/host-key.ts'
import type { HostAddress } from '../../src-main/remote/known-hosts.ts'
import { KnownHostsFiles } from '../../src-main/remote/known-hosts-files.ts'
import { Secret } from '../../src-main/remote/secret.ts'
import type { SecretRequest, SecretSource, SshAuth, SshTarget } from '../../src-main/remote/target.ts'
import type { Result } from '../../src-shared/result.ts'

/** A folder that is removed at the end of the scope. */
export async function scratch(): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'remote-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

/** Returns the same text for every secret of a kind, and null for other kinds. */
export function secrets(known: Partial<Record<SecretRequest['kind'], string>> = {}): SecretSource {
  return {
    find: async ({ kind }) => {
      const text = known[kind]
      return text === undefined ? null : new Secret(text)
    },
  }
}

export function target(server: HostAddress, user: string, auth: SshAuth, jumps: SshTarget['jumps'] = []): SshTarget {
  return { host: server.host, port: server.port, user, auth, jumps }
}

/** Accepts exactly these fingerprints. Each call starts with an empty known_hosts file. */
export function accepting(folder: string, ...fingerprints: string[]): HostKeyDecision {
  return new HostKeyDecision(new KnownHostsFiles(join(folder, 'known_hosts'), []), fingerprints)
}

export function must<T>(result: Result<T, { readonly code: string; readonly message: string }>): T {
  if (!result.ok) throw new Error(`${result.error.code}: ${result.error.message}`)
  return result.value
}

export function failureOf<E>(result: Result<unknown, E>): E {
  if (result.ok) throw new Error('this was to fail')
  return result.error
}

export async function mustConnect(options: ConnectOptions): Promise<SshConnection> {
  return must(await connect(options))
}
