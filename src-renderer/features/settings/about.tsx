import { useSession } from '../../api/session.tsx'
import { HostileText } from '../../ui/hostile-text.tsx'
import { Fact, Facts, Section } from '../../ui/page.tsx'

const systems: Readonly<Record<string, string>> = { linux: 'Linux', darwin: 'macOS', win32: 'Windows' }

export function AboutSettings() {
  const { name, version, platform, host, who, role, dataFolder } = useSession()
  return (
    <Section title={name}>
      <Facts>
        <Fact name="Version">{version}</Fact>
        <Fact name="Runs on">
          {systems[platform] ?? platform},{' '}
          {host === 'electron' ? 'as a desktop application' : 'in a browser on this computer'}
        </Fact>
        <Fact name="User">
          <HostileText text={who} />, {role === 'admin' ? 'administrator' : 'viewer'}
        </Fact>
        <Fact name="Data folder">
          <HostileText text={dataFolder} />
        </Fact>
      </Facts>
    </Section>
  )
}
