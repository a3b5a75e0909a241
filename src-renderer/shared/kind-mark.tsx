/** The mark of a backup: its kind by the shape, its verdict by the fill. */
import type { BackupEntry } from '../../src-shared/domain/kit-backups.ts'
import css from './kind-mark.module.css'

/** In a square of 16: the outline, and its left half. */
const shapes: Readonly<Record<BackupEntry['kind'], readonly [whole: string, half: string]>> = {
  database: ['M8 2.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 1 0 0-11z', 'M8 2.5a5.5 5.5 0 0 0 0 11z'],
  application: ['M3 3h10v10H3z', 'M3 3h5v10H3z'],
  config: ['M8 2.2L14 13H2z', 'M8 2.2V13H2z'],
  systemd: ['M8 1.8L14.2 8L8 14.2L1.8 8z', 'M8 1.8V14.2L1.8 8z'],
  system: ['M5 2.8h6L14 8l-3 5.2H5L2 8z', 'M8 2.8H5L2 8l3 5.2h3z'],
}

export function KindMark(props: Pick<BackupEntry, 'kind' | 'verdict' | 'hold'> & { readonly safety?: boolean }) {
  const { kind, verdict, hold, safety = false } = props
  const [whole, half] = shapes[kind]
  return (
    <svg
      aria-hidden
      viewBox="0 0 16 16"
      className={css.mark}
      data-verdict={verdict}
      data-safety={safety || undefined}
      data-hold={hold || undefined}
    >
      <path className={css.outline} d={whole} />
      {verdict === 'inconclusive' && <path className={css.half} d={half} />}
      {verdict === 'failed' && <path className={css.slash} d="M4.5 11.5L11.5 4.5" />}
    </svg>
  )
}
