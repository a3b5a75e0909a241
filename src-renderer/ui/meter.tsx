import { Meter as BaseMeter } from '@base-ui/react/meter'
import { formatBytes } from '../../src-shared/domain/format.ts'
import css from './meter.module.css'

/** Above this share something should happen. */
const HIGH = 0.9

/** How much of a disk is used. */
export function Meter({
  label,
  used,
  total,
}: {
  readonly label: string
  readonly used: number
  readonly total: number
}) {
  return (
    <BaseMeter.Root
      aria-label={label}
      value={used}
      max={total}
      getAriaValueText={() => `${formatBytes(used)} of ${formatBytes(total)}`}
    >
      <BaseMeter.Track className={css.track}>
        <BaseMeter.Indicator className={css.used} data-high={used > total * HIGH || undefined} />
      </BaseMeter.Track>
    </BaseMeter.Root>
  )
}
