import type { ConsoleContract } from '../../../src-shared/contract/index.ts'
import { ok } from '../../../src-shared/result.ts'
import type { NamespaceHandlers } from '../../../src-shared/rpc/handlers.ts'
import type { SecretStore } from '../../ports/secrets.ts'
import type { Services } from '../services.ts'

/** Where secrets are stored, in words. */
export function keepingWords({ keeps }: SecretStore): string {
  return keeps === 'os-store'
    ? 'Passwords and passphrases are stored encrypted by the operating system.'
    : 'This computer has no secret store: passwords and passphrases stay in memory, and are asked for again after the next start.'
}

export function appHandlers({ context, secrets, host }: Services): NamespaceHandlers<ConsoleContract['app']> {
  return {
    info: (_input, { role }) =>
      ok({
        name: host.name,
        version: host.version,
        platform: process.platform,
        host: host.kind,
        role,
        who: context.identity.who,
        secrets: { keeps: secrets.keeps, words: keepingWords(secrets) },
        dataFolder: host.dataFolder,
        demo: host.demo ? { site: host.demo.site, hints: [...host.demo.hints] } : null,
      }),
  }
}
