import type { ConsoleContract } from '../../../src-shared/contract/index.ts'
import { decodePath } from '../../../src-shared/domain/backup-path.ts'
import { commandsFor } from '../../../src-shared/domain/commands.ts'
import type { BackupEntry } from '../../../src-shared/domain/kit-backups.ts'
import { readFacts } from '../../../src-shared/domain/system-contents.ts'
import { ok } from '../../../src-shared/result.ts'
import { aborted, type NamespaceHandlers } from '../../../src-shared/rpc/handlers.ts'
import { deleteFiles } from '../../operations/delete-files.ts'
import { makeBackup } from '../../operations/make-backup.ts'
import { markBackup } from '../../operations/mark-backup.ts'
import { verifyBackups } from '../../operations/verify.ts'
import { onSite, type Services, siteOf } from '../services.ts'
import { throttle } from '../throttle.ts'
import { PACE } from './fleet-feed.ts'

const sameEntry = (one: BackupEntry, other: BackupEntry) => JSON.stringify(one) === JSON.stringify(other)

export function backupsHandlers(services: Services): NamespaceHandlers<ConsoleContract['backups']> {
  const { context, runner, fleet } = services

  const mark = (id: string, word: 'hold' | 'release', path: string, reason: string) =>
    onSite(
      services,
      id,
      async (site) => {
        const marked = await markBackup(context, site, word, path, reason)
        // Refresh the site, so that the list shows the change.
        if (marked.ok) await fleet.refreshAfter(site)
        return marked
      },
      (marked) => ({ path: marked }),
    )

  return {
    watch: async ({ site: id }, feed) => {
      const site = siteOf(services, id)
      if (!site.ok) return site
      const kept = context.store.inspections.latest(id)
      let lastSent = new Map(kept?.inspection.backups.map((entry) => [entry.path, entry]))
      let seenAt = kept?.at ?? null
      feed.snapshot({ at: seenAt, backups: [...lastSent.values()] })
      const gone = new AbortController()
      const changes = throttle<string>(PACE, context.log, () => {
        if (!context.store.sites.byId(id)) return gone.abort()
        const now = context.store.inspections.latest(id)
        if (!now || now.at === seenAt) return
        const before = lastSent
        lastSent = new Map(now.inspection.backups.map((entry) => [entry.path, entry]))
        seenAt = now.at
        const upsert = [...lastSent.values()].filter((entry) => {
          const old = before.get(entry.path)
          return !old || !sameEntry(old, entry)
        })
        const removed = [...before.keys()].filter((path) => !lastSent.has(path))
        feed.change({ at: seenAt, upsert, removed })
      })
      const unsubscribe = fleet.subscribe((changed) => {
        if (changed === id) changes.add(id)
      })
      const leave = fleet.watch(site.value)
      await aborted(AbortSignal.any([feed.signal, gone.signal]))
      leave()
      unsubscribe()
      changes.stop()
      return ok(null)
    },

    hold: ({ site, path, reason }) => mark(site, 'hold', path, reason),
    release: ({ site, path, reason }) => mark(site, 'release', path, reason),

    make: ({ site: id, kind }) =>
      onSite(
        services,
        id,
        (site) => makeBackup(context, runner, site, kind),
        (entry) => ({ operation: entry.id }),
      ),

    deleteFiles: ({ site: id, paths, reason }) =>
      onSite(
        services,
        id,
        (site) => deleteFiles(context, runner, site, paths, reason),
        (entry) => ({ operation: entry.id }),
      ),

    verify: ({ site: id, which }) =>
      onSite(
        services,
        id,
        (site) => {
          if (which.kind === 'all') return verifyBackups(context, runner, site, { which: 'all' })
          if (which.kind === 'last') return verifyBackups(context, runner, site, { which: 'last', count: which.count })
          return verifyBackups(context, runner, site, { which: 'named', backups: which.paths })
        },
        (entry) => ({ operation: entry.id }),
      ),
  }
}

/** As defined by the contract. */
function shownCommands(backup: BackupEntry) {
  const { commands, refusal } = commandsFor(backup)
  return { commands: [...commands], noCommands: refusal }
}

export function backupHandlers(services: Services): NamespaceHandlers<ConsoleContract['backup']> {
  const { context } = services
  return {
    show: ({ site: id, path }, { signal }) =>
      onSite(
        services,
        id,
        (site) =>
          context.links.use(site, ({ client }) => client.show(Buffer.from(decodePath(path)), signal), { signal }),
        ({ backup, fingerprint, archive, history }) => ({
          entry: backup,
          fingerprint,
          archive,
          history,
          ...shownCommands(backup),
        }),
      ),

    contents: ({ site: id, path }, { signal }) =>
      onSite(
        services,
        id,
        (site) =>
          context.links.use(site, ({ client }) => client.contents(Buffer.from(decodePath(path)), signal), { signal }),
        ({ facts, ...contents }) => ({ ...contents, facts: readFacts(facts) }),
      ),
  }
}
