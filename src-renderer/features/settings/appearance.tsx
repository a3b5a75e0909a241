import type { Appearance } from '../../../src-shared/contract/settings.ts'
import { useCommand, useSubscription } from '../../api/hooks.ts'
import { Section, Stack } from '../../ui/page.tsx'
import { ErrorState, Loading } from '../../ui/states.tsx'
import css from './settings.module.css'

const themes = [
  { value: 'system', label: 'As the system', note: 'Day or night, whichever the computer shows.' },
  { value: 'light', label: 'Light', note: 'Ink on paper.' },
  { value: 'dark', label: 'Dark', note: 'For a dim room.' },
] as const

const densities = [
  { value: 'comfortable', label: 'Comfortable', note: 'Rows with room around them.' },
  { value: 'compact', label: 'Compact', note: 'More rows on the screen.' },
] as const

export function AppearanceSettings() {
  const appearance = useSubscription('settings.watch', {}).state
  const set = useCommand('settings.setAppearance')
  if (!appearance) return <Loading what="the appearance" />
  const change = (next: Partial<Appearance>) => void set.run(next)
  return (
    <Stack>
      {set.failure && <ErrorState failure={set.failure} />}
      <Choice
        legend="Colours"
        name="theme"
        value={appearance.theme}
        options={themes}
        onChange={(theme) => change({ theme })}
      />
      <Choice
        legend="Density"
        name="density"
        value={appearance.density}
        options={densities}
        onChange={(density) => change({ density })}
      />
    </Stack>
  )
}

function Choice<V extends string>(props: {
  readonly legend: string
  readonly name: string
  readonly value: V
  readonly options: readonly { readonly value: V; readonly label: string; readonly note: string }[]
  readonly onChange: (value: V) => void
}) {
  return (
    <Section title={props.legend}>
      <div role="radiogroup" aria-label={props.legend} className={css.choices}>
        {props.options.map(({ value, label, note }) => (
          <label key={value} className={css.choice} data-chosen={value === props.value || undefined}>
            <input
              type="radio"
              name={props.name}
              value={value}
              checked={value === props.value}
              onChange={() => props.onChange(value)}
            />
            <span>
              <span className={css.choiceLabel}>{label}</span>
              <span className={css.note}>{note}</span>
            </span>
          </label>
        ))}
      </div>
    </Section>
  )
}
