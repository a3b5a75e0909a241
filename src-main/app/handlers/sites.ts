import type { WireFailure } from '../../../src-shared/contract/failure.ts'
import type { ConsoleContract } from '../../../src-shared/contract/index.ts'
import { type CheckStep, type CheckView, checkSteps, type InspectionFacts } from '../../../src-shared/contract/sites.ts'
import type { Inspection } from '../../../src-shared/domain/kit-site.ts'
import { titleOf } from '../../../src-shared/domain/operation-title.ts'
import { fail, ok } from '../../../src-shared/result.ts'
import type { NamespaceHandlers } from '../../../src-shared/rpc/handlers.ts'
import { addSite } from '../../operations/add-site.ts'
import { checkSite } from '../../operations/check-site.ts'
import { editSite, removeSite } from '../../operations/edit-site.ts'
import { linkKey } from '../../operations/links.ts'
import type { HostKeyFailure } from '../../remote/host-key.ts'
import { importSshConfig, targetOf } from '../../remote/ssh-config.ts'
import { hopName } from '../../remote/target.ts'
import { forWindow, noSuchSite } from '../failures.ts'
import { answered, onSite, type Services, siteOf } from '../services.ts'
import { feedFleet } from './fleet-feed.ts'

const titles: Readonly<Record<CheckStep['step'], string>> = {
  reach: 'Reach the server',
  'host-key': 'Host key',
  login: 'Login',
  rights: 'Permissions',
  layout: 'CVD installation',
  policy: 'Health check',
}

/** An inspection without its backups. */
export function factsOf({ backups: _, ...facts }: Inspection): InspectionFacts {
  return facts
}

function undecided(): CheckView {
  const steps = checkSteps.map((step): CheckStep => {
    return { step, title: titles[step], state: 'waiting', evidence: '', fix: '' }
  })
  return { steps, running: true, passed: false, failure: null, hostKey: null, found: null }
}

function shownKey(failure: HostKeyFailure): CheckView['hostKey'] {
  const { known, ...key } = failure.hostKey
  const states = {
    'host-key-unknown': 'unknown',
    'host-key-changed': 'changed',
    'host-key-revoked': 'revoked',
  } as const
  return { ...key, known: [...known], state: states[failure.code] }
}

/** Nobody would learn how it ends. */
function stillRuns(site: string, command: string): WireFailure {
  return {
    code: 'busy',
    message: `“${titleOf(command)}” is still running on ${site}; nobody would learn how it ends.`,
    unchanged: 'Nothing was changed; the site is still here.',
    next: 'Wait until it has ended, or cancel it. Then remove the site.',
  }
}

export function sitesHandlers(services: Services): NamespaceHandlers<ConsoleContract['sites']> {
  const { context, runner, fleet, prompts } = services
  return {
    watch: (_input, feed) => feedFleet(services, feed),

    check: async (input, feed) => {
      const site = input.site === undefined ? null : context.store.sites.byId(input.site)
      if (input.site !== undefined && !site) return fail(noSuchSite)
      prompts.unblock(input)
      let { steps } = undecided()
      feed.snapshot(undecided())
      const report = ({ step, ...found }: Omit<CheckStep, 'title'>) => {
        steps = steps.map((one) => (one.step === step ? { ...one, ...found } : one))
        feed.change({ steps })
      }
      const checked = await checkSite(context, { ...input, policy: present(input.policy), site }, report, feed.signal)
      if (checked.ok) {
        const passed = steps.every(({ state }) => state === 'passed' || state === 'warning')
        feed.change({ running: false, passed, found: factsOf(checked.value) })
        return ok(null)
      }
      const { error } = checked
      await prompts.refused(input, error.code)
      const hostKey = 'hostKey' in error ? shownKey(error as HostKeyFailure) : null
      feed.change({ running: false, failure: forWindow(error), hostKey })
      return ok(null)
    },

    add: async ({ colour, policy, ...input }) => {
      prompts.unblock(input)
      const wanted = { ...input, policy: present(policy), ...(colour ? { colour } : {}) }
      const added = await addSite(context, wanted)
      if (added.ok) fleet.seen(added.value.site)
      else await prompts.refused(input, added.error.code)
      return answered(added, ({ site }) => ({ site: site.id }))
    },

    edit: ({ site: id, policy, accept, ...changes }) =>
      onSite(
        services,
        id,
        async (site) => {
          const edited = await editSite(context, site, { ...present(changes), policy: present(policy), accept })
          if (edited.ok) fleet.changed(site.id)
          const now = context.store.sites.byId(site.id)
          if (edited.ok && edited.value.inspection && now) fleet.seen(now)
          return edited
        },
        () => ({ site: id }),
      ),

    remove: ({ site: id, confirm }) => {
      const site = siteOf(services, id)
      if (!site.ok) return site
      const open = context.store.operations
        .unfinished()
        .find(({ id: one, siteId }) => siteId === id && runner.isFollowing(one))
      if (open) return fail(stillRuns(site.value.name, open.command))
      const refused = removeSite(context, site.value, confirm)
      if (refused) return fail(forWindow(refused))
      fleet.changed(id)
      return ok({})
    },

    importable: async () => {
      const known = new Map(context.store.sites.list().map((site) => [linkKey(site), site.name]))
      return answered(await importSshConfig(), (hosts) => ({
        hosts: hosts.map((host) => {
          const target = targetOf(host)
          const { alias, problem } = host
          const usable = problem === null ? target : null
          return {
            alias,
            problem,
            address: hopName(target),
            target: usable,
            known: known.get(linkKey({ target })) ?? null,
          }
        }),
      }))
    },
  }
}

type Present<T> = { [K in keyof T]: Exclude<T[K], undefined> }

/** Drops the undefined members. */
function present<T extends object>(value: T): Present<T> {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as Present<T>
}
