/** How something stands: a shape and a word, and only then a colour. */
import {
  Ban,
  CircleCheck,
  CircleDashed,
  CircleDot,
  CircleHelp,
  CircleX,
  Info,
  type LucideIcon,
  TriangleAlert,
  Undo2,
} from 'lucide-react'
import type { ReactNode } from 'react'
import { classes } from './classes.ts'
import css from './verdict.module.css'

export type Tone = 'good' | 'bad' | 'warn' | 'quiet' | 'busy'

/** Every word that this console says about a state, with its shape and tone. */
const marks = {
  verified: { icon: CircleCheck, tone: 'good', word: 'Verified' },
  never: { icon: CircleDashed, tone: 'quiet', word: 'Never tested' },
  inconclusive: { icon: CircleHelp, tone: 'warn', word: 'Inconclusive' },
  failed: { icon: CircleX, tone: 'bad', word: 'Failed' },
  succeeded: { icon: CircleCheck, tone: 'good', word: 'Succeeded' },
  'rolled back': { icon: Undo2, tone: 'warn', word: 'Rolled back' },
  cancelled: { icon: Ban, tone: 'quiet', word: 'Cancelled' },
  unknown: { icon: CircleHelp, tone: 'warn', word: 'Unknown' },
  running: { icon: CircleDot, tone: 'busy', word: 'Running' },
  good: { icon: CircleCheck, tone: 'good', word: 'Good' },
  attention: { icon: TriangleAlert, tone: 'warn', word: 'Attention' },
  bad: { icon: CircleX, tone: 'bad', word: 'In danger' },
  'not checked': { icon: CircleDashed, tone: 'quiet', word: 'Not checked yet' },
  passed: { icon: CircleCheck, tone: 'good', word: 'Passed' },
  warning: { icon: TriangleAlert, tone: 'warn', word: 'Warning' },
  error: { icon: CircleX, tone: 'bad', word: 'Error' },
  info: { icon: Info, tone: 'quiet', word: 'Note' },
  waiting: { icon: CircleDashed, tone: 'quiet', word: 'Waiting' },
  skipped: { icon: CircleDashed, tone: 'quiet', word: 'Skipped' },
} as const satisfies Record<string, { icon: LucideIcon; tone: Tone; word: string }>

export type MarkName = keyof typeof marks

/** The word of a mark, for sentences. */
export function markWord(name: MarkName): string {
  return marks[name].word
}

export function Mark(props: {
  readonly of: MarkName
  /** Another word than the mark's own. */
  readonly children?: ReactNode
  /** The word is read out only; use where the column says it. */
  readonly bare?: boolean
  readonly large?: boolean
}) {
  const { icon: Icon, tone, word } = marks[props.of]
  const text = props.children ?? word
  return (
    <span className={classes(css.mark, css[tone], props.bare && css.bare, props.large && css.large)}>
      <Icon aria-hidden className={css.icon} strokeWidth={2} />
      <span className={props.bare ? 'visually-hidden' : css.word}>{text}</span>
    </span>
  )
}

export function Badge({ tone = 'quiet', children }: { readonly tone?: Tone; readonly children: ReactNode }) {
  return <span className={classes(css.badge, css[tone])}>{children}</span>
}

/** The colour of a site, beside its name. */
export function SiteColour({ colour, tall }: { readonly colour: string; readonly tall?: boolean }) {
  return <span aria-hidden className={classes(css.colour, tall && css.tall)} data-colour={colour} />
}
