/**
 * Secrets in the store of the operating system, by Electron's safeStorage. The file holds cipher text only, and beside
 * each the name of the store that made it. Where the system has no store worth the name (Chromium then uses a key that
 * everybody knows), nothing is written: secrets stay in memory, and `keeps` says so.
 */
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { z } from 'zod'
import type { Log } from '../ports/log.ts'
import { MemorySecrets, requestKey, type SecretStore } from '../ports/secrets.ts'
import { Secret } from '../remote/secret.ts'
import type { SecretRequest } from '../remote/target.ts'

/** What we use of Electron's safeStorage: the asynchronous half. */
export interface SafeStorage {
  isAsyncEncryptionAvailable(): Promise<boolean>
  encryptStringAsync(text: string): Promise<Buffer>
  decryptStringAsync(cipher: Buffer): Promise<{ readonly shouldReEncrypt: boolean; readonly result: string }>
  /** Linux only. */
  getSelectedStorageBackend(): string
}

export interface OpenSecrets {
  readonly safeStorage: SafeStorage
  readonly platform: string
  /** Holds the cipher texts; made 0600. */
  readonly file: string
  readonly log: Log
}

const request = z.union([
  z.strictObject({ kind: z.enum(['password', 'sudo']), host: z.string(), port: z.number(), user: z.string() }),
  z.strictObject({ kind: z.literal('passphrase'), keyFile: z.string() }),
])
const entry = z.object({ request, backend: z.string(), cipher: z.base64() })
const secretFile = z.object({ version: z.literal(1), secrets: z.record(z.string(), entry) })
type Entries = z.infer<typeof secretFile>['secrets']

/** Those that keep what they hold from other programs and people. `basic_text` and `unknown` do not. */
const worthy: ReadonlySet<string> = new Set(['darwin', 'win32', 'gnome_libsecret', 'kwallet', 'kwallet5', 'kwallet6'])

/** The store that safeStorage would use: the platform's, or on Linux whichever the desktop has. */
async function backendOf({ safeStorage, platform, log }: OpenSecrets): Promise<string | null> {
  try {
    if (!(await safeStorage.isAsyncEncryptionAvailable())) return null
    const backend = platform === 'linux' ? safeStorage.getSelectedStorageBackend() : platform
    return worthy.has(backend) ? backend : null
  } catch (error) {
    log.write('warning', 'secret store unavailable', { error })
    return null
  }
}

/** What names a secret, without what was only said on the occasion of asking. */
function bare(request: SecretRequest): Entries[string]['request'] {
  if (request.kind === 'passphrase') return { kind: request.kind, keyFile: request.keyFile }
  const { kind, host, port, user } = request
  return { kind, host, port, user }
}

class OsSecrets implements SecretStore {
  readonly keeps = 'os-store'
  readonly #options: OpenSecrets
  readonly #backend: string
  #entries: Entries

  constructor(options: OpenSecrets, backend: string) {
    this.#options = options
    this.#backend = backend
    this.#entries = this.#read()
  }

  /** Null also for what another store has encrypted, or what this one cannot read any more: then the person is asked. */
  async find(request: SecretRequest): Promise<Secret | null> {
    const key = requestKey(request)
    const kept = this.#entries[key]
    if (kept?.backend !== this.#backend) return null
    try {
      const { result, shouldReEncrypt } = await this.#options.safeStorage.decryptStringAsync(
        Buffer.from(kept.cipher, 'base64'),
      )
      const secret = new Secret(result)
      if (shouldReEncrypt) await this.save(request, secret)
      return secret
    } catch (error) {
      this.#options.log.write('warning', 'secret unreadable', { kind: request.kind, error })
      return null
    }
  }

  async save(request: SecretRequest, secret: Secret): Promise<void> {
    const cipher = await this.#options.safeStorage.encryptStringAsync(secret.expose())
    const entry = { request: bare(request), backend: this.#backend, cipher: cipher.toString('base64') }
    this.#write({ ...this.#entries, [requestKey(request)]: entry })
  }

  async forget(request: SecretRequest): Promise<void> {
    const { [requestKey(request)]: _gone, ...rest } = this.#entries
    this.#write(rest)
  }

  async list(): Promise<SecretRequest[]> {
    return Object.values(this.#entries)
      .filter(({ backend }) => backend === this.#backend)
      .map((kept) => kept.request)
  }

  /** A file that cannot be read or understood holds nothing that could be asked for again: it starts anew. */
  #read(): Entries {
    const { file, log } = this.#options
    if (!existsSync(file)) return {}
    try {
      return secretFile.parse(JSON.parse(readFileSync(file, 'utf8'))).secrets
    } catch (error) {
      log.write('warning', 'secret file unreadable', { error })
      return {}
    }
  }

  #write(secrets: Entries): void {
    const { file } = this.#options
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    const beside = `${file}.new`
    writeFileSync(beside, `${JSON.stringify({ version: 1, secrets })}\n`, { mode: 0o600 })
    chmodSync(beside, 0o600)
    renameSync(beside, file)
    this.#entries = secrets
  }
}

/** Call it when the application is ready: before that, safeStorage knows nothing. */
export async function openSecrets(options: OpenSecrets): Promise<SecretStore> {
  const backend = await backendOf(options)
  return backend === null ? new MemorySecrets() : new OsSecrets(options, backend)
}
