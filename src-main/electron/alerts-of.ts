/** The alerts of the console behind the window. */
import type { FleetStanding } from '../app/standing.ts'
import type { Alerts } from './alerts.ts'

export function alertsOf(standing: Pick<FleetStanding, 'current' | 'subscribe'>): Alerts {
  return {
    get current() {
      const { verdict, alerts, asked } = standing.current
      const open = alerts.map(({ site: siteId, siteName: site, from, id, severity, evidence, quiet }) => {
        return { id: `${siteId} ${from} ${id}`, siteId, site, severity, evidence, quiet }
      })
      return { verdict, open, asked }
    },
    subscribe: (listener) => standing.subscribe(listener),
  }
}
