/** What was found on the server, as a list of facts. */
import type { InspectionFacts, SiteOverview } from '../../../src-shared/contract/sites.ts'
import { showPath } from '../../../src-shared/domain/backup-path.ts'
import { formatBytes, formatCount } from '../../../src-shared/domain/format.ts'
import { HostileText } from '../../ui/hostile-text.tsx'
import { Meter } from '../../ui/meter.tsx'
import { Fact, Facts, Section } from '../../ui/page.tsx'
import { Time } from '../../ui/time.tsx'
import { Badge, Mark } from '../../ui/verdict.tsx'
import css from './site.module.css'

type Props = { readonly inspection: InspectionFacts }

export function DatabaseFacts({ inspection: { database } }: Props) {
  if (!database.present) {
    return (
      <Section title="Database">
        <Facts>
          <Fact name="Path">
            <HostileText text={showPath(database.path)} />
          </Fact>
          <Fact name="State">
            <Mark of="error">Missing</Mark>
          </Fact>
        </Facts>
      </Section>
    )
  }
  return (
    <Section title="Database">
      <Facts>
        <Fact name="Path">
          <HostileText text={showPath(database.path)} />
        </Fact>
        <Fact name="Size">
          {formatBytes(database.size)}{' '}
          <span className={css.more}>
            {formatCount(database.pageCount)} pages of {formatBytes(database.pageSize)}
          </span>
        </Fact>
        <Fact name="Journal">
          {database.journalMode.toUpperCase()}
          {database.sidecars.map(({ suffix, size }) => (
            <span key={suffix} className={css.more}>
              {' '}
              <HostileText text={suffix} /> {formatBytes(size)}
            </span>
          ))}
        </Fact>
        <Fact name="Schema version">{database.userVersion}</Fact>
        <Fact name="Owner, mode">
          <HostileText text={`${database.owner}, ${database.mode}`} />
        </Fact>
        {database.keyTables.map(({ table, rows }) => (
          <Fact key={table} name={table}>
            {rows === null ? <Mark of="warning">Missing</Mark> : `${formatCount(rows)} rows`}
          </Fact>
        ))}
        <Fact name="Open by">
          {database.holders.length === 0 ? (
            <span className={css.more}>No process</span>
          ) : (
            <ul>
              {database.holders.map(({ pid, user, command, service }) => (
                <li key={pid}>
                  <HostileText text={command} />{' '}
                  <span className={css.more}>
                    process {pid}, user <HostileText text={user} />
                  </span>{' '}
                  {service === null && <Badge tone="warn">blocks a restore</Badge>}
                </li>
              ))}
            </ul>
          )}
        </Fact>
      </Facts>
    </Section>
  )
}

function HealthMark({ probe, healthy }: { readonly probe: string | null; readonly healthy: boolean | null }) {
  if (healthy !== null) return <Mark of={healthy ? 'passed' : 'failed'}>{healthy ? 'Healthy' : 'Not healthy'}</Mark>
  return <Mark of="unknown">{probe === null ? 'No health check found' : 'Unknown'}</Mark>
}

export function HealthFacts({ inspection: { services, health, lock }, overview }: Props & { overview: SiteOverview }) {
  return (
    <Section title="Service">
      <Facts>
        {services.map(({ name, state, enabled, manager }) => (
          <Fact key={name} name={name}>
            <Mark of={state === 'active' || state === 'running' ? 'passed' : 'warning'}>
              <HostileText text={state} />
            </Mark>{' '}
            <span className={css.more}>{serviceWords(manager, enabled)}</span>
          </Fact>
        ))}
        <Fact name="Health">
          <HealthMark probe={health.probe} healthy={overview.healthy} />{' '}
          <span className={css.more}>
            <HostileText text={health.words === '' ? (health.probe ?? '') : health.words} />
          </span>
        </Fact>
        <Fact name="Lock">
          {lock.holder ? (
            <>
              <HostileText text={lock.holder.command} /> of <HostileText text={lock.holder.who} />,{' '}
              <Time at={lock.holder.since} offset={overview.clockOffset} zone={overview.zone} />
            </>
          ) : (
            <span className={css.more}>{lock.held ? 'Held' : 'Free'}</span>
          )}
        </Fact>
      </Facts>
    </Section>
  )
}

/** Where it is not known whether it starts at boot, nothing is said of that. */
function serviceWords(manager: string, enabled: string): string {
  const by = manager === 'program' ? 'controlled by a program' : manager
  return enabled === '' || enabled === 'unknown' ? by : `${by}, ${enabled}`
}

export function DiskFacts({ inspection: { disk }, overview }: Props & { overview: SiteOverview }) {
  const runway = overview.disk?.runwayDays ?? null
  return (
    <Section
      title="Disk"
      note={runway === null ? undefined : `lasts about ${runwayWords(runway)} at the current rate of backups`}
    >
      <Facts>
        {disk.map(({ purpose, path, total, free }) => (
          <Fact key={`${purpose} ${path}`} name={purpose}>
            <span className={css.disk}>
              <span>
                {formatBytes(free)} free <span className={css.more}>of {formatBytes(total)}</span>
              </span>
              <Meter label={`${purpose}: used`} used={total - free} total={total} />
            </span>
            <span className={css.more}>
              <HostileText text={showPath(path)} />
            </span>
          </Fact>
        ))}
      </Facts>
    </Section>
  )
}

function runwayWords(days: number): string {
  if (days >= 730) return `${Math.floor(days / 365)} years`
  return days >= 2 ? `${Math.floor(days)} days` : 'a day'
}

export function HostFacts({ inspection: { host, time, tools, compressor } }: Props) {
  const missing = tools.filter(({ problem }) => problem !== null)
  const rights = [
    ['read the database', host.rights.readDatabase],
    ['write backups', host.rights.writeBackups],
    ['control the service', host.rights.controlServices],
    ['store records', host.rights.keepState],
  ] as const
  const lacking = rights.filter(([, has]) => !has)
  return (
    <Section title="Server">
      <Facts>
        <Fact name="Host">
          <HostileText text={host.name} />{' '}
          <span className={css.more}>
            <HostileText text={host.os} />
          </span>
        </Fact>
        <Fact name="User">
          <HostileText text={host.login} />
          <p className={css.more}>
            {lacking.length === 0 ? (
              'has all permissions'
            ) : (
              <Mark of="warning">cannot {lacking.map(([words]) => words).join(', ')}</Mark>
            )}
          </p>
        </Fact>
        <Fact name="Clock">
          {time.zone} <span className={css.more}>{time.offset}</span>
        </Fact>
        <Fact name="Compressor">
          <HostileText text={compressor} />
        </Fact>
        <Fact name="Tools">
          {missing.length === 0 ? (
            <span className={css.more}>
              <HostileText text={tools.map(({ name, version }) => `${name} ${version}`.trim()).join(', ')} />
            </span>
          ) : (
            missing.map(({ name, version, problem }) => (
              <p key={name} className={css.tool}>
                <Mark bare of="warning" />
                <HostileText text={`${name} ${version} ${problem ?? ''}`} />
              </p>
            ))
          )}
        </Fact>
      </Facts>
    </Section>
  )
}
