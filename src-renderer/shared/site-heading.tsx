/** The site that a page is about: its name and colour, on every page of it. */
import type { SiteOverview } from '../../src-shared/contract/sites.ts'
import { formatCount } from '../../src-shared/domain/format.ts'
import { href } from '../app/routes.ts'
import { HostileText } from '../ui/hostile-text.tsx'
import { TabLinks } from '../ui/tabs.tsx'
import { Time } from '../ui/time.tsx'
import { Badge, SiteColour } from '../ui/verdict.tsx'
import css from './site-heading.module.css'

/** Name, address, and how old what is shown is. */
export function SiteOver({ overview, link = true }: { readonly overview: SiteOverview; readonly link?: boolean }) {
  return (
    <>
      <span className={css.name}>
        <SiteColour colour={overview.colour} />
        {link ? (
          <a href={href({ page: 'site', site: overview.id })}>
            <HostileText text={overview.name} />
          </a>
        ) : (
          <HostileText text={overview.name} />
        )}
      </span>
      <span className={css.address}>
        <HostileText text={overview.address} />
      </span>
      <span className={css.state}>
        <SiteConnection overview={overview} />
      </span>
    </>
  )
}

/** What was refused: with another host key, or on another server, no login is attempted. */
function refusedWords(code = ''): string {
  if (code.startsWith('host-key-')) return 'Host key refused'
  return code === 'wrong-site' ? 'Wrong server' : 'Login refused'
}

/** When it was last checked; without a connection also the reason. */
export function SiteConnection({ overview }: { readonly overview: SiteOverview }) {
  const { connection, inspectedAt, refreshing } = overview
  const seen = inspectedAt === null ? 'never checked' : null
  const age = seen ?? (
    <>
      checked <Time compact at={inspectedAt} />
    </>
  )
  const broken = { waiting: 'No connection', offline: 'Offline', refused: refusedWords(connection.failure?.code) }
  if (connection.state === 'waiting' || connection.state === 'offline' || connection.state === 'refused') {
    return (
      <>
        <Badge tone={connection.state === 'refused' ? 'bad' : 'warn'}>{broken[connection.state]}</Badge> {age}
        {connection.retryAt !== null && (
          <>
            , next attempt <Time at={connection.retryAt} />
          </>
        )}
      </>
    )
  }
  if (connection.state === 'connecting') return <>Connecting… {seen === null && age}</>
  return refreshing && inspectedAt === null ? <>Checking…</> : age
}

/** In the order in which a site is looked at: how it stands, what it has, what runs by itself, what ran, how it is reached. */
const tabs = [
  ['site', 'Overview'],
  ['site-alerts', 'Alerts'],
  ['backups', 'Backups'],
  ['schedule', 'Schedule'],
  ['retention', 'Retention'],
  ['policy', 'Policy'],
  ['site-operations', 'Operations'],
  ['connection', 'Connection'],
] as const

export function SiteTabs({ overview, current }: { readonly overview: SiteOverview; readonly current: string }) {
  const { id: site, backupsKnown, backups, alerts } = overview
  const open = alerts.errors + alerts.warnings
  const known = backupsKnown ? { count: formatCount(backups.total) } : {}
  return (
    <TabLinks
      label="Pages of the site"
      tabs={tabs.map(([page, label]) => ({
        href: href({ page, site }),
        label,
        current: current === page,
        ...(page === 'backups' && known),
        ...(page === 'site-alerts' && open > 0 && { count: formatCount(open) }),
      }))}
    />
  )
}
