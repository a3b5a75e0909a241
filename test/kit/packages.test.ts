/** Programs that a restored site needs: named, and installed by the distribution's own command when a person says so. */
import { existsSync, readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, type TestContext } from 'vitest'
import { z } from 'zod'
import { restorePlan } from '../../src-shared/domain/kit-restore.ts'
import { systemBackup, wholeSite } from '../support/kit/whole-trial.ts'
import { ScratchSite } from '../support/scratch-site.ts'

/** The kit does not see curl, nor any package tool but the given script under the name of apt-get. */
const withoutCurl = 'command() { [[ $2 != curl && $2 != dnf ]] && builtin command "$@"; }'

function siteWith(test: TestContext, aptGet: string) {
  const site = new ScratchSite({ programs: { 'apt-get': aptGet } })
  test.onTestFinished(() => site.remove())
  const run = (...more: readonly string[]) => site.run(['packages', ...more], { instead: withoutCurl })
  return { site, run, told: join(site.folder, 'told') }
}

const installed = z.looseObject({ installed: z.array(z.string()) })
const confirmed = ['--confirm', hostname()]
const tells = '#!/bin/bash\nprintf "%s\\n" "$DEBIAN_FRONTEND $*" >>"$(dirname "$0")/../told"\n'

describe.runIf(process.getuid?.() === 0)('packages', () => {
  it('installs what is missing, and nothing else', async (test) => {
    const { run, told } = siteWith(test, tells)
    const { result } = await run(...confirmed)
    expect([result.outcome, result.data]).toEqual(['succeeded', { installed: expect.arrayContaining(['curl']) }])
    expect(readFileSync(told, 'utf8')).toMatch(/^noninteractive -qq update\nnoninteractive -qq -y install curl/)
  })

  it('says what the distribution said when it cannot', async (test) => {
    const { run } = siteWith(test, '#!/bin/bash\necho "E: Unable to locate package $*" >&2; exit 100\n')
    const { result } = await run(...confirmed)
    expect([result.code, result.message]).toEqual(['missing-packages', expect.stringContaining('Unable to locate')])
    expect(result.next).toContain('apt-get install curl')
  })

  it('does nothing without the name of the server', async (test) => {
    const { run, told } = siteWith(test, tells)
    expect((await run()).result.code).toBe('not-confirmed')
    expect(existsSync(told)).toBe(false)
  })

  it('is what the plan of a system backup shows, to the word', async (test) => {
    const site = wholeSite({ programs: { 'apt-get': tells } })
    test.onTestFinished(() => site.remove())
    const file = await systemBackup(site)
    const words = ['plan', 'restore', 'system', file, '--parts', 'config']
    const { packages, checks, possible } = await site.ask(words, restorePlan, { instead: withoutCurl })
    expect([possible, checks.find(({ check }) => check === 'packages')?.state]).toEqual([false, 'failed'])
    const { result } = await site.run(['packages', ...confirmed], { instead: withoutCurl })
    expect(packages?.missing).toEqual(installed.parse(result.data).installed)
    const told = readFileSync(join(site.folder, 'told'), 'utf8')
    expect(packages?.commands.map((command) => command.replace(/^apt-get/, 'noninteractive')).join('\n')).toBe(
      told.trim(),
    )
  })

  it('takes the command of the distribution that it is on', (test) => {
    const { site } = siteWith(test, tells)
    const told = ['apt-get', 'dnf', 'zypper'].map((tool) =>
      site.library(
        `${tool}() { echo "${tool} $*"; }; PACKAGE_TOOL=${tool} PACKAGES=(nginx); install_words nginx; echo "$REPLY"; packages_install 2>&1`,
      ),
    )
    expect(told).toEqual([
      'apt-get install nginx\napt-get -qq update\napt-get -qq -y install nginx\n',
      'dnf install nginx\ndnf -y install nginx\n',
      'zypper install nginx\nzypper --non-interactive install nginx\n',
    ])
  })
})
