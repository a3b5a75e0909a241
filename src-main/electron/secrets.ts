/**
 * Secrets in the store of the operating system, by Electron's safeStorage. The file holds cipher text only, and beside
 * each the name of the store that made it. Where the system has no store worth the name (Chromium then uses a key that
 * everybody knows), nothing is written: secrets stay in memory, and `words` says so.
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

/** A store that says in words how long it keeps, for people to read. */
export interface TellingSecretStore extends SecretStore {
  readonly words: string
}

const entry = z.object({ backend: z.string(), cipher: z.base64() })
const secretFile = z.object({ version: z.literal(1), secrets: z.record(z.string(), entry) })
type Entries = z.infer<typeof secretFile>['secrets']

const names: Readonly<Record<string, string>> = {
  darwin: 'the keychain of macOS',
  win32: 'the data protection of Windows',
  gnome_libsecret: 'the keyring of the desktop',
  kwallet: 'KWallet',
  kwallet5: 'KWallet',
  kwallet6: 'KWallet',
}

/** The store that safeStorage would use: the platform's, or on Linux whichever the desktop has. */
async function backendOf({ safeStorage, platform, log }: OpenSecrets): Promise<string | null> {
  try {
    if (!(await safeStorage.isAsyncEncryptionAvailable())) return null
    const backend = platform === 'linux' ? safeStorage.getSelectedStorageBackend() : platform
    return backend in names ? backend : null
  } catch (error) {
    log.write('warning', 'secret store unavailable', { error })
    return null
  }
}

class OsSecrets implements TellingSecretStore {
  readonly keeps = 'os-store'
  readonly words: string
  readonly #options: OpenSecrets
  readonly #backend: string
  #entries: Entries

  constructor(options: OpenSecrets, backend: string) {
    this.#options = options
    this.#backend = backend
    this.words = `Passwords and passphrases are kept, encrypted by ${names[backend]}.`
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
    const entry = { backend: this.#backend, cipher: cipher.toString('base64') }
    this.#write({ ...this.#entries, [requestKey(request)]: entry })
  }

  async forget(request: SecretRequest): Promise<void> {
    const { [requestKey(request)]: _gone, ...rest } = this.#entries
    this.#write(rest)
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

class RefusingSecrets extends MemorySecrets implements TellingSecretStore {
  readonly words =
    'This desktop has no safe store for secrets: they stay in memory, and are gone when the console ends.'
}

/** Call it when the application is ready: before that, safeStorage knows nothing. */
export async function openSecrets(options: OpenSecrets): Promise<TellingSecretStore> {
  const backend = await backendOf(options)
  return backend === null ? new RefusingSecrets() : new OsSecrets(options, backend)
}
