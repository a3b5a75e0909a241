import type { ConsoleContract } from '../../../src-shared/contract/index.ts'
import { fail, ok } from '../../../src-shared/result.ts'
import { aborted, type NamespaceHandlers } from '../../../src-shared/rpc/handlers.ts'
import { requestKey } from '../../ports/secrets.ts'
import type { SecretRequest } from '../../remote/target.ts'
import { notFound } from '../failures.ts'
import { secretsOf } from '../prompts.ts'
import type { Services } from '../services.ts'

export function promptsHandlers({ context, prompts }: Services): NamespaceHandlers<ConsoleContract['prompts']> {
  const namesOf = (wanted: SecretRequest): string[] => {
    const key = requestKey(wanted)
    const needs = context.store.sites.list().filter((site) => secretsOf(site).some((one) => requestKey(one) === key))
    return needs.map(({ name }) => name)
  }
  return {
    watch: async (_input, feed) => {
      feed.snapshot({ prompts: prompts.list(namesOf) })
      const unsubscribe = prompts.subscribe(() => feed.change({ prompts: prompts.list(namesOf) }))
      await aborted(feed.signal)
      unsubscribe()
      return ok(null)
    },
    answer: async ({ requestId, secret }) => {
      return (await prompts.answer(requestId, secret)) ? ok({}) : fail(notFound('question; it may have expired'))
    },
  }
}
