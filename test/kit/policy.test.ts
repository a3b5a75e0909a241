/** The settings of a site, which every console shares. */
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { previewPolicy, siteFacts } from '../../src-main/operations/preview-policy.ts'
import { inspection, policyAnswer } from '../../src-shared/domain/kit-site.ts'
import { policyConflict } from '../../src-shared/domain/policy.ts'
import { policyKeys, policyProblem } from '../../src-shared/domain/policy-values.ts'
import { missing } from '../support/prerequisites.ts'
import { ScratchSite } from '../support/scratch-site.ts'

describe('the policy', () => {
  let site: ScratchSite
  beforeEach(() => {
    site = new ScratchSite()
  })
  afterEach(() => site.remove())

  it('loses no change when several consoles edit it at once', async () => {
    const changes = { health_timeout: '31', busy_timeout: '3100', writer_block_limit: '17', health_status: '204' }
    // Each pauses between reading and writing.
    const slow = `eval "true_$(declare -f write_whole)"; write_whole() { sleep 0.3; true_write_whole "$@"; }
      flock() { [[ $1 != -w ]] || shift 2; command flock "$@"; } # and waits for the others, however long`
    const pairs = Object.entries(changes).map(([key, value]) => `${key}=${value}`)
    const answers = await Promise.all(pairs.map((pair) => site.run(['policy', pair], { instead: slow })))
    expect(answers.map(({ result }) => result.outcome)).toEqual(pairs.map(() => 'succeeded'))
    expect((await site.run(['policy'])).result.data).toMatchObject({ policy: changes })
  })

  it.each([
    ['nobody-of-here:root', "there is no user 'nobody-of-here' on this server"],
    ['root:nogroup-of-here', "there is no group 'nogroup-of-here' on this server"],
  ])('takes no owner that does not exist: %s', async (owner, words) => {
    for (const more of [[], ['--try']]) {
      const { result, exitCode } = await site.run(['policy', ...more, 'health_timeout=31', `owner=${owner}`])
      expect([result.code, result.message, exitCode]).toEqual(['usage', `policy: owner: ${words}`, 2])
    }
    expect((await site.run(['policy'])).result.data).toMatchObject({ policy: { owner: '', health_timeout: '60' } })
    expect((await site.run(['policy', 'owner=root:root'])).result.code).toBe('ok')
    expect((await site.run(['policy', 'owner='])).result.code).toBe('ok')
  })

  const refused = {
    ...{ verify_budget: ['1441', '-1', '08', '1e2', ''], verify_within: ['0', '10000', ' 3', '3d'] },
    ...{
      alert_min_size: ['1M', '-0', '1000000000000000'],
      alert_change: ['10000', '50%'],
      alert_runway: ['ten', '014'],
    },
    ...{
      alert_lock: ['0', '12345678'],
      quiet_hours: ['22-24', '7-22', '22-22', '22-07 ', 'off'],
      schedule_monitor: ['hourly', 'every 5h'],
    },
    health_timeout: ['a[$(touch HOSTILE)]', '1\n2', `1${'0'.repeat(130_000)}`],
    key_tables: ["users'; DROP TABLE users; --", 'users\tdevices', 'Geräte', 'a'.repeat(4097)],
    root: ['/opt/cvd\nservice=sshd', '/opt/\u0007', `/${'a'.repeat(1_000_000)}`, '../cvd'],
  }
  const accepted = {
    ...{
      verify_budget: '0',
      verify_within: '9999',
      alert_min_size: '999999999999999',
      alert_change: '0',
      alert_runway: '0',
    },
    ...{ alert_lock: '9999999', quiet_hours: '22-07', schedule_monitor: 'every 4h' },
  }

  it('refuses hostile and mistaken values, each with its key, and changes nothing', async () => {
    const before = await site.run(['policy'])
    const pairs = Object.entries(refused).flatMap(([key, values]) => values.map((value) => [key, value] as const))
    for (const [key, value] of pairs) {
      const { result, exitCode } = await site.run(['policy', 'busy_timeout=77', `${key}=${value}`])
      expect([result.code, result.message.startsWith(`policy: ${key}: `), exitCode], value.slice(0, 80)).toEqual([
        'usage',
        true,
        2,
      ])
    }
    expect(policyAnswer.parse((await site.run(['policy'])).result.data)).toMatchObject({
      ...policyAnswer.parse(before.result.data),
      site: {},
    })
    const good = Object.entries(accepted).map(([key, value]) => `${key}=${value}`)
    expect((await site.run(['policy', ...good])).result.data).toMatchObject({ policy: accepted })
  })

  it('lets one of two consoles change it, and tells the other what was changed, by whom and when', async () => {
    const read = policyAnswer.parse((await site.run(['policy'])).result.data)
    expect([read.version?.length, read.changedAt, read.changedBy]).toEqual([16, null, ''])
    expect(read.defaults).toEqual(read.policy)
    const expecting = ['policy', '--expect', read.version ?? '']
    const wanted = ['schedule_database=every 4h', 'backup_max_age=21600']
    const answers = await Promise.all(wanted.map((pair) => site.run([...expecting, pair, 'health_timeout=61'])))
    const [refused, done] = [...answers].sort((a, b) => ((a.exitCode ?? 0) < (b.exitCode ?? 0) ? 1 : -1))
    expect([done?.exitCode, refused?.exitCode, refused?.result.code]).toEqual([0, 4, 'conflict'])
    const now = policyAnswer.parse(done?.result.data)
    expect(now.version).not.toBe(read.version)
    const { version, changedAt, changedBy, policy } = policyConflict.parse(refused?.result.data)
    expect(now).toMatchObject({ version, changedAt, changedBy, policy })
    const [key] = wanted.map((pair) => pair.split('=')[0] ?? '').filter((one) => now.policy[one] !== read.policy[one])
    expect(refused?.result.message).toContain(`The policy was changed by test meanwhile: `)
    for (const one of [key ?? '', 'health_timeout'])
      expect(refused?.result.message).toContain(`${one} is now '${now.policy[one]}'`)
    expect(policyAnswer.parse((await site.run(['policy', '--expect', now.version ?? ''])).result.data).version).toBe(
      now.version,
    )
    const forged = await site.run(['policy', '--expect', 'x; id', 'health_timeout=62'])
    expect([forged.result.code, forged.exitCode]).toEqual(['usage', 2])
  })

  it('is audited, each setting with before and after, and says that nothing changed if nothing did', async () => {
    const values = { health: 'http://127.0.0.1:9/"\\%', key_tables: '', busy_timeout: '9999' }
    const pairs = Object.entries(values).map(([key, value]) => `${key}=${value}`)
    const before = policyAnswer.parse((await site.run(['policy'])).result.data)
    const after = policyAnswer.parse((await site.run(['--reason', 'a move', 'policy', ...pairs])).result.data)
    await site.run(['policy', ...pairs])
    const lines = readFileSync(join(site.state, 'audit'), 'utf8').trimEnd().split('\n')
    const entries = lines.map((line) => JSON.parse(line)).filter(({ event }) => event === 'policy')
    expect(Object.fromEntries(entries.map((one) => [one.code, [one.before, one.after]]))).toEqual(
      Object.fromEntries(Object.entries(values).map(([key, value]) => [key, [before.policy[key], value]])),
    )
    expect(entries.length).toBe(3)
    for (const one of entries)
      expect(one).toMatchObject({ who: 'test', reason: 'a move', from: before.version, version: after.version })
    expect(after.changedAt).toBe(policyAnswer.parse((await site.run(['policy'])).result.data).changedAt)
  })

  it('is read from a file of an earlier kit, and what is torn or hostile in it counts for nothing', async () => {
    const file = join(site.state, 'policy')
    await site.run(['policy', 'health_timeout=31'])
    writeFileSync(
      file,
      'health_timeout=32\nbusy_timeout=3000\nof_another_version=1\nroot=\nservice=$(touch x)\nbackup_max_a',
    )
    const read = policyAnswer.parse((await site.run(['policy'])).result.data)
    expect(read.policy).toEqual({ ...read.defaults, health_timeout: '32', busy_timeout: '3000' })
    expect([read.changedAt, read.changedBy]).toEqual([null, ''])
    await site.run(['policy', 'health_timeout=33'])
    const lines = readFileSync(file, 'utf8').split('\n')
    expect(lines).toContain('busy_timeout=3000')
    expect(lines.filter((line) => /another|touch|^backup_max_a$/.test(line))).toEqual(['of_another_version=1'])
    writeFileSync(file, Buffer.alloc(1_000_000, 'a'))
    const { result, stderr } = await site.run(['policy'])
    expect([policyAnswer.parse(result.data).policy, stderr]).toEqual([read.defaults, ''])
  })

  it('keeps the settings of a version that knows more, which are no error', async () => {
    const file = join(site.state, 'policy')
    await site.run(['policy', 'health_timeout=31'])
    const odd = [
      'Upper=1',
      'with space=1',
      `long_value=${'x'.repeat(4097)}`,
      `${'k'.repeat(41)}=1`,
      'bell=\u0007',
      'torn',
    ]
    const many = Array.from(
      { length: 99 },
      (_, n) => `more_${'ab'[n % 2]}${'_'.repeat(n % 33)}${'xyz'[Math.floor(n / 33)]}=${n}`,
    )
    const kept = ['future_key=a=$(touch x)', ...many]
    appendFileSync(file, [...kept, ...odd, 'one_more=1', ''].join('\n'))
    const about = async (...words: string[]) => {
      const { findings = [] } = await site.ask(['policy', ...words], policyAnswer)
      return findings.filter(({ rule }) => /other-keys|not-taken|edited/.test(rule))
    }
    expect((await about()).map(({ rule, severity, measure }) => [rule, severity, measure])).toEqual([
      ['not-taken', 'error', odd.length + 1],
      ['edited', 'warning', null],
      ['other-keys', 'info', 100],
    ])
    // A change leaves them, takes away what was no setting, and its answer is about the file as it is then.
    const left = [{ rule: 'other-keys', sentence: expect.stringContaining('100 settings that this version') }]
    expect(await about('health_status=201')).toMatchObject(left)
    expect(await about()).toMatchObject(left)
    const lines = readFileSync(file, 'utf8').split('\n')
    expect(lines.filter((line) => [...kept, ...odd, 'one_more=1'].includes(line)).sort()).toEqual([...kept].sort())
  })

  it('has the defaults, the forms and the words that the console knows', async () => {
    const { defaults = {} } = policyAnswer.parse((await site.run(['policy'])).result.data)
    expect(Object.keys(defaults).sort()).toEqual([...policyKeys].sort())
    const pool = [
      ...Object.values(defaults),
      ...Object.values(accepted),
      ...Object.values(refused)
        .flat()
        .filter((value) => value.length < 5000),
      ...[
        '',
        ' ',
        '0',
        '00',
        '1',
        '-1',
        '1440',
        '1441',
        '9999999',
        'yes',
        'no',
        'off',
        'every 2h',
        'every 12h ',
        'daily 24:00',
      ],
      ...[
        'monthly 28 23:59',
        'monthly 29 00:00',
        'saturday 01:00',
        'days 3 most 2',
        'days 3 hourly 24 daily 7 weekly 4 monthly 12',
      ],
      ...[
        'unix:/run/x.sock:/health',
        'unix:x:/',
        'http://',
        'http://a b',
        'http://a\u00a0b',
        'ftp://x',
        '/',
        '/\u2028x',
        '/ü',
        'ü',
      ],
      ...[
        'root:root',
        'Root:root',
        'a:',
        'pigz',
        'pigz ',
        '-x',
        'a.service b@1',
        'cvd;id',
        '05-5',
        '23-00',
        '1234567890123',
      ],
    ].filter((value) => !value.includes('\0'))
    const cases = [...policyKeys, 'unknown', 'Root'].flatMap((key) => pool.map((value) => [key, value] as const))
    const said = site.library(
      `for ((i = 0; i < $1; i++)); do IFS= read -r -d '' k; IFS= read -r -d '' v; policy_problem "$k" "$v"; printf '%s\\0' "$REPLY"; done <"$2"`,
      [String(cases.length), fileOf(site, cases.flatMap(([key, value]) => `${key}\0${value}\0`).join(''))],
    )
    const answers = said.split('\0').slice(0, -1)
    expect(answers.length).toBe(cases.length)
    const differing = cases.flatMap(([key, value], i) => {
      const ours = policyProblem(key, value) ?? ''
      return ours === answers[i] ? [] : [[key, value, ours, answers[i]]]
    })
    expect(differing.slice(0, 5)).toEqual([])
    expect(answers.filter((one) => one === '').length).toBeGreaterThan(500)
  })

  it('is judged by the kit as by the console, in the time of the server', async () => {
    const options = { env: { TZ: 'Europe/Berlin' } }
    await site.run(['database'], options)
    mkdirSync(join(site.state, 'channels'))
    writeFileSync(join(site.state, 'channels/ops'), 'form=mail\n')
    const pairs = [
      'schedule_application=daily 02:30',
      'schedule_database=every 6h',
      'retention_config=days 1',
      'quiet_hours=07-22',
    ]
    await site.run(['policy', ...pairs], options)
    for (const tried of [
      {},
      { schedule_verify: 'monthly 28 02:59', schedule_monitor: 'off' },
      { schedule_system: 'off', verify_budget: '0' },
    ]) {
      const words = Object.entries(tried).map(([key, value]) => `${key}=${value}`)
      const answer = await site.ask(['policy', ...(words.length > 0 ? ['--try'] : []), ...words], policyAnswer, options)
      const seen = await site.ask(['inspect'], inspection, options)
      if (!answer.site) throw new Error('the kit says nothing about the site')
      expect(answer.findings?.length).toBeGreaterThan(6)
      expect(previewPolicy(seen, tried, seen.time.now, answer.site)).toEqual({
        findings: answer.findings,
        problems: {},
      })
      expect(siteFacts(seen).sameDisk).toBe(answer.site.sameDisk)
    }
    writeFileSync(
      join(site.state, 'policy'),
      `${readFileSync(join(site.state, 'policy'), 'utf8').replace('07-22', '08-22')}odd\n`,
    )
    const { findings } = await site.ask(['policy'], policyAnswer, options)
    expect(
      findings?.filter(({ rule }) => rule === 'edited' || rule === 'not-taken').map(({ sentence }) => sentence),
    ).toEqual([
      '1 line of the policy file cannot be used: the defaults apply instead.',
      'The policy file is not as this program has written it: somebody has edited it, or it is damaged.',
    ])
  })

  const lacks = missing({ root: true, programs: ['unshare', 'mount'] })
  it.skipIf(lacks)(`takes two tmpfs for two disks, and one for one${lacks && ` (skipped: lacks ${lacks})`}`, () => {
    const script = `ROOT_OPTION=$SITE_ROOT; policy_load
      seen() { facts_read; inspect_disk; lint_site; lint_site_json
        [[ $REPLY =~ sameDisk.:([a-z]+) ]]; echo "\${BASH_REMATCH[1]} $([[ \${I_DEVICE[database]} == "\${I_DEVICE[backups]}" ]] && echo one || echo two)"; }
      seen
      for folder in data backups; do mount -t tmpfs none "$ROOT/$folder" || exit 9; done
      seen
      mount --bind "$ROOT/data" "$ROOT/backups" || exit 9
      seen`
    const said = site.library(
      `CVD_BACKUP_STATE=$STATE KIT_DEFINITIONS=$KIT_DEFINITIONS unshare -m /bin/bash --noprofile --norc -c 'source "$KIT_DEFINITIONS"; '"$1"`,
      [script],
    )
    expect(said).toBe('true one\nfalse two\ntrue one\n')
  })

  it('says what it knows of the server when df fails, and nothing else', async () => {
    const other = new ScratchSite({ programs: { df: '#!/bin/bash\nexit 1\n' } })
    onTestFinished(() => other.remove())
    await other.run(['policy', 'health_timeout=31'])
    appendFileSync(join(other.state, 'policy'), 'odd\n')
    const { site: facts } = await other.ask(['policy'], policyAnswer)
    expect(facts).toMatchObject({
      installed: false,
      channels: 0,
      free: null,
      sameDisk: null,
      notTaken: 1,
      edited: true,
    })
  })
})

function fileOf(site: ScratchSite, text: string): string {
  const file = join(site.folder, 'cases')
  writeFileSync(file, text)
  return file
}
