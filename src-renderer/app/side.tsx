/** Beside every page: where to go, the sites, what is running, and who is looking. */
import { Activity as ActivityIcon, BellRing, Plus, ScrollText, Search, Settings, TowerControl, X } from 'lucide-react'
import { useEffect } from 'react'
import type { SiteOverview } from '../../src-shared/contract/sites.ts'
import { useSubscription } from '../api/hooks.ts'
import { useRefusal, useSession } from '../api/session.tsx'
import { openAlerts } from '../shared/open-alerts.ts'
import { OperationMark, operationHref, RunningOperation } from '../shared/operation-line.tsx'
import { FailedTransfer, RunningTransfer } from '../shared/transfers.tsx'
import { useOpenOperations } from '../shared/use-standing.ts'
import { useArrivals, useTransfers } from '../shared/use-transfers.ts'
import { IconButton } from '../ui/button.tsx'
import { HostileText } from '../ui/hostile-text.tsx'
import { showToast, ToastList } from '../ui/toast.tsx'
import { Mark, SiteColour } from '../ui/verdict.tsx'
import { useActivity } from './activity.ts'
import { keyWords } from './commands.ts'
import { DemoHints } from './demo-hints.tsx'
import { href, type Route, siteOf } from './routes.ts'
import css from './side.module.css'
import { ui } from './ui-state.ts'
import { Wordmark } from './wordmark.tsx'

export function Side({ route }: { readonly route: Route }) {
  return (
    <aside className={css.side} aria-label="Console">
      <div className={css.brand}>
        <Wordmark />
      </div>
      <button type="button" className={css.search} onClick={() => ui.show('palette')}>
        <Search aria-hidden />
        <span>Search</span>
        <kbd>{keyWords('Mod+k')}</kbd>
      </button>
      <MainNavigation route={route} />
      <Sites route={route} />
      <ToastList className={css.news} />
      <ActivityArea />
      <div className={css.end}>
        <DemoHints />
        <Foot />
      </div>
    </aside>
  )
}

function MainNavigation({ route }: { readonly route: Route }) {
  const sites = useSubscription('sites.watch', {}).state?.sites ?? []
  const links = [
    { to: { page: 'fleet' }, label: 'Fleet', icon: TowerControl, here: route.page === 'fleet' },
    { to: { page: 'alerts' }, label: 'Alerts', icon: BellRing, here: route.page === 'alerts' },
    {
      to: { page: 'operations' },
      label: 'Operations',
      icon: ActivityIcon,
      here: route.page === 'operations' || route.page === 'operation',
    },
    { to: { page: 'audit' }, label: 'Audit', icon: ScrollText, here: route.page === 'audit' },
    {
      to: { page: 'settings', section: 'appearance' },
      label: 'Settings',
      icon: Settings,
      here: route.page === 'settings',
    },
  ] as const
  return (
    <nav aria-label="Main">
      <ul className={css.links}>
        {links.map(({ to, label, icon: Icon, here }) => (
          <li key={label}>
            <a href={href(to)} className={css.link} aria-current={here ? 'page' : undefined}>
              <Icon aria-hidden strokeWidth={1.6} />
              {label}
              {to.page === 'alerts' && <OpenAlerts sites={sites} />}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  )
}

/** How many alerts nobody has acknowledged; in red if one is an error. */
function OpenAlerts({ sites }: { readonly sites: readonly SiteOverview[] }) {
  const { errors, warnings } = openAlerts(sites)
  if (errors + warnings === 0) return null
  return (
    <span className={css.count} data-tone={errors > 0 ? 'bad' : 'warn'}>
      {errors + warnings}
      <span className="visually-hidden"> open</span>
    </span>
  )
}

const urgency: Record<SiteOverview['verdict']['state'], number> = { bad: 0, attention: 1, unknown: 2, good: 3 }
const SHOWN = 40

function Sites({ route }: { readonly route: Route }) {
  const fleet = useSubscription('sites.watch', {}).state
  const refusal = useRefusal()
  const sites = fleet?.sites ?? []
  // Few sites keep their places; of many, those that need attention come first.
  const shown =
    sites.length <= SHOWN
      ? sites
      : [...sites].sort((a, b) => urgency[a.verdict.state] - urgency[b.verdict.state]).slice(0, SHOWN)
  return (
    <nav aria-label="Sites" className={css.sites}>
      <div className={css.sideHead}>
        <h2>Sites</h2>
        <IconButton
          label="Add a site"
          keys={keyWords('g n')}
          icon={Plus}
          size="small"
          refusal={refusal}
          onClick={() => {
            window.location.hash = href({ page: 'add-site' })
          }}
        />
      </div>
      <ul className={css.links}>
        {shown.map((site) => (
          <li key={site.id}>
            <a
              href={href({ page: 'site', site: site.id })}
              className={css.link}
              aria-current={siteOf(route) === site.id ? 'page' : undefined}
            >
              <SiteColour colour={site.colour} />
              <span className={css.siteName}>
                <HostileText text={site.name} />
              </span>
              <Mark bare of={site.verdict.state === 'unknown' ? 'not checked' : site.verdict.state} />
            </a>
          </li>
        ))}
      </ul>
      {sites.length > shown.length && (
        <a className={css.more} href={href({ page: 'fleet' })}>
          All {sites.length} sites
        </a>
      )}
      {fleet && sites.length === 0 && <p className={css.sideNote}>None yet.</p>}
    </nav>
  )
}

/** Running operations are on every page; a failed one stays until it was seen. */
function ActivityArea() {
  const rows = useSubscription('operations.watch', { limit: 100 }).state?.operations
  const { hear, seen, attention } = useActivity()
  const running = useOpenOperations(rows ?? [])
  const transfers = useTransfers()
  useArrivals(transfers)
  const travelling = transfers.filter(({ state }) => state === 'running')
  const broken = transfers.filter(({ outcome }) => outcome === 'failed')
  useEffect(() => {
    if (!rows) return
    for (const row of hear(rows)) {
      // What monitoring found is what there is to say: `3 alerts are open.`
      if (row.outcome === 'succeeded' && row.command === 'monitor')
        showToast(`${row.title}: ${row.message}`, row.siteName)
      else if (row.outcome === 'succeeded') showToast(`${row.title}: succeeded`, row.siteName, 'good')
      // Also the first backup of a site whose protection was told as succeeded a moment before.
      else if (row.outcome === 'failed' && row.command === 'database')
        showToast(`${row.title}: failed`, row.message, 'bad')
    }
  }, [rows, hear])
  if (running.length === 0 && attention.length + broken.length === 0 && travelling.length === 0) return null
  return (
    <section aria-label="Activity" className={css.activity}>
      <div className={css.sideHead}>
        <h2>Activity</h2>
      </div>
      <ul className={css.running}>
        {attention.map((row) => (
          <li key={row.id} className={css.attention}>
            <a href={operationHref(row)} onClick={() => seen(row.id)}>
              <span className={css.attentionTitle}>{row.title}</span>
              <span className={css.siteName}>
                <HostileText text={row.siteName} />
              </span>
              <OperationMark row={row} />
            </a>
            <IconButton size="small" icon={X} label={`Dismiss: ${row.title}`} onClick={() => seen(row.id)} />
          </li>
        ))}
        {broken.slice(0, 3).map((transfer) => (
          <li key={transfer.id} className={css.attention}>
            <FailedTransfer transfer={transfer} />
          </li>
        ))}
        {running.slice(0, 6).map(({ row }) => (
          <li key={row.id}>
            <RunningOperation row={row} withSite />
          </li>
        ))}
        {travelling.map((transfer) => (
          <li key={transfer.id} className={css.travelling}>
            <RunningTransfer transfer={transfer} />
          </li>
        ))}
      </ul>
      {running.length > 6 && (
        <a className={css.more} href={href({ page: 'operations' })}>
          All {running.length} running
        </a>
      )}
    </section>
  )
}

function Foot() {
  const { who, role } = useSession()
  return (
    <p className={css.foot}>
      <span className={css.who}>{who}</span>
      <span>{role === 'admin' ? 'Administrator' : 'Viewer'}</span>
    </p>
  )
}
