/** Appearance, SSH keys, known hosts, stored secrets, and about the console. */
import { href, type SettingsSection } from '../../app/routes.ts'
import { Page } from '../../ui/page.tsx'
import { TabLinks } from '../../ui/tabs.tsx'
import { AboutSettings } from './about.tsx'
import { AppearanceSettings } from './appearance.tsx'
import { IdentitySettings } from './identities.tsx'
import { HostSettings } from './known-hosts.tsx'
import { SecretSettings } from './secrets.tsx'

const sections: readonly { readonly section: SettingsSection; readonly label: string }[] = [
  { section: 'appearance', label: 'Appearance' },
  { section: 'identities', label: 'SSH keys' },
  { section: 'hosts', label: 'Known hosts' },
  { section: 'secrets', label: 'Secrets' },
  { section: 'about', label: 'About' },
]

export function SettingsPage({ section }: { readonly section: SettingsSection }) {
  const current = sections.find((one) => one.section === section)
  return (
    <Page
      narrow
      name={current ? `${current.label}, settings` : 'Settings'}
      title="Settings"
      tabs={
        <TabLinks
          label="Settings"
          tabs={sections.map((one) => ({
            href: href({ page: 'settings', section: one.section }),
            label: one.label,
            current: one.section === section,
          }))}
        />
      }
    >
      <Part section={section} />
    </Page>
  )
}

function Part({ section }: { readonly section: SettingsSection }) {
  switch (section) {
    case 'appearance':
      return <AppearanceSettings />
    case 'identities':
      return <IdentitySettings />
    case 'hosts':
      return <HostSettings />
    case 'secrets':
      return <SecretSettings />
    case 'about':
      return <AboutSettings />
  }
}
