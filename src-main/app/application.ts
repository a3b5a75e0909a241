/** The console as windows see it: serves the contract over any transport. */
import { randomUUID } from 'node:crypto'
import type { Role } from '../../src-shared/contract/define.ts'
import { type ConsoleContract, contract } from '../../src-shared/contract/index.ts'
import { type Failure, ok, type Result } from '../../src-shared/result.ts'
import type { Handlers } from '../../src-shared/rpc/handlers.ts'
import { serve } from '../../src-shared/rpc/serve.ts'
import type { Transport } from '../../src-shared/rpc/transport.ts'
import { Fleet, type Pace } from '../fleet/site-refresher.ts'
import type { Chooser } from '../ports/chooser.ts'
import type { SecretStore } from '../ports/secrets.ts'
import { Activity } from './activity.ts'
import { AppearanceSetting } from './appearance.ts'
import { type Console, createConsole, type Host } from './console.ts'
import { alertsHandlers } from './handlers/alerts.ts'
import { appHandlers } from './handlers/app.ts'
import { backupHandlers, backupsHandlers } from './handlers/backups.ts'
import { channelsHandlers } from './handlers/channels.ts'
import { operationHandlers, operationsHandlers } from './handlers/operations.ts'
import { policyHandlers } from './handlers/policy.ts'
import { promptsHandlers } from './handlers/prompts.ts'
import { restoreHandlers } from './handlers/restore.ts'
import { retentionHandlers } from './handlers/retention.ts'
import { scheduleHandlers } from './handlers/schedule.ts'
import { auditHandlers, settingsHandlers } from './handlers/settings.ts'
import { siteHandlers } from './handlers/site.ts'
import { sitesHandlers } from './handlers/sites.ts'
import { transfersHandlers } from './handlers/transfers.ts'
import { Lookout } from './lookout.ts'
import { Plans } from './plans.ts'
import { Prompts } from './prompts.ts'
import type { HostFacts, Services } from './services.ts'
import { FleetStanding } from './standing.ts'
import { Transfers } from './transfers.ts'

export interface ApplicationOptions extends Omit<Host, 'secrets'> {
  readonly secrets: SecretStore
  readonly host: Omit<HostFacts, 'dataFolder' | 'demo'>
  readonly pace?: Pace
  /** How people choose folders and files; null where windows are browsers. */
  readonly chooser?: Chooser | null
}

export interface Application extends AsyncDisposable {
  readonly console: Console
  readonly fleet: Fleet
  readonly standing: FleetStanding
  readonly appearance: AppearanceSetting
  readonly transfers: Transfers
  /** Serves a window until its transport closes or the returned function is called. */
  session(transport: Transport, role: Role): () => void
  /** Marks this console as the demo and gives windows hints for trying its site. */
  demo(facts: NonNullable<HostFacts['demo']>): void
  /** Number of operations that have not ended. */
  running(): number
}

/** Otherwise a whole fleet would open with as many prompts. */
const passwordNeeded: Failure = {
  code: 'password-needed',
  message: 'The login needs a password, which is not saved.',
  unchanged: 'The site was not contacted.',
  next: 'Connect, and enter the password.',
}

function handlersOf(services: Services): Handlers<ConsoleContract> {
  return {
    app: appHandlers(services),
    sites: sitesHandlers(services),
    site: siteHandlers(services),
    backups: backupsHandlers(services),
    backup: backupHandlers(services),
    restore: restoreHandlers(services),
    alerts: alertsHandlers(services),
    channels: channelsHandlers(services),
    schedule: scheduleHandlers(services),
    retention: retentionHandlers(services),
    policy: policyHandlers(services),
    operations: operationsHandlers(services),
    operation: operationHandlers(services),
    transfers: transfersHandlers(services),
    settings: settingsHandlers(services),
    audit: auditHandlers(services),
    prompts: promptsHandlers(services),
  }
}

/** Opens the store, resumes unfinished operations and starts refreshing sites. Fails as `createConsole` does. */
export function createApplication(options: ApplicationOptions): Result<Application> {
  const { secrets, clock, log, paths } = options
  const prompts = new Prompts(secrets, clock)
  const created = createConsole({ ...options, secrets: prompts })
  if (!created.ok) return created
  const { value: opened } = created
  const { context, runner, knownHosts } = opened
  const fleet = new Fleet(context, runner, options.pace, {
    precheck: async (site) => ((await prompts.lacks(site)) ? passwordNeeded : null),
    failed: (site, { code }) => void prompts.refused(site, code),
  })
  const activity = new Activity(context, runner, (id) => fleet.refreshState(id).failure === null)
  const lookout = new Lookout(context, fleet)
  const plans = new Plans(context)
  const appearance = new AppearanceSetting(context.store.settings)
  const transfers = new Transfers(context, paths.data, options.chooser ?? null, (site) => {
    void fleet.refreshAfter(site)
  })
  let demo: HostFacts['demo'] = null
  const host: HostFacts = {
    ...options.host,
    dataFolder: paths.data,
    get demo() {
      return demo
    },
  }
  const services: Services = {
    context,
    runner,
    knownHosts,
    fleet,
    activity,
    lookout,
    prompts,
    plans,
    transfers,
    secrets,
    appearance,
    host,
  }
  const handlers = handlersOf(services)
  const standing = new FleetStanding(services)
  runner.reattach()
  fleet.start()
  const sessions = new Set<() => void>()
  const incident = (error: unknown, path: string) => {
    const id = randomUUID()
    log.write('error', 'a call failed', { incident: id, path, error })
    return id
  }

  const session = (transport: Transport, role: Role) => {
    const end = serve({ contract, handlers, transport, role, incident, ended: () => sessions.delete(end) })
    sessions.add(end)
    return end
  }

  const dispose = async () => {
    for (const end of [...sessions]) end()
    prompts.close()
    plans.close()
    activity.close()
    lookout.close()
    await transfers.close()
    await fleet[Symbol.asyncDispose]()
    await opened[Symbol.asyncDispose]()
  }

  return ok({
    console: opened,
    fleet,
    standing,
    appearance,
    transfers,
    session,
    demo: (facts) => {
      demo = facts
    },
    running: () => context.store.operations.unfinished().length,
    [Symbol.asyncDispose]: dispose,
  })
}
