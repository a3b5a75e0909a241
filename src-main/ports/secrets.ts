/** Where secrets come from and may be stored. Nothing here writes one to a file, a log or the environment. */
import type { Secret } from '../remote/secret.ts'
import type { LoginQuestion, SecretRequest, SecretSource } from '../remote/target.ts'

/** Stores secrets. `keeps` says for how long: in the OS store, or while this program runs. */
export interface SecretStore extends SecretSource {
  readonly keeps: 'os-store' | 'this-run'
  save(request: SecretRequest, secret: Secret): Promise<void>
  forget(request: SecretRequest): Promise<void>
  /** The stored requests, without the secrets. */
  list(): Promise<SecretRequest[]>
}

/** Equal for requests of the same secret. */
export function requestKey(request: SecretRequest): string {
  if (request.kind === 'passphrase') return JSON.stringify([request.kind, request.keyFile])
  return JSON.stringify([request.kind, request.user, request.host.toLowerCase(), request.port])
}

/** Keeps secrets in memory, for this run only. */
export class MemorySecrets implements SecretStore {
  readonly keeps = 'this-run'
  readonly #secrets = new Map<string, { readonly request: SecretRequest; readonly secret: Secret }>()

  async find(request: SecretRequest): Promise<Secret | null> {
    return this.#secrets.get(requestKey(request))?.secret ?? null
  }

  async save(request: SecretRequest, secret: Secret): Promise<void> {
    this.#secrets.set(requestKey(request), { request, secret })
  }

  async forget(request: SecretRequest): Promise<void> {
    this.#secrets.delete(requestKey(request))
  }

  async list(): Promise<SecretRequest[]> {
    return [...this.#secrets.values()].map(({ request }) => request)
  }
}

/** Looks in the store first, then asks the user and stores the answer. */
export function askingSecrets(
  store: SecretStore,
  ask: (request: SecretRequest) => Promise<Secret | null>,
  answer?: (question: LoginQuestion) => Promise<Secret | null>,
): SecretSource {
  return {
    ...(answer ? { ask: answer } : {}),
    async find(request) {
      const kept = await store.find(request)
      if (kept) return kept
      const given = await ask(request)
      if (given) await store.save(request, given)
      return given
    },
  }
}
