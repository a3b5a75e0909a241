/** What can be pressed. One primary button a view; danger only where something ends or is replaced. */
import { Button as BaseButton } from '@base-ui/react/button'
import type { LucideIcon } from 'lucide-react'
import type { ComponentProps, ReactNode } from 'react'
import css from './button.module.css'
import { classes } from './classes.ts'
import { Tooltip } from './tooltip.tsx'

type Given = Omit<ComponentProps<typeof BaseButton>, 'className' | 'aria-label' | 'focusableWhenDisabled'>

/** What a tooltip or a menu adds to its trigger is passed on. */
export interface ButtonProps extends Given {
  readonly look?: 'primary' | 'plain' | 'quiet' | 'danger'
  readonly size?: 'small' | 'medium'
  readonly icon?: LucideIcon
  /** Why it cannot be pressed; shown on hover and read out. Makes it disabled, but focusable. */
  readonly refusal?: string | undefined
  readonly busy?: boolean
  readonly label?: string
  readonly className?: string | undefined
}

export function Button(props: ButtonProps) {
  const { refusal = '' } = props
  return refusal === '' ? (
    <Bare {...props} />
  ) : (
    <Tooltip text={refusal}>
      <Bare {...props} />
    </Tooltip>
  )
}

/** Without a tooltip: a trigger inside of another one would ask each other for the text without end. */
function Bare(props: ButtonProps) {
  const { children, look = 'plain', size = 'medium', icon: Icon, label, refusal = '', busy = false, ...given } = props
  const refused = refusal !== ''
  return (
    <BaseButton
      type="button"
      {...given}
      className={classes(css.button, css[look], css[size], props.className)}
      {...(label === undefined ? {} : { 'aria-label': label })}
      aria-busy={busy || undefined}
      disabled={props.disabled === true || refused || busy}
      focusableWhenDisabled={refused || busy}
    >
      {Icon && <Icon aria-hidden className={css.icon} strokeWidth={1.75} />}
      {children}
    </BaseButton>
  )
}

/** A button of one icon; its label is its name and its tooltip, which also says why it cannot be pressed. */
export function IconButton({
  label,
  keys,
  ...props
}: ButtonProps & { readonly label: string; readonly keys?: string }) {
  const { refusal = '' } = props
  const text = refusal === '' ? label : `${label}: ${refusal}`
  return (
    <Tooltip text={text} {...(keys === undefined || refusal !== '' ? {} : { keys })}>
      <Bare look="quiet" {...props} label={label} className={classes(css.square, props.className)} />
    </Tooltip>
  )
}

/** A link that looks like a button: it goes somewhere, and changes nothing. */
export function LinkButton(props: {
  readonly href: string
  readonly children: ReactNode
  readonly look?: 'primary' | 'plain' | 'quiet' | 'danger'
  readonly size?: 'small' | 'medium'
  readonly icon?: LucideIcon
  /** It continues what the page is about: the page may give it the focus. */
  readonly way?: boolean
}) {
  const { href, children, look = 'plain', size = 'medium', icon: Icon } = props
  return (
    <a href={href} className={classes(css.button, css[look], css[size])} data-way={props.way || undefined}>
      {Icon && <Icon aria-hidden className={css.icon} strokeWidth={1.75} />}
      {children}
    </a>
  )
}
