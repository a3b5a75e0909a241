import { useState } from 'react'
import type { WireFailure } from '../../../src-shared/contract/failure.ts'
import type { Appearance } from '../../../src-shared/contract/settings.ts'
import { useSession } from '../../api/session.tsx'
import { chooseAppearance, useAppearance } from '../../app/theme.ts'
import { Section, Stack } from '../../ui/page.tsx'
import { ErrorState } from '../../ui/states.tsx'
import css from './settings.module.css'

const themes = [
  { value: 'system', label: 'System', note: 'Light or dark, as this computer is set.' },
  { value: 'light', label: 'Light', note: 'Dark text on a light background.' },
  { value: 'dark', label: 'Dark', note: 'Light text on a dark background.' },
] as const

const densities = [
  { value: 'comfortable', label: 'Comfortable', note: 'More space around rows.' },
  { value: 'compact', label: 'Compact', note: 'More rows on screen.' },
] as const

export function AppearanceSettings() {
  const admin = useSession().role === 'admin'
  const appearance = useAppearance()
  const [failure, setFailure] = useState<WireFailure | null>(null)
  const change = (next: Partial<Appearance>) => void chooseAppearance(next, admin).then(setFailure)
  return (
    <Stack>
      <p className={css.note}>
        {admin
          ? 'Changes this window, and how new windows open. Windows that are open stay as they are.'
          : 'Changes this window only.'}
      </p>
      {failure && <ErrorState title="New windows will not open like this." failure={failure} />}
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
