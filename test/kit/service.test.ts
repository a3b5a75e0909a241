/** Services as the manager reports them: a missing one is not merely inactive. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { restorePlan } from '../../src-shared/domain/kit-restore.ts'
import { inspection } from '../../src-shared/domain/kit-site.ts'
import { ScratchSite } from '../support/scratch-site.ts'

const name = 'cvd_backup_20260110_120000.db.gz'

interface Unit {
  readonly load: string
  readonly active?: string
  readonly file?: string
  readonly consistsOf?: string
}

/** Bash text: prints what `systemctl show` of systemd 252 prints about these units, and logs a line for each call. */
function systemctl(units: Readonly<Record<string, Unit>>): string {
  const cases = Object.entries(units).map(([unit, { load, active = 'inactive', file = '', consistsOf = '' }]) => {
    const lines = [
      `ConsistsOf=${consistsOf}`,
      'RequiredBy=',
      `Names=${unit}.service`,
      `LoadState=${load}`,
      `ActiveState=${active}`,
      `UnitFileState=${file}`,
    ]
    return `${unit} | ${unit}.service) printf '%s' "$gap"; printf '%s\\n' ${lines.map((line) => `'${line}'`).join(' ')}; gap=$'\\n' ;;`
  })
  return `systemctl() {
    local gap='' word
    printf 'systemctl %s\\n' "$*" >>"$STATE/../asked"
    for word; do case $word in ${cases.join('\n')} esac; done
  }`
}

describe('services under systemd', () => {
  let site: ScratchSite
  beforeEach(() => {
    site = new ScratchSite()
    site.backup(name)
  })
  afterEach(() => site.remove())

  const see = async (units: Readonly<Record<string, Unit>>, service: string) => {
    await site.run(['policy', `service=${service}`])
    const options = { instead: systemctl(units) }
    const seen = await site.ask(['inspect'], inspection, options)
    const plan = await site.ask(['plan', 'restore', 'database', name], restorePlan, options)
    return { seen, plan, check: plan.checks.find(({ check }) => check === 'service') }
  }
  /** What a restore reports before it does anything. */
  const refusal = (units: Readonly<Record<string, Unit>>) =>
    site.library(
      `${systemctl(units)}\nfail() { printf '%s: %s -> %s\\n' "$1" "$2" "$4"; exit 0; }; check_services; echo "fine: $TX_WERE"`,
    )

  it.each([
    ['not-found', 'There is no service cvd on this server.'],
    ['masked', 'The service cvd is masked: it cannot be started.'],
    ['bad-setting', 'The unit of the service cvd is faulty (bad-setting): it cannot be started.'],
    ['error', 'The unit of the service cvd is faulty (error): it cannot be started.'],
  ])('report that a unit is %s, and no restore begins', async (load, words) => {
    const units = { cvd: { load } }
    const { seen, plan, check } = await see(units, 'cvd')
    expect(seen.services).toMatchObject([{ name: 'cvd', state: load }])
    expect(seen.problems).toContainEqual(expect.objectContaining({ code: 'service-unknown', text: words }))
    expect([plan.possible, check?.state, check?.evidence]).toEqual([false, 'failed', words])
    expect(refusal(units)).toMatch(`service: ${words} ->`)
  })

  it('report this even if the unit still runs: it could be stopped but not started again', async () => {
    const units = { cvd: { load: 'masked', active: 'active', file: 'masked' } }
    const { seen, check } = await see(units, 'cvd')
    expect(seen.services).toMatchObject([{ state: 'active', enabled: 'masked' }])
    expect(check?.state).toBe('failed')
  })

  it('count as running while they reload their settings', async () => {
    const { seen, check } = await see({ cvd: { load: 'loaded', active: 'reloading' } }, 'cvd')
    expect(seen.problems.map(({ code }) => code)).not.toContain('service-down')
    expect(check?.state).toBe('passed')
  })

  it('that are known but stopped cause a warning, and a restore starts them', async () => {
    const units = { cvd: { load: 'loaded', file: 'enabled' } }
    const { seen, check } = await see(units, 'cvd')
    expect(seen.services).toMatchObject([{ state: 'inactive', enabled: 'enabled' }])
    expect([check?.state, check?.evidence]).toEqual(['warning', 'cvd is inactive'])
    expect(refusal(units)).toBe('fine: \n')
  })

  it('are matched by name: one that systemd does not report is unknown', async () => {
    const { seen, check } = await see({ worker: { load: 'loaded', active: 'active' } }, 'cvd@ worker')
    expect(seen.services.map(({ state }) => state)).toEqual(['unknown', 'active'])
    expect(check).toMatchObject({ state: 'failed', evidence: expect.stringContaining('It is not known whether') })
  })

  it('are queried together, including the units that stop with them', async () => {
    const running = { load: 'loaded', active: 'active' }
    const units = {
      cvd: { ...running, consistsOf: 'feeder.service idle.service worker.service feed.socket' },
      worker: running,
      feeder: running,
      idle: { load: 'loaded' },
    }
    await site.run(['policy', 'service=cvd worker'])
    const text = `${systemctl(units)}\nservices_read; echo "$\{DEPENDENTS[*]}: $\{SERVICE_ACTIVE[*]}"; wc -l <"$STATE/../asked"`
    expect(site.library(text)).toBe('feeder: active active\n2\n')
  })
})
