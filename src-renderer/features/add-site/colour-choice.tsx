import { colours } from '../../../src-shared/contract/words.ts'
import { SiteColour } from '../../ui/verdict.tsx'
import css from './add-site.module.css'

/** The colour that goes with the name everywhere. Each one has its word. */
export function ColourChoice({
  value,
  onChange,
}: {
  readonly value: string
  readonly onChange: (colour: string) => void
}) {
  return (
    <fieldset className={css.colours}>
      <legend className={css.legend}>Colour</legend>
      {colours.map((colour) => (
        <label key={colour} className={css.colour} data-chosen={colour === value || undefined}>
          <input
            type="radio"
            name="colour"
            className="visually-hidden"
            value={colour}
            checked={colour === value}
            onChange={() => onChange(colour)}
          />
          <SiteColour colour={colour} />
          {colour}
        </label>
      ))}
    </fieldset>
  )
}
