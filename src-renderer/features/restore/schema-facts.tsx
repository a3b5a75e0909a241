import type { RestorePlan } from '../../../src-shared/domain/kit-protocol.ts'
import { HostileText } from '../../ui/hostile-text.tsx'
import { Fact, Facts, Section } from '../../ui/page.tsx'
import { Mark } from '../../ui/verdict.tsx'

/** Whether the running application fits the database that would come back. */
export function SchemaFacts({ plan: { schema } }: { readonly plan: Pick<RestorePlan, 'schema'> }) {
  const { liveUserVersion, backupUserVersion, onlyLive, onlyBackup } = schema
  const sameVersion = liveUserVersion === backupUserVersion
  const same = sameVersion && onlyLive.length === 0 && onlyBackup.length === 0
  return (
    <Section title="Schema">
      <Facts>
        <Fact name="Version">
          {sameVersion ? (
            <>{backupUserVersion} on both sides</>
          ) : (
            <Mark of="warning">
              {liveUserVersion ?? 'not known'} live, {backupUserVersion} in the backup
            </Mark>
          )}
        </Fact>
        {onlyLive.length > 0 && (
          <Fact name="Only live">
            <Mark of="warning">
              <HostileText text={onlyLive.join(', ')} />
            </Mark>
          </Fact>
        )}
        {onlyBackup.length > 0 && (
          <Fact name="Only in the backup">
            <Mark of="warning">
              <HostileText text={onlyBackup.join(', ')} />
            </Mark>
          </Fact>
        )}
        {same && <Fact name="Tables">The same on both sides</Fact>}
      </Facts>
    </Section>
  )
}
