/** Checks the connection to a site step by step without storing anything, before a site is added or changed. */
import type { HealthAnswer, Inspection } from '../../src-shared/domain/kit-site.ts'
import { type Failure, fail, ok, type Result } from '../../src-shared/result.ts'
import { NOT_CONNECTED } from '../remote/identities.ts'
import type { Site } from '../store/sites.ts'
import { noLayout, type SitePolicy, sameMachine } from './add-site.ts'
import type { Context } from './context.ts'
import { wrongSite } from './inspect.ts'
import type { KitLink, SiteAddress } from './links.ts'

export type CheckStepName = 'reach' | 'host-key' | 'login' | 'rights' | 'layout' | 'policy'

/** The state of one step. Steps not reported yet are pending; `skipped` was not run, because an earlier step failed. */
export interface CheckedStep {
  readonly step: CheckStepName
  readonly state: 'running' | 'passed' | 'warning' | 'failed' | 'skipped'
  readonly evidence: string
  readonly fix: string
}

export interface SiteCheck extends SiteAddress {
  readonly policy: SitePolicy
  readonly accept: readonly string[]
  /** The existing site that is being changed; null for a new one. */
  readonly site: Site | null
}

type Report = (step: CheckedStep) => void

const plain = (step: CheckStepName, state: CheckedStep['state'], evidence = '', fix = ''): CheckedStep => {
  return { step, state, evidence, fix }
}

/** The step in which connecting failed. */
function stepOf(code: string): CheckStepName {
  if (code.startsWith('host-key-')) return 'host-key'
  return code.startsWith('key-') || code.startsWith('auth-') ? 'login' : 'reach'
}

const order: readonly CheckStepName[] = ['reach', 'host-key', 'login', 'rights', 'layout', 'policy']
const connectSteps: readonly CheckStepName[] = ['reach', 'host-key', 'login']

function reportConnectFailure(report: Report, failure: Failure): void {
  const failed = connectSteps.indexOf(stepOf(failure.code))
  // A key that is unreadable or not at hand is found before anything is sent.
  const sent = !failure.code.startsWith('key-') && failure.unchanged !== NOT_CONNECTED
  for (const step of connectSteps.slice(0, failed)) report(plain(step, sent ? 'passed' : 'skipped'))
  report(plain(connectSteps[failed] ?? 'reach', 'failed', failure.message, failure.next))
}

function rightsStep({ host }: Inspection): CheckedStep {
  const { readDatabase, writeBackups, controlServices, keepState } = host.rights
  const lacking = [
    readDatabase ? '' : 'read the database',
    writeBackups ? '' : 'write backups',
    controlServices ? '' : 'stop and start the service',
    keepState ? '' : 'keep state',
  ].filter((words) => words !== '')
  if (lacking.length === 0) return plain('rights', 'passed', `${host.login} has all permissions.`)
  const evidence = `${host.login} cannot ${lacking.join(', ')}.`
  return plain('rights', 'warning', evidence, 'Log in as root, or choose sudo. Until then the site can only be viewed.')
}

function policyStep({ services }: Inspection, health: HealthAnswer, given: boolean): CheckedStep {
  const managed = services.map(({ name, state }) => `${name} is ${state}`).join(', ')
  const evidence = `${sentence(health.words)}; ${managed}.`
  if (health.healthy) return plain('policy', 'passed', evidence)
  const fix = given
    ? 'Correct the URL. If it is right and the site is down, continue: it is requested again before every restore.'
    : 'Enter a health check URL: without an answer, no restore can be verified.'
  return plain('policy', 'warning', evidence, fix)
}

/** Capitalises a sentence, unless it begins with an address. */
const sentence = (words: string) =>
  /^(https?|unix):/.test(words) ? words : words.charAt(0).toUpperCase() + words.slice(1)

/** Reports each step; returns the inspection. Forgets the host keys that were accepted for this check. */
export async function checkSite(
  context: Context,
  check: SiteCheck,
  report: Report,
  signal: AbortSignal,
): Promise<Result<Inspection>> {
  const unknown = await context.links.unknownHosts(check.target)
  const reported = new Set<CheckStepName>()
  const record: Report = (step) => {
    reported.add(step.step)
    report(step)
  }
  try {
    const walked = await walk(context, check, record, signal)
    // The remaining steps will not run, except after the user accepts an unknown key.
    if (!walked.ok && walked.error.code !== 'host-key-unknown') {
      for (const step of order) if (!reported.has(step)) report(plain(step, 'skipped'))
    }
    return walked
  } finally {
    if (unknown.length > 0) {
      // Adding the site would reuse the open connection, and never pin its host key.
      await context.links.close(check)
      await context.links.forgetHosts(unknown)
    }
  }
}

async function walk(
  context: Context,
  check: SiteCheck,
  report: Report,
  signal: AbortSignal,
): Promise<Result<Inspection>> {
  const { target, accept } = check
  report(plain('reach', 'running'))
  const opened = await context.links.open({ target, sudo: 'none' }, { accept, signal })
  if (!opened.ok) {
    reportConnectFailure(report, opened.error)
    return opened
  }
  using _held = opened.value
  report(plain('reach', 'passed', `${target.host} port ${target.port} answers.`))
  report(plain('host-key', 'passed', 'The host key is known or was accepted.'))
  report(plain('login', 'passed', `Logged in as ${target.user}.`))
  report(plain('rights', 'running'))
  const link = await context.links.open(check, { signal })
  const seen = link.ok ? await look(link.value, check, signal) : link
  if (!seen.ok) {
    report(plain('rights', 'failed', seen.error.message, seen.error.next))
    return seen
  }
  const found = seen.value
  report(rightsStep(found))
  const problem = layoutProblem(context, check.site, found)
  if (problem) {
    report(plain('layout', 'failed', problem.message, problem.next))
    return fail(problem)
  }
  report(plain('layout', 'passed', `CVD in ${found.layout.root} on ${found.host.name} (${found.host.os}).`))
  report(plain('policy', 'running'))
  const health = await probe(context, check, found, signal)
  if (!health.ok) {
    report(plain('policy', 'failed', health.error.message, health.error.next))
    return health
  }
  report(policyStep(found, health.value, check.policy.health !== undefined))
  return ok(found)
}

/** Tries the given health address before it is set; without one, returns the server's own probe. */
async function probe(
  context: Context,
  check: SiteCheck,
  found: Inspection,
  signal: AbortSignal,
): Promise<Result<HealthAnswer>> {
  const { health } = check.policy
  if (health === undefined) return ok(found.health)
  const link = await context.links.open(check, { signal })
  if (!link.ok) return link
  using kit = link.value
  const tried = await kit.client.tryHealth(health, signal)
  return tried.ok ? ok(tried.value ?? found.health) : tried
}

async function look(link: KitLink, { policy }: SiteCheck, signal: AbortSignal): Promise<Result<Inspection>> {
  using kit = link
  return await kit.client.inspect(signal, policy.root)
}

function layoutProblem(context: Context, site: Site | null, found: Inspection): Failure | null {
  if (site && found.host.machineId !== site.machineId) return wrongSite(site, found)
  return noLayout(found) ?? (site ? null : sameMachine(context, found))
}
