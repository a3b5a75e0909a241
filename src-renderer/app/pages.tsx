/** Which page an address shows. */
import type { ReactNode } from 'react'
import { AddSitePage } from '../features/add-site/add-site-page.tsx'
import { ConnectionPage } from '../features/add-site/connection-page.tsx'
import { AlertsPage } from '../features/alerts/alerts-page.tsx'
import { SiteAlertsPage } from '../features/alerts/site-alerts-page.tsx'
import { AuditPage } from '../features/audit/audit-page.tsx'
import { BackupPage } from '../features/backup/backup-page.tsx'
import { BackupsPage } from '../features/backups/backups-page.tsx'
import { Channels } from '../features/channels/channels.tsx'
import { FleetPage } from '../features/fleet/fleet-page.tsx'
import { OperationPage } from '../features/operations/operation-page.tsx'
import { OperationsPage, SiteOperationsPage } from '../features/operations/operations-page.tsx'
import { PolicyPage } from '../features/policy/policy-page.tsx'
import { RestorePage } from '../features/restore/restore-page.tsx'
import { RestoringPage } from '../features/restore/restoring-page.tsx'
import { RetentionPage } from '../features/retention/retention-page.tsx'
import { SchedulePage } from '../features/schedule/schedule-page.tsx'
import { SettingsPage } from '../features/settings/settings-page.tsx'
import { SitePage } from '../features/site/site-page.tsx'
import { LinkButton } from '../ui/button.tsx'
import { Page } from '../ui/page.tsx'
import { EmptyState } from '../ui/states.tsx'
import { href, type Route } from './routes.ts'

export function pageOf(route: Route): ReactNode {
  switch (route.page) {
    case 'fleet':
      return <FleetPage />
    case 'add-site':
      return <AddSitePage />
    case 'alerts':
      return <AlertsPage />
    case 'operations':
      return <OperationsPage />
    case 'operation':
      return <OperationPage operation={route.operation} />
    case 'settings':
      return <SettingsPage section={route.section} />
    case 'audit':
      return <AuditPage />
    case 'site':
      return <SitePage key={route.site} site={route.site} />
    case 'backups':
      return <BackupsPage key={route.site} site={route.site} />
    case 'backup':
      return <BackupPage key={route.path} site={route.site} path={route.path} />
    case 'schedule':
      return <SchedulePage key={route.site} site={route.site} />
    case 'retention':
      return <RetentionPage key={route.site} site={route.site} />
    case 'policy':
      return <PolicyPage key={route.site} site={route.site} />
    case 'site-alerts':
      return (
        <SiteAlertsPage key={route.site} site={route.site}>
          <Channels site={route.site} />
        </SiteAlertsPage>
      )
    case 'site-operations':
      return <SiteOperationsPage key={route.site} site={route.site} />
    case 'connection':
      return <ConnectionPage key={route.site} site={route.site} />
    case 'restore':
      return <RestorePage key={route.site} {...route} />
    case 'restoring':
      return <RestoringPage site={route.site} operation={route.operation} />
    case 'lost':
      return (
        <Page name="Page not found" title="Page not found">
          <EmptyState
            title="This address does not exist"
            action={<LinkButton href={href({ page: 'fleet' })}>Go to the fleet</LinkButton>}
          >
            The link may come from another version of the console.
          </EmptyState>
        </Page>
      )
  }
}
