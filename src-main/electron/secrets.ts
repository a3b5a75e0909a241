/**
 * Secrets in the operating system's store, through Electron's safeStorage. The file holds only ciphertext, each with
 * the name of the backend that encrypted it. If the system has no secure backend (Chromium then uses a well-known key),
 * nothing is written: secrets stay in memory, and `keeps` says so.
 */
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { z } from 'zod'
import type { Log } from '../ports/log.ts'
import { MemorySecrets, requestKey, type SecretStore } from '../ports/secrets.ts'
import { Secret } from '../remote/secret.ts'
import type { SecretRequest } from '../remote/target.ts'

/** The part of Electron's safeStorage in use: its asynchronous half. */
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
  /** Holds the ciphertext; created with mode 0600. */
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

/** The secure backends, which protect secrets from other programs and users. `basic_text` and `unknown` do not. */
const secureBackends: ReadonlySet<string> = new Set([
  'darwin',
  'win32',
  'gnome_libsecret',
  'kwallet',
  'kwallet5',
  'kwallet6',
])

/** The backend that safeStorage would use: the platform's, or on Linux the desktop's. */
async function backendOf({ safeStorage, platform, log }: OpenSecrets): Promise<string | null> {
  try {
    if (!(await safeStorage.isAsyncEncryptionAvailable())) return null
    const backend = platform === 'linux' ? safeStorage.getSelectedStorageBackend() : platform
    return secureBackends.has(backend) ? backend : null
  } catch (error) {
    log.write('warning', 'secret store unavailable', { error })
    return null
  }
}

/** The part of a request that identifies the secret. */
function secretId(request: SecretRequest): Entries[string]['request'] {
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

  /** Also null if another backend encrypted it, or this one can no longer decrypt it: then the user is asked. */
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
    const entry = { request: secretId(request), backend: this.#backend, cipher: cipher.toString('base64') }
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

  /** Starts with an empty file if it cannot be read or parsed: the user can be asked for every secret again. */
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

/** Call when the application is ready; safeStorage does not work earlier. */
export async function openSecrets(options: OpenSecrets): Promise<SecretStore> {
  const backend = await backendOf(options)
  return backend === null ? new MemorySecrets() : new OsSecrets(options, backend)
}
