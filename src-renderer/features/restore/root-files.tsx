/** Files that run as root, in step two: what becomes of each, and what differs in it. */
import { showPath } from '../../../src-shared/domain/backup-path.ts'
import { formatCount } from '../../../src-shared/domain/format.ts'
import { CodeBlock } from '../../ui/code-block.tsx'
import { HostileText } from '../../ui/hostile-text.tsx'
import { Section } from '../../ui/page.tsx'
import { Mark } from '../../ui/verdict.tsx'
import css from './parts.module.css'
import frame from './restore.module.css'
import type { PlanStepProps } from './restore-page.tsx'

type RootFile = PlanStepProps['plan']['parts'][number]['files'][number]

const states: Readonly<Record<Exclude<RootFile['state'], 'same'>, string>> = {
  changed: 'Would change',
  new: 'Would come back: it is not on the server now',
  removed: 'Would be taken away: the backup does not have it',
}

/** `1 file would change, 1 would come back, 0 would be taken away.` */
export function rootFilesSentence(files: readonly RootFile[]): string {
  const count = (state: RootFile['state']) => files.filter((file) => file.state === state).length
  const changed = count('changed')
  if (files.every(({ state }) => state === 'same')) return 'The files are the same in both.'
  return `${formatCount(changed)} ${changed === 1 ? 'file' : 'files'} would change, ${formatCount(count('new'))} would come back, ${formatCount(count('removed'))} would be taken away.`
}

export function RootFiles({ files, title }: { readonly files: readonly RootFile[]; readonly title: string }) {
  const same = files.filter(({ state }) => state === 'same')
  return (
    <Section title={title} note="read what changes: these files run as root">
      <ul className={css.files}>
        {files.map(
          (file) => file.state !== 'same' && <ChangedFile key={file.path} file={file} words={states[file.state]} />,
        )}
      </ul>
      {same.length > 0 && (
        <p className={frame.more}>
          The same in both: <HostileText text={same.map(({ path }) => showPath(path)).join(', ')} />
        </p>
      )}
    </Section>
  )
}

function ChangedFile({ file, words }: { readonly file: RootFile; readonly words: string }) {
  const { path, difference } = file
  return (
    <li className={css.file}>
      <p>
        <Mark of="warning">{words}</Mark>
      </p>
      {difference === '' ? (
        <p>
          <HostileText text={showPath(path)} />{' '}
          {file.state === 'changed' && <span className={frame.more}>The live file could not be compared.</span>}
        </p>
      ) : (
        <CodeBlock title={showPath(path)} text={difference} />
      )}
    </li>
  )
}
