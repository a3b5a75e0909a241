/** `site add|list|show|check|edit|remove`. */
import type { Command } from 'commander'
import { formatSpan } from '../../src-shared/domain/format.ts'
import type { Inspection } from '../../src-shared/domain/kit-site.ts'
import type { Failure } from '../../src-shared/result.ts'
import { type AddedSite, addSite, type SitePolicy } from '../operations/add-site.ts'
import { editSite, removeSite } from '../operations/edit-site.ts'
import { inspectSite } from '../operations/inspect.ts'
import type { HostKeyFailure } from '../remote/host-key.ts'
import { hopName, type SshTarget } from '../remote/target.ts'
import type { Site } from '../store/sites.ts'
import { inspectionFacts, problemLines, recoveryPoint } from './inspection-text.ts'
import { globalOptions, runSession, type Session } from './session.ts'
import { clean, facts, table } from './table.ts'
import { sudoOf, type TargetOptions, targetOf, usage } from './target-options.ts'

interface SiteOptions extends TargetOptions, SitePolicy {
  readonly acceptHostKey?: readonly string[]
  readonly acceptMachine?: string
  readonly colour?: string
  readonly name?: string
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value]
}

function targetOptions(command: Command): Command {
  return command
    .option('--port <port>', 'SSH port (22)')
    .option('--user <user>', 'login name')
    .option('--key <file>', 'log in with this key file; its passphrase is prompted for, or read by --passphrase-stdin')
    .option('--agent', 'log in with the keys of the SSH agent')
    .option('--password', 'log in with a password, prompted for, or read by --password-stdin')
    .option('--jump <[user@]host[:port]>', 'connect through this host; repeat it, or separate hosts by commas', collect)
    .option('--accept-host-key <SHA256:…>', 'accept exactly this host key, after comparing it on the server', collect)
    .option('--root <dir>', 'CVD root on the server (/opt/cvd)')
    .option('--health <probe>', 'health probe: URL or unix:SOCKET:PATH; kept in the policy on the server')
    .option('--sudo <mode>', 'none, passwordless, or password (prompted for, or read by --password-stdin)')
}

/** The command line as typed, with one more option. */
function sameAgain(addition: string): string {
  const quoted = process.argv
    .slice(2)
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`))
  return `npm run cli -- ${quoted.join(' ')} ${addition}`
}

function isHostKeyFailure(failure: Failure): failure is HostKeyFailure {
  return failure.code.startsWith('host-key-') && 'hostKey' in failure
}

/** For an unknown host key, prints the command that accepts it; never for a changed or revoked one. */
function refuse(session: Session, failure: Failure): number {
  if (!isHostKeyFailure(failure)) return session.refuse(failure)
  const data = { hostKey: failure.hostKey }
  if (failure.code !== 'host-key-unknown') return session.refuse(failure, data)
  const next = `${failure.next ?? ''} If the fingerprints match: ${sameAgain(`--accept-host-key ${failure.hostKey.fingerprint}`)}`
  return session.refuse({ ...failure, next }, data)
}

function policyOf({ root, health }: SiteOptions): SitePolicy {
  return { ...(root === undefined ? {} : { root }), ...(health === undefined ? {} : { health }) }
}

function needsSecret(site: Pick<Site, 'target' | 'sudo'>): boolean {
  return site.sudo === 'password' || [...site.target.jumps, site.target].some(({ auth }) => auth.method === 'password')
}

function siteData(site: Site): object {
  const { target, ...rest } = site
  return { ...rest, target, address: hopName(target) }
}

function loginWords({ auth }: SshTarget): string {
  if (auth.method === 'key') return `key ${auth.keyFile}`
  return auth.method === 'agent' ? 'keys of the agent' : 'password (prompted for each time)'
}

/** `health`: the answer of the given probe, printed at once, so that the user can tell that it works. */
function siteFacts(site: Site, health = ''): string[] {
  const { target } = site
  return facts([
    ['site', site.name],
    ['address', hopName(target)],
    ...(target.jumps.length > 0 ? ([['through', target.jumps.map(hopName).join(', ')]] as const) : []),
    ['login', loginWords(target)],
    ['sudo', site.sudo],
    ['root', site.root],
    ['machine', `${site.hostName} (${site.machineId})`],
    ...(health === '' ? [] : ([['health', health]] as const)),
  ])
}

async function add(session: Session, name: string, options: SiteOptions): Promise<number> {
  const target = targetOf(options)
  if (!target.ok) return session.refuse(target.error)
  const sudo = sudoOf(options, 'none')
  if (!sudo.ok) return session.refuse(sudo.error)
  const { colour, acceptHostKey: accept = [] } = options
  const wanted = { name, target: target.value, sudo: sudo.value, policy: policyOf(options), accept }
  const added = await addSite(session.context, { ...wanted, ...(colour === undefined ? {} : { colour }) })
  return added.ok ? sayAdded(session, added.value, options) : refuse(session, added.error)
}

function sayAdded(session: Session, { site, inspection }: AddedSite, options: SiteOptions): number {
  const { out } = session
  const { health } = inspection
  out.text(...siteFacts(site, options.health === undefined ? '' : health.words), '', ...problemLines(inspection))
  if (needsSecret(site)) {
    out.note('The password was kept for this run only; it is asked for again next time (prompt or --password-stdin).')
  }
  const data = { site: siteData(site), problems: inspection.problems, health }
  const doubt =
    options.health === undefined || health.healthy
      ? ''
      : ' Its health check fails: until it passes, a restore needs --site-is-down.'
  return session.end({ outcome: 'succeeded', code: 'ok', message: `${site.name} was added.${doubt}`, data })
}

function list(session: Session): number {
  const { context, out } = session
  const sites = context.store.sites.list()
  const now = context.clock.now()
  const rows = sites.map((site) => {
    const kept = context.store.inspections.latest(site.id)
    const seen = kept ? `${formatSpan(now - kept.at)} ago` : 'never'
    return [site.name, hopName(site.target), site.sudo, site.root, seen, kept ? recoveryPoint(kept.inspection) : '']
  })
  const titles = ['SITE', 'ADDRESS', 'SUDO', 'ROOT', 'LAST SEEN', 'NEWEST BACKUP THEN']
  if (sites.length > 0)
    out.text(
      ...table(
        titles.map((title) => ({ title })),
        rows,
      ),
      '',
    )
  const message = sites.length === 1 ? '1 site.' : `${sites.length} sites.`
  return session.end({ outcome: 'succeeded', code: 'ok', message, data: { sites: sites.map(siteData) } })
}

function show(session: Session, site: Site): number {
  const kept = session.context.store.inspections.latest(site.id)
  session.out.text(...siteFacts(site), '')
  if (kept) {
    session.out.text(`As seen ${formatSpan(session.context.clock.now() - kept.at)} ago:`, '')
    session.out.text(...inspectionFacts(kept.inspection), '', ...problemLines(kept.inspection))
  }
  const data = { site: siteData(site), seenAt: kept?.at ?? null, inspection: kept?.inspection ?? null }
  return session.end({ outcome: 'succeeded', code: 'ok', message: '', data })
}

function checkMessage(site: Site, inspection: Inspection, errors: number): string {
  if (errors > 0) return `${site.name} has ${errors} ${errors === 1 ? 'problem' : 'problems'} to fix.`
  const rest = inspection.problems.length
  return rest === 0
    ? `${site.name} is reachable; no problems were found.`
    : `${site.name} is reachable; see the warnings above.`
}

async function check(session: Session, site: Site): Promise<number> {
  const inspected = await inspectSite(session.context, site)
  if (!inspected.ok) return refuse(session, inspected.error)
  const inspection = inspected.value
  const errors = inspection.problems.filter(({ severity }) => severity === 'error').length
  session.out.text(...problemLines(inspection))
  const message = checkMessage(site, inspection, errors)
  const data = { problems: inspection.problems, health: inspection.health }
  if (errors === 0) return session.end({ outcome: 'succeeded', code: 'ok', message, data })
  return session.end({ outcome: 'failed', code: 'problems', message, unchanged: 'Nothing was changed.', data })
}

async function edit(session: Session, site: Site, options: SiteOptions): Promise<number> {
  const { name, colour, acceptMachine, acceptHostKey: accept = [] } = options
  const keys = ['host', 'port', 'user', 'key', 'agent', 'password', 'jump'] as const
  const moved = keys.some((key) => options[key] !== undefined)
  const target = moved ? targetOf(options, site.target) : null
  if (target && !target.ok) return session.refuse(target.error)
  const sudo = options.sudo === undefined ? null : sudoOf(options, site.sudo)
  if (sudo && !sudo.ok) return session.refuse(sudo.error)
  const changes = {
    policy: policyOf(options),
    accept,
    ...(name === undefined ? {} : { name }),
    ...(colour === undefined ? {} : { colour }),
    ...(acceptMachine === undefined ? {} : { acceptMachine }),
    ...(target ? { target: target.value } : {}),
    ...(sudo ? { sudo: sudo.value } : {}),
  }
  const edited = await editSite(session.context, site, changes)
  if (!edited.ok) return refuse(session, edited.error)
  const after = edited.value.site ?? site
  const health = edited.value.inspection?.health
  session.out.text(...siteFacts(after, options.health === undefined ? '' : health?.words), '')
  return session.end({
    outcome: 'succeeded',
    code: 'ok',
    message: `${after.name} was changed.`,
    data: { site: siteData(after), ...(health ? { health } : {}) },
  })
}

function remove(session: Session, site: Site, confirm: string | undefined): number {
  if (confirm === undefined) return session.refuse(usage('--confirm NAME is missing.'))
  const refused = removeSite(session.context, site, confirm)
  if (refused) return session.refuse(refused)
  const message = `${clean(site.name)} was removed from this console; nothing was changed on the server.`
  return session.end({ outcome: 'succeeded', code: 'ok', message, data: { site: siteData(site) } })
}

/** Runs `work` on the site with that name, or reports that there is none. */
export function onSite(
  command: Command,
  name: string,
  work: (session: Session, site: Site) => number | Promise<number>,
): Promise<void> {
  return runSession(globalOptions(command), async (session) => {
    const site = session.site(name)
    return site.ok ? work(session, site.value) : session.refuse(site.error)
  })
}

export function addSiteCommands(program: Command): void {
  const site = program.command('site').description('manage the sites of this console')
  targetOptions(site.command('add <name>').requiredOption('--host <host>', 'name or address of the server'))
    .description('add a site: connect, check the host key, log in, inspect; nothing is kept if any of these fails')
    .option('--colour <word>', 'colour of the site in lists')
    .action((name: string, options: SiteOptions, command: Command) =>
      runSession(globalOptions(command), (session) => add(session, name, { ...options, ...globalOptions(command) })),
    )
  site
    .command('list')
    .description('list the sites, each as last seen')
    .action((_: unknown, command: Command) => runSession(globalOptions(command), async (session) => list(session)))
  site
    .command('show <name>')
    .description('show a site as last seen')
    .action((name: string, _: unknown, command: Command) => onSite(command, name, show))
  site
    .command('check <name>')
    .description('connect, inspect and list the problems; exits with 1 if any is an error')
    .action((name: string, _: unknown, command: Command) => onSite(command, name, check))
  targetOptions(site.command('edit <name>').option('--host <host>', 'name or address of the server'))
    .description('change a site; a new connection is tested before it is saved')
    .option('--name <name>', 'a new name')
    .option('--colour <word>', 'colour of the site in lists')
    .option('--accept-machine <id>', 'the server was replaced on purpose: trust the machine with this ID')
    .action((name: string, options: SiteOptions, command: Command) =>
      onSite(command, name, (session, found) => edit(session, found, options)),
    )
  site
    .command('remove <name>')
    .description('remove a site from this console; nothing changes on the server')
    .option('--confirm <name>', 'repeat the name of the site')
    .action((name: string, options: { confirm?: string }, command: Command) =>
      onSite(command, name, (session, found) => remove(session, found, options.confirm)),
    )
}
