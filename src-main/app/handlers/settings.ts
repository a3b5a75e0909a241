import { access } from 'node:fs/promises'
import type { ConsoleContract } from '../../../src-shared/contract/index.ts'
import { fail, ok } from '../../../src-shared/result.ts'
import type { NamespaceHandlers } from '../../../src-shared/rpc/handlers.ts'
import { audit as record } from '../../operations/context.ts'
import { requestKey } from '../../ports/secrets.ts'
import { agentKeys, agentSocket } from '../../remote/agent.ts'
import { type HostAddress, hostLabel, matchesHost, parseHostLabel } from '../../remote/known-hosts.ts'
import type { ListedKey } from '../../remote/known-hosts-files.ts'
import type { SshHop } from '../../remote/target.ts'
import { notFound } from '../failures.ts'
import { aboutSecret } from '../prompts.ts'
import type { Services } from '../services.ts'
import { keepingWords } from './app.ts'

interface HopOfSite {
  readonly hop: SshHop
  readonly site: string
}

function hopsOf({ context }: Services): HopOfSite[] {
  return context.store.sites
    .list()
    .flatMap(({ name, target }) => [...target.jumps, target].map((hop) => ({ hop, site: name })))
}

/** A name that can be typed; of a hashed one only where a site has it. */
function nameOf(key: ListedKey, hops: readonly HopOfSite[]): string | null {
  const found = hops.find(({ hop }) => matchesHost(key.hosts, hop))
  if (found) return hostLabel(found.hop)
  const [first = ''] = key.hosts.split(',')
  return key.hosts.startsWith('|') || parseHostLabel(first) === null ? null : first
}

async function isThere(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  )
}

const notTyped = {
  code: 'not-confirmed',
  message: 'The typed host does not match.',
  unchanged: 'Nothing was forgotten.',
  next: 'Type the name of the host exactly as it is shown.',
}

export function settingsHandlers(services: Services): NamespaceHandlers<ConsoleContract['settings']> {
  const { context, knownHosts, secrets, appearance } = services
  return {
    appearance: () => ok(appearance.current),

    setAppearance: (change) => ok(appearance.change(change)),

    identities: async () => {
      const held = await agentKeys()
      const byFile = new Map<string, Set<string>>()
      for (const { hop, site } of hopsOf(services)) {
        if (hop.auth.method !== 'key') continue
        for (const file of [hop.auth.keyFile, ...(hop.auth.others ?? [])]) {
          byFile.set(file, (byFile.get(file) ?? new Set()).add(site))
        }
      }
      const files = [...byFile].map(async ([path, sites]) => ({
        path,
        sites: [...sites],
        present: await isThere(path),
      }))
      return ok({
        agent: {
          running: agentSocket() !== null && held.ok,
          problem: held.ok ? null : held.error.message,
          keys: held.ok ? held.value : [],
        },
        keyFiles: await Promise.all(files),
      })
    },

    knownHosts: async () => {
      const hops = hopsOf(services)
      const hosts = (await knownHosts.list()).map((key) => {
        const { type, fingerprint, marker, file, line, own } = key
        const sites = hops.filter(({ hop }) => matchesHost(key.hosts, hop)).map(({ site }) => site)
        return { host: nameOf(key, hops), type, fingerprint, marker, file, line, own, sites: [...new Set(sites)] }
      })
      return ok({ hosts })
    },

    forgetHost: async ({ host, confirm }) => {
      if (confirm !== host) return fail(notTyped)
      const address: HostAddress | null = parseHostLabel(host)
      const removed = address ? await knownHosts.forget(address) : 0
      if (!address || removed === 0) return fail(notFound('host among our own known hosts'))
      record(context, 'host key forgotten', { name: '' }, { outcome: 'succeeded', detail: { host } })
      for (const site of context.store.sites.list()) {
        const concerned = [...site.target.jumps, site.target].some((hop) => hostLabel(hop) === hostLabel(address))
        if (concerned) await context.links.close(site)
      }
      return ok({ removed })
    },

    secrets: async () => {
      const kept = (await secrets.list()).map((request) => {
        return { id: requestKey(request), kind: request.kind, about: aboutSecret(request) }
      })
      return ok({ keeps: secrets.keeps, words: keepingWords(secrets), kept })
    },

    forgetSecret: async ({ id }) => {
      const found = (await secrets.list()).find((request) => requestKey(request) === id)
      if (!found) return fail(notFound('secret'))
      await secrets.forget(found)
      record(context, 'secret forgotten', { name: '' }, { outcome: 'succeeded', detail: { about: aboutSecret(found) } })
      return ok({})
    },
  }
}

export function auditHandlers({ context }: Services): NamespaceHandlers<ConsoleContract['audit']> {
  return {
    list: ({ limit, before }) =>
      ok({ entries: context.store.audit.list(limit, before), chain: context.store.audit.verify() }),
  }
}
