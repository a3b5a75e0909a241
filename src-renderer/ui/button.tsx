/** What can be pressed. One primary button a view; danger only where something ends or is replaced. */
import { Button as BaseButton } from '@base-ui/react/button'
import type { LucideIcon } from 'lucide-react'
import type { ReactNode, Ref } from 'react'
import css from './button.module.css'
import { classes } from './classes.ts'
import { Tooltip } from './tooltip.tsx'

export interface ButtonProps {
  readonly children?: ReactNode
  readonly onClick?: ((event: React.MouseEvent<HTMLElement>) => void) | undefined
  readonly look?: 'primary' | 'plain' | 'quiet' | 'danger'
  readonly size?: 'small' | 'medium'
  readonly icon?: LucideIcon
  readonly type?: 'button' | 'submit'
  readonly disabled?: boolean
  /** Why it cannot be pressed; shown on hover and read out. Makes it disabled, but focusable. */
  readonly refusal?: string | undefined
  readonly busy?: boolean
  readonly pressed?: boolean
  readonly label?: string
  readonly autoFocus?: boolean
  readonly className?: string | undefined
  readonly ref?: Ref<HTMLElement>
}

export function Button(props: ButtonProps) {
  const { children, look = 'plain', size = 'medium', icon: Icon, type = 'button', label, busy = false } = props
  const refused = props.refusal !== undefined && props.refusal !== ''
  const button = (
    <BaseButton
      ref={props.ref}
      type={type}
      className={classes(css.button, css[look], css[size], props.className)}
      aria-label={label}
      aria-pressed={props.pressed}
      aria-busy={busy || undefined}
      disabled={props.disabled === true || refused || busy}
      focusableWhenDisabled={refused || busy}
      autoFocus={props.autoFocus}
      onClick={props.onClick}
    >
      {Icon && <Icon aria-hidden className={css.icon} strokeWidth={1.75} />}
      {children}
    </BaseButton>
  )
  return refused ? <Tooltip text={props.refusal ?? ''}>{button}</Tooltip> : button
}

/** A button of one icon; its label is its name and its tooltip. */
export function IconButton({
  label,
  keys,
  ...props
}: ButtonProps & { readonly label: string; readonly keys?: string }) {
  return (
    <Tooltip text={label} {...(keys === undefined ? {} : { keys })}>
      <Button look="quiet" {...props} label={label} className={classes(css.square, props.className)} />
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
}) {
  const { href, children, look = 'plain', size = 'medium', icon: Icon } = props
  return (
    <a href={href} className={classes(css.button, css[look], css[size])}>
      {Icon && <Icon aria-hidden className={css.icon} strokeWidth={1.75} />}
      {children}
    </a>
  )
}
