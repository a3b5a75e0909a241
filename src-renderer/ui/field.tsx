/** What can be filled in. The label is always there; what is wrong is said below, in words, and read out. */
import { Checkbox as BaseCheckbox } from '@base-ui/react/checkbox'
import { Field as BaseField } from '@base-ui/react/field'
import { Select as BaseSelect } from '@base-ui/react/select'
import { Check, ChevronsUpDown, Search } from 'lucide-react'
import { type ReactNode, type Ref, useId } from 'react'
import { classes } from './classes.ts'
import css from './field.module.css'

interface FieldProps {
  readonly label: string
  readonly hint?: ReactNode
  readonly error?: string | undefined
}

interface TextFieldProps extends FieldProps {
  readonly value: string
  readonly onChange: (value: string) => void
  readonly type?: 'text' | 'password' | 'number'
  readonly placeholder?: string
  readonly mono?: boolean
  readonly multiline?: boolean
  readonly autoFocus?: boolean
  readonly disabled?: boolean
  readonly maxLength?: number
  readonly ref?: Ref<HTMLInputElement>
}

export function TextField(props: TextFieldProps) {
  const { label, hint, error, value, onChange, type = 'text', mono = false, multiline = false } = props
  return (
    <BaseField.Root className={css.field} invalid={error !== undefined} disabled={props.disabled ?? false}>
      <BaseField.Label className={css.label}>{label}</BaseField.Label>
      <BaseField.Control
        ref={props.ref}
        className={classes(css.input, mono && css.mono, multiline && css.area)}
        type={type}
        value={value}
        placeholder={props.placeholder}
        autoFocus={props.autoFocus}
        maxLength={props.maxLength}
        autoComplete="off"
        spellCheck={false}
        render={multiline ? <textarea rows={3} /> : undefined}
        onValueChange={onChange}
      />
      {hint !== undefined && error === undefined && (
        <BaseField.Description className={css.hint}>{hint}</BaseField.Description>
      )}
      {error !== undefined && (
        <BaseField.Error match className={css.error}>
          {error}
        </BaseField.Error>
      )}
    </BaseField.Root>
  )
}

export interface Option {
  readonly value: string
  readonly label: string
}

export function Select(
  props: FieldProps & {
    readonly value: string
    readonly options: readonly Option[]
    readonly onChange: (value: string) => void
    /** The label is for screen readers only: what is chosen says it. */
    readonly inline?: boolean
  },
) {
  const { label, hint, value, options, onChange, inline = false } = props
  return (
    <div className={classes(css.field, inline && css.inline)}>
      <BaseSelect.Root items={[...options]} value={value} onValueChange={(next) => onChange(String(next))}>
        <BaseSelect.Label className={inline ? 'visually-hidden' : css.label}>{label}</BaseSelect.Label>
        <BaseSelect.Trigger className={classes(css.input, css.select)}>
          <BaseSelect.Value />
          <ChevronsUpDown aria-hidden className={css.chevron} />
        </BaseSelect.Trigger>
        <BaseSelect.Portal>
          <BaseSelect.Positioner className={css.positioner} sideOffset={4} alignItemWithTrigger={false}>
            <BaseSelect.Popup className={css.popup}>
              <BaseSelect.List>
                {options.map((option) => (
                  <BaseSelect.Item key={option.value} value={option.value} className={css.item}>
                    <BaseSelect.ItemIndicator className={css.tick}>
                      <Check aria-hidden />
                    </BaseSelect.ItemIndicator>
                    <BaseSelect.ItemText className={css.itemText}>{option.label}</BaseSelect.ItemText>
                  </BaseSelect.Item>
                ))}
              </BaseSelect.List>
            </BaseSelect.Popup>
          </BaseSelect.Positioner>
        </BaseSelect.Portal>
      </BaseSelect.Root>
      {hint !== undefined && <p className={css.hint}>{hint}</p>}
    </div>
  )
}

export function Checkbox(props: {
  readonly label: ReactNode
  readonly checked: boolean
  readonly mixed?: boolean
  readonly onChange: (checked: boolean) => void
  /** The label is read out but not shown: for a row of a table. */
  readonly bare?: boolean
  readonly disabled?: boolean
  readonly tabIndex?: number
}) {
  const id = useId()
  const { bare = false, label } = props
  return (
    <span className={css.check}>
      <BaseCheckbox.Root
        id={id}
        className={css.box}
        checked={props.checked}
        indeterminate={props.mixed ?? false}
        disabled={props.disabled ?? false}
        // The library takes one that is undefined for none: nobody could reach the box by keyboard.
        tabIndex={props.tabIndex ?? 0}
        onCheckedChange={(checked) => props.onChange(checked)}
        {...(bare && typeof label === 'string' ? { 'aria-label': label } : { 'aria-labelledby': `${id}-label` })}
      >
        {/* The library's own indicator asks each box of a table for animations, which there are none of. */}
        <span className={css.mark}>
          {props.mixed === true ? <span className={css.dash} /> : <Check aria-hidden strokeWidth={3} />}
        </span>
      </BaseCheckbox.Root>
      {!bare && (
        <label id={`${id}-label`} htmlFor={id}>
          {label}
        </label>
      )}
    </span>
  )
}

export function SearchField(props: {
  readonly label: string
  readonly value: string
  readonly onChange: (value: string) => void
  readonly ref?: Ref<HTMLInputElement>
}) {
  return (
    <span className={css.search}>
      <Search aria-hidden className={css.glass} />
      <input
        ref={props.ref}
        type="search"
        className={css.input}
        aria-label={props.label}
        placeholder={props.label}
        value={props.value}
        onChange={(event) => props.onChange(event.currentTarget.value)}
      />
    </span>
  )
}
