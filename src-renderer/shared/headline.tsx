/** The first thing on a page: the verdict, how old it is where that matters, and what runs or is down right now. */
import type { ReactNode } from 'react'
import type { SiteOverview } from '../../src-shared/contract/sites.ts'
import type { SiteVerdict } from '../../src-shared/domain/verdict.ts'
import { href } from '../app/routes.ts'
import { HostileText } from '../ui/hostile-text.tsx'
import { Time } from '../ui/time.tsx'
import { Mark, type MarkName } from '../ui/verdict.tsx'
import css from './headline.module.css'
import { type NowLine, nowLines } from './now-lines.ts'
import { operationHref } from './operation-line.tsx'
import { SiteMark } from './site-verdict.tsx'
import { useCutOff } from './use-standing.ts'

/** So many lines are shown; the rest are counted. */
const SHOWN = 4

const marks: Record<NowLine['tone'], MarkName> = { down: 'bad', lost: 'unknown', running: 'running' }
const words: Record<NowLine['tone'], string> = { down: 'Down', lost: 'Connection lost', running: 'Running' }

export function Headline(props: {
  readonly verdict: SiteVerdict
  readonly sites: readonly SiteOverview[]
  /** When the window received this, by this computer's clock. */
  readonly at: number
}) {
  const { verdict, sites, at } = props
  const cutOff = useCutOff()
  const lines = nowLines(sites, cutOff)
  return (
    <span className={css.headline}>
      <SiteMark state={verdict.state} bare large />
      <span className={css.lines}>
        <span>
          <HostileText text={verdict.sentence} />
          {cutOff && (
            <span className={css.age}>
              {' '}
              As of <Time at={at} />.
            </span>
          )}
        </span>
        {lines.slice(0, SHOWN).map((line) => (
          <Line key={line.key} line={line} />
        ))}
        {lines.length > SHOWN && (
          <a className={css.line} href={href({ page: 'operations' })}>
            {lines.length - SHOWN} more
          </a>
        )}
      </span>
    </span>
  )
}

/** The same line on a page whose verdict is of something else. */
export function PageHeadline({ mark, children }: { readonly mark: MarkName; readonly children: ReactNode }) {
  return (
    <span className={css.headline}>
      <Mark of={mark} bare large />
      <span>{children}</span>
    </span>
  )
}

function Line({ line }: { readonly line: NowLine }) {
  const { tone, text, detail, asOf } = line
  return (
    <span className={css.line} data-tone={tone}>
      <Mark bare of={marks[tone]}>
        {words[tone]}
      </Mark>
      <span className={css.text}>
        <Target of={line.of}>
          <HostileText text={text} />
        </Target>
        {detail !== '' && (
          <span className={css.detail}>
            {' '}
            <HostileText text={detail} />
          </span>
        )}
        {asOf !== null && (
          <span className={css.detail}>
            , as of <Time at={asOf} />
          </span>
        )}
      </span>
    </span>
  )
}

function Target({ of, children }: { readonly of: NowLine['of']; readonly children: ReactNode }) {
  const to =
    of === null
      ? href({ page: 'operations' })
      : 'row' in of
        ? operationHref(of.row)
        : href({ page: 'site', site: of.site })
  return <a href={to}>{children}</a>
}
