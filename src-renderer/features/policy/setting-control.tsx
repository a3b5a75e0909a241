/** The control of one setting, in the unit of people. A viewer gets the same value, and why it cannot be changed. */
import type { ReactNode } from 'react'
import { useRefusal } from '../../api/session.tsx'
import { type Setting, settingWords, shownNumber, storedNumber } from '../../shared/policy-settings.ts'
import { classes } from '../../ui/classes.ts'
import { Select } from '../../ui/field.tsx'
import { Tooltip } from '../../ui/tooltip.tsx'
import css from './policy.module.css'

interface ControlProps {
  readonly name: string
  readonly setting: Setting
  readonly value: string
  readonly wrong: boolean
  readonly onChange: (value: string) => void
}

export const controlId = (name: string) => `setting-${name}`
export const aboutId = (name: string) => `about-${name}`

export function SettingControl(props: ControlProps) {
  const refusal = useRefusal()
  const { name, setting, value } = props
  if (refusal !== undefined) {
    return (
      <Tooltip text={refusal}>
        <input
          id={controlId(name)}
          className={css.input}
          readOnly
          aria-label={setting.label}
          aria-describedby={aboutId(name)}
          value={settingWords(name, value)}
        />
      </Tooltip>
    )
  }
  switch (setting.form.form) {
    case 'number':
      return <NumberInput {...props} form={setting.form} />
    case 'choice':
      return <Choice {...props} options={setting.form.options} />
    case 'quiet-hours':
      return <QuietHours {...props} />
    default:
      return <TextInput {...props} />
  }
}

function Input(
  props: ControlProps & {
    readonly text: string
    readonly short?: boolean
    readonly mono?: boolean
    readonly placeholder?: string
  },
) {
  const { name, setting, wrong, text, onChange, short = false, mono = false } = props
  return (
    <input
      id={controlId(name)}
      className={classes(css.input, short && css.short, mono && css.mono)}
      type="text"
      inputMode={short ? 'decimal' : undefined}
      autoComplete="off"
      spellCheck={false}
      maxLength={short ? 15 : 4096}
      aria-label={setting.label}
      aria-describedby={aboutId(name)}
      aria-invalid={wrong || undefined}
      placeholder={props.placeholder}
      value={text}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  )
}

function NumberInput({
  form,
  ...props
}: ControlProps & { readonly form: Extract<Setting['form'], { form: 'number' }> }) {
  const { value, onChange } = props
  const shown = shownNumber(form, value)
  return (
    <span className={css.measure}>
      <Input {...props} short text={shown} onChange={(text) => onChange(storedNumber(form, text))} />
      <span className={css.unit}>
        {shown === '0' && form.zero !== undefined ? form.zero : form.unit[shown === '1' ? 0 : 1]}
      </span>
    </span>
  )
}

function TextInput(props: ControlProps) {
  const { form } = props.setting
  const [mono, empty] = form.form === 'text' ? [form.mono === true, form.empty] : [false, undefined]
  return <Input {...props} text={props.value} mono={mono} {...(empty !== undefined && { placeholder: empty })} />
}

function Choice({
  options,
  ...props
}: ControlProps & { readonly options: readonly { value: string; label: string }[] }) {
  return (
    <Wide>
      <Select inline label={props.setting.label} value={props.value} options={options} onChange={props.onChange} />
    </Wide>
  )
}

const hours = Array.from({ length: 24 }, (_, hour) => {
  const two = String(hour).padStart(2, '0')
  return { value: two, label: `${two}:00` }
})

function QuietHours({ value, onChange }: ControlProps) {
  const [, from = '22', to = '07'] = /^(\d\d)-(\d\d)$/.exec(value) ?? []
  return (
    <span className={css.measure}>
      <Select
        inline
        label="Quiet hours"
        value={value === '' ? 'none' : 'set'}
        options={[
          { value: 'none', label: 'None' },
          { value: 'set', label: 'From' },
        ]}
        onChange={(one) => onChange(one === 'none' ? '' : `${from}-${to}`)}
      />
      {value !== '' && (
        <>
          <Select
            inline
            label="Quiet hours begin"
            value={from}
            options={hours}
            onChange={(hour) => onChange(`${hour}-${to}`)}
          />
          <span className={css.unit}>to</span>
          <Select
            inline
            label="Quiet hours end"
            value={to}
            options={hours}
            onChange={(hour) => onChange(`${from}-${hour}`)}
          />
        </>
      )}
    </span>
  )
}

function Wide({ children }: { readonly children: ReactNode }) {
  return <span className={css.wide}>{children}</span>
}
