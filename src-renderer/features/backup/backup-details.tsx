/** What is recorded about a backup: when and how it was made, where it is, and its fingerprint. */
import type { SiteOverview } from '../../../src-shared/contract/sites.ts'
import { showName, showPath } from '../../../src-shared/domain/backup-path.ts'
import { formatBytes, formatCount, formatTime } from '../../../src-shared/domain/format.ts'
import type { BackupEntry } from '../../../src-shared/domain/kit-backups.ts'
import { isFuture, momentOf } from '../../../src-shared/domain/newest.ts'
import type { OutputOf } from '../../api/hooks.ts'
import { kindWords, originWords } from '../../shared/backup-words.ts'
import { shortHash } from '../../shared/operation-steps.ts'
import { HostileText } from '../../ui/hostile-text.tsx'
import { Fact, Facts, Section } from '../../ui/page.tsx'
import { Notice } from '../../ui/states.tsx'
import { Time } from '../../ui/time.tsx'
import css from './backup.module.css'

type Shown = OutputOf<'backup.show'>

export function BackupDetails(props: { entry: BackupEntry; overview: SiteOverview; shown: Shown | undefined }) {
  const { entry, overview, shown } = props
  const fingerprint = shown?.fingerprint ?? null
  const archive = shown?.archive ?? null
  const { zone, clockOffset: offset } = overview
  return (
    <Section title="Details">
      <Facts>
        <Fact name="Taken">
          <Time at={momentOf(entry)} offset={offset} zone={zone} />{' '}
          <span className={css.more}>{formatTime(momentOf(entry), zone)}</span>
          {isFuture(entry, Date.now() + offset) && (
            <span className={css.more}> Dated in the future: a clock was wrong.</span>
          )}
        </Fact>
        <Fact name="Kind">{kindWords[entry.kind]}</Fact>
        <Fact name="Origin">{originWords[entry.origin]}</Fact>
        <Fact name="Size">
          {entry.folder ? 'A folder, kept by a restore: undo brings it back.' : formatBytes(entry.size)}
          {fingerprint && <span className={css.more}> {formatBytes(fingerprint.databaseSize)} uncompressed</span>}
          {archive && <span className={css.more}> {formatBytes(archive.bytes)} uncompressed</span>}
        </Fact>
        <Fact name="Path">
          <HostileText text={showPath(entry.path)} />
        </Fact>
        {entry.companions.length > 0 && (
          <Fact name="Companion files">
            <HostileText text={entry.companions.map(showName).join(', ')} />
          </Fact>
        )}
        {archive && (
          <>
            <Fact name="SHA-256">
              <code className={css.hash}>{archive.sha256}</code>
            </Fact>
            <Fact name="Members">
              {formatCount(archive.members)} <span className={css.more}>files, folders and links, each recorded</span>
            </Fact>
            <Fact name="CVD commit">
              {archive.commit === null ? (
                <span className={css.more}>Unknown</span>
              ) : (
                <HostileText text={archive.commit} />
              )}
            </Fact>
          </>
        )}
        {fingerprint && (
          <>
            <Fact name="SHA-256">
              <code className={css.hash}>{fingerprint.sha256}</code>
            </Fact>
            <Fact name="Schema version">
              {fingerprint.userVersion}{' '}
              <span className={css.more}>
                {formatCount(fingerprint.pageCount)} pages, {fingerprint.journalMode.toUpperCase()}
              </span>
            </Fact>
            <Fact name="CVD commit">
              {fingerprint.commit === null ? (
                <span className={css.more}>Unknown</span>
              ) : (
                <HostileText text={fingerprint.commit} />
              )}
            </Fact>
            <Fact name="Made with">
              <span className={css.more}>
                <HostileText
                  text={Object.entries(fingerprint.tools)
                    .map(([name, version]) => `${name} ${shortHash(version)}`)
                    .join(', ')}
                />
              </span>
            </Fact>
          </>
        )}
      </Facts>
      {shown && !fingerprint && !archive && (
        <Notice title="No fingerprint was recorded when this backup was made.">
          It can be verified, but not compared with its original content.
        </Notice>
      )}
    </Section>
  )
}
