import { execFile } from 'node:child_process'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { standIn } from '../../src-main/remote/ssh-config.ts'
import { askSsh } from '../../src-main/remote/ssh-config-ask.ts'
import { pathOf, type Settings } from '../../src-main/remote/ssh-config-settings.ts'
import { splitArguments } from '../../src-main/remote/ssh-config-words.ts'
import { missing } from '../support/prerequisites.ts'
import { makeUser, sshdNeeds, type TestUser } from '../support/sshd.ts'

interface Configuration {
  readonly name: string
  readonly hosts: readonly string[]
  readonly files: ReadonlyMap<string, string>
}

function parse(text: string): Configuration[] {
  return text
    .split(/^===== /m)
    .slice(1)
    .map((part) => {
      const [head = '', ...body] = part.split('\n')
      const [name = '', hosts = ''] = head.split(/: (.*)/)
      const ends = name.endsWith(' crlf') ? '\r\n' : '\n'
      const files = new Map<string, string>()
      for (const section of `--- config\n${body.join('\n')}`.split(/^--- /m).slice(1)) {
        const [path = '', ...lines] = section.split('\n')
        files.set(path, lines.join(ends))
      }
      return { name, hosts: splitArguments(hosts) ?? [], files }
    })
}

const corpus = parse(await readFile(new URL('./ssh-configs.txt', import.meta.url), 'utf8'))

/** ssh expands some paths at once and others later, and writes jump hosts in its own way. */
function comparable({ localUser: _, ...settings }: Settings, { home, name }: TestUser) {
  const { identityAgent, proxyJump } = settings
  const path = identityAgent && pathOf(identityAgent, { ...settings, localUser: name }, home)
  const jump = proxyJump?.replaceAll(/ssh:\/\/|[[\]]/g, '') ?? null
  return { ...settings, identityAgent: path ?? identityAgent, proxyJump: jump }
}

const lacks = missing({ ...sshdNeeds, programs: [...sshdNeeds.programs, 'ssh', 'setpriv'] })
describe.skipIf(lacks)(`the parser agrees with ssh -G${lacks && ` (skipped: lacks ${lacks})`}`, () => {
  let user: TestUser
  let ssh: string
  beforeAll(async () => {
    user = await makeUser()
    ssh = join(user.home, 'ssh-as-user')
    const become = `exec setpriv --reuid ${user.name} --regid ${user.name} --init-groups --reset-env`
    await writeFile(ssh, `#!/bin/sh\n${become} ssh "$@"\n`, { mode: 0o755 })
  })
  afterAll(async () => {
    await user?.remove()
  })

  test('the corpus is large enough', () => {
    expect(corpus.length).toBeGreaterThanOrEqual(50)
  })

  test.each(corpus.map((one) => [one.name, one] as const))('%s', async (_, { hosts, files }) => {
    const folder = join(user.home, '.ssh')
    await rm(folder, { recursive: true, force: true })
    for (const [path, text] of files) {
      await mkdir(dirname(join(folder, path)), { recursive: true })
      await writeFile(join(folder, path), text, { mode: 0o644 })
    }
    const askHost = askSsh({ ssh, file: undefined, limit: 60_000, atOnce: 4 })
    const exec = (command: string) =>
      new Promise<boolean>((resolve) => {
        execFile('/bin/bash', ['-c', command], (error) => resolve(error === null))
      })
    const computed = standIn(undefined, user.home, user.name, exec)
    expect(hosts.length).toBeGreaterThan(0)
    for (const host of hosts) {
      const wanted = await askHost(host)
      // Two kinds of keys among ssh's defaults are obsolete.
      const identityFiles = wanted.identityFiles.filter((file) => !/^~\/\.ssh\/id_(dsa|xmss)$/.test(file))
      const answer = await computed(host)
      expect(comparable(answer, user), host).toEqual(comparable({ ...wanted, identityFiles }, user))
    }
  })
})
