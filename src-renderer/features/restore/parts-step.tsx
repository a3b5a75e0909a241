/** Step one of a system backup: which of its parts to restore, all in one transaction. */
import { useEffect, useState } from 'react'
import type { BackupEntry } from '../../../src-shared/domain/kit-backups.ts'
import { partTitle } from '../../../src-shared/domain/part-words.ts'
import { type SitePart, siteParts } from '../../../src-shared/domain/restored-parts.ts'
import { useQuery } from '../../api/hooks.ts'
import { go } from '../../app/router.ts'
import { href } from '../../app/routes.ts'
import { QUICK_TO_READ } from '../../shared/backup-words.ts'
import { Button, LinkButton } from '../../ui/button.tsx'
import { Checkbox } from '../../ui/field.tsx'
import { Section } from '../../ui/page.tsx'
import { Notice } from '../../ui/states.tsx'
import css from './parts.module.css'
import { changeParts, useParts } from './parts-memory.ts'
import frame from './restore.module.css'
import { useFirstFocus } from './use-first-focus.ts'

/** What each part is, for those who have to decide. */
const meanings: Readonly<Record<SitePart, string>> = {
  database: 'All data of the site. What was written since the backup would be lost; the next step shows it row by row.',
  application: 'The program: the folder app. Its virtual environment stays as long as it fits.',
  config: 'The settings: the folder config with .env, which holds keys and passwords.',
  systemd: 'How systemd starts the services: their unit files and drop-ins. They run as root.',
  nginx: 'How nginx serves the site. nginx checks the file before it loads it.',
}

export function PartsStep({ site, entry }: { readonly site: string; readonly entry: BackupEntry }) {
  const { path } = entry
  const { held, left } = useParts(path)
  // A large one is read by the plan, which says what it lacks.
  const contents = useQuery('backup.contents', held === null && entry.size <= QUICK_TO_READ ? { site, path } : null)
  useEffect(() => {
    const there = contents.data?.parts.map(({ part }): string => part)
    if (there) changeParts(path, { held: siteParts.filter((part) => there.includes(part)) })
  }, [path, contents.data])
  const [tried, setTried] = useState(false)
  const missing = siteParts.filter((part) => held !== null && !held.includes(part))
  const chosen = siteParts.filter((part) => !missing.includes(part) && !left.includes(part))
  const all = chosen.length === siteParts.length - missing.length
  const way = useFirstFocus<HTMLFormElement>('[data-way]')
  const choose = (part: SitePart, wanted: boolean) =>
    changeParts(path, { left: wanted ? left.filter((one) => one !== part) : [...left, part] })
  return (
    <form
      ref={way}
      className={css.form}
      onSubmit={(event) => {
        event.preventDefault()
        setTried(true)
        if (chosen.length > 0) go({ page: 'restore', site, path, parts: all ? 'all' : chosen, step: 'changes' })
      }}
    >
      <Section title="Parts of this backup" note="restored together: all of them, or none">
        <ul className={css.parts}>
          {siteParts.map((part) => {
            const lacks = missing.includes(part)
            return (
              <li key={part} className={css.part} data-missing={lacks || undefined}>
                <Checkbox
                  label={<strong>{partTitle(part)}</strong>}
                  checked={chosen.includes(part)}
                  disabled={lacks}
                  onChange={(wanted) => choose(part, wanted)}
                />
                <p className={css.meaning}>{lacks ? 'Not in this backup: it stays as it is.' : meanings[part]}</p>
              </li>
            )
          })}
        </ul>
      </Section>
      {tried && chosen.length === 0 && <Notice tone="warn" title="Choose at least one part." />}
      <div className={frame.way}>
        <span className={frame.planned}>
          {all ? 'Everything that the backup holds is restored.' : `Left as it is: ${left.map(partTitle).join(', ')}.`}
        </span>
        <LinkButton href={href({ page: 'restore', site, path, step: 'choose' })}>Choose another backup</LinkButton>
        <Button look="primary" type="submit" data-way>
          See what would change
        </Button>
      </div>
    </form>
  )
}
