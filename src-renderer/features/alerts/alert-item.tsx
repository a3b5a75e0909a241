/** One open alert: how bad, what, since when, what to do, and who has acknowledged it. */
import type { AlertRow } from '../../../src-shared/contract/alerts.ts'
import { useRefusal } from '../../api/session.tsx'
import type { Start } from '../../shared/use-start.ts'
import { Button } from '../../ui/button.tsx'
import { HostileText } from '../../ui/hostile-text.tsx'
import { Time } from '../../ui/time.tsx'
import { Mark } from '../../ui/verdict.tsx'
import { remedyOf } from './alert-remedies.ts'
import css from './alerts.module.css'
import { RemedyButton } from './remedy-button.tsx'

export function AlertItem(props: {
  readonly row: AlertRow
  readonly start: Start
  readonly onAcknowledge: (row: AlertRow) => void
}) {
  const { row, start, onAcknowledge } = props
  const refusal = useRefusal()
  const { site, id: alert, from, severity, evidence, quiet } = row
  const { words } = remedyOf(row)
  return (
    <li className={css.alert} data-quiet={quiet || undefined}>
      <Mark of={severity} />
      <div className={css.words}>
        <p className={css.evidence}>
          <HostileText text={evidence} />
        </p>
        {words !== '' && (
          <p className={css.fix}>
            <span className={css.fixWord}>What to do: </span>
            <HostileText text={words} />
          </p>
        )}
        <Standing row={row} />
      </div>
      <div className={css.actions}>
        {!quiet && <RemedyButton row={row} start={start} />}
        {quiet ? (
          <Button
            size="small"
            refusal={refusal}
            busy={start.busy}
            label={`Withdraw the acknowledgement: ${evidence}`}
            onClick={() => void start.begin('alerts.withdraw', { site, alert, from }, 'Acknowledgement withdrawn')}
          >
            Withdraw
          </Button>
        ) : (
          <Button size="small" refusal={refusal} label={`Acknowledge: ${evidence}`} onClick={() => onAcknowledge(row)}>
            Acknowledge…
          </Button>
        )}
      </div>
    </li>
  )
}

/** Since when it is so, whether anybody was told, and who takes care of it. */
export function Standing({ row }: { readonly row: AlertRow }) {
  const { since, toldAt, from, acknowledged, quiet, clockOffset: offset, zone } = row
  return (
    <p className={css.standing}>
      Began <Time at={since} offset={offset} zone={zone} />
      {from === 'console' && ', noticed by this console'}
      {from === 'server' && toldAt !== null && (
        <>
          ; told <Time at={toldAt} offset={offset} zone={zone} />
        </>
      )}
      {from === 'server' && toldAt === null && !quiet && '; nobody was told'}.
      {quiet && acknowledged && (
        <>
          {' '}
          Acknowledged by <HostileText text={acknowledged.who} />{' '}
          <Time at={acknowledged.at} offset={offset} zone={zone} />
          {acknowledged.until === null ? (
            ', until it is gone'
          ) : (
            <>
              , until <Time exact at={acknowledged.until} offset={offset} zone={zone} />
            </>
          )}
          : <HostileText text={acknowledged.reason} />
        </>
      )}
    </p>
  )
}
