/** A site that the user changes or removes while a server is being inspected: the change stays and applies. */
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Console } from '../../src-main/app/console.ts'
import { missingForDemo } from '../../src-main/demo/requirements.ts'
import { type DemoSite, startDemoSite } from '../../src-main/demo/site.ts'
import { Fleet } from '../../src-main/fleet/site-refresher.ts'
import { editSite } from '../../src-main/operations/edit-site.ts'
import { inspectSite } from '../../src-main/operations/inspect.ts'
import type { Site } from '../../src-main/store/sites.ts'
import { knowSite, machineAt, openConsole } from '../support/console.ts'
import { scratchFolder } from '../support/folder.ts'

const lacks = missingForDemo().map(({ what }) => what)

describe.skipIf(lacks.length > 0)(`a site that is changed during an inspection ${lacks.join(', ')}`, () => {
  let demo: DemoSite
  let console: Console
  let site: Site

  beforeAll(async () => {
    demo = await startDemoSite({ appStartMs: 50 })
  })
  afterAll(() => demo.stop())
  beforeEach(async () => {
    console = openConsole(scratchFolder())
    const known = await knowSite(console, demo)
    site = { ...known, machineId: await machineAt(console, known) }
    update({})
    return () => console[Symbol.asyncDispose]()
  })

  const stored = () => console.context.store.sites.byId(site.id)
  const update = (changes: Partial<Site>) => console.context.store.sites.update({ ...site, ...changes })

  /** Acts after the server has answered the next inspection, and before the answer arrives. */
  function meanwhile(work: () => void): void {
    const { links } = console.context
    const open = links.open.bind(links)
    vi.spyOn(links, 'open').mockImplementationOnce(async (address, options) => {
      const link = await open(address, options)
      if (!link.ok) return link
      const { client } = link.value
      const inspect = client.inspect.bind(client)
      client.inspect = async (...args) => {
        const answer = await inspect(...args)
        work()
        return answer
      }
      return link
    })
  }

  test('a new name is kept', async () => {
    meanwhile(() => update({ name: 'South', colour: 'red' }))
    expect(await inspectSite(console.context, site)).toMatchObject({ ok: true })
    // Its first inspection: the server's information is new.
    expect(stored()).toMatchObject({ name: 'South', colour: 'red', hostName: expect.not.stringMatching(/^demo$/) })
  })

  test('an answer of the old machine is not stored for the new one', async () => {
    meanwhile(() => update({ machineId: 'the-new-one' }))
    expect(await inspectSite(console.context, site)).toMatchObject({ ok: false, error: { code: 'site-changed' } })
    expect(console.context.store.inspections.latest(site.id)).toBeNull()
  })

  test('a machine that was accepted during its answer is not the wrong one', async () => {
    update({ machineId: 'the-old-one' })
    const before = stored() as Site
    meanwhile(() => update({}))
    expect(await inspectSite(console.context, before)).toMatchObject({ ok: true })
  })

  test('a removed site is not inspected any more', async () => {
    meanwhile(() => console.context.store.sites.remove(site.id))
    expect(await inspectSite(console.context, site)).toMatchObject({ ok: false, error: { code: 'no-such-site' } })
  })

  test("two windows edit it: neither reverts the other's changes", async () => {
    meanwhile(() => update({ name: 'South' }))
    const edited = await editSite(console.context, site, {
      colour: 'red',
      policy: {},
      accept: [demo.hostKeyFingerprint],
    })
    expect(edited).toMatchObject({ ok: true })
    expect(stored()).toMatchObject({ name: 'South', colour: 'red' })
    meanwhile(() => update({ machineId: 'the-new-one' }))
    const late = await editSite(console.context, stored() as Site, { policy: {}, accept: [demo.hostKeyFingerprint] })
    expect(late).toMatchObject({ ok: false, error: { code: 'site-changed' } })
    expect(stored()).toMatchObject({ machineId: 'the-new-one' })
  })

  test('connection events of the old address are not reported for the new one', async () => {
    const { context, runner } = console
    const nowhere = { ...site, target: { ...site.target, port: 1 } }
    update(nowhere)
    await using fleet = new Fleet(context, runner)
    expect(await fleet.refresh(nowhere)).toMatchObject({ ok: false, error: { code: 'unreachable' } })
    expect(fleet.refreshState(site.id)).toMatchObject({ link: { state: 'failed' } })
    const edited = await editSite(context, nowhere, { target: site.target, policy: {}, accept: [] })
    expect(edited).toMatchObject({ ok: true })
    fleet.seen(stored() as Site)
    expect(fleet.refreshState(site.id)).toMatchObject({ failure: null, link: null })
  })
})
