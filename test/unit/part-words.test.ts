/** Parts in sentences, and which answer each question of a plan needs. */
import { describe, expect, test } from 'vitest'
import { partsWords, partTitle, restoredWords } from '../../src-shared/domain/part-words.ts'
import { acceptanceOf, askedFor, type PlanCheck } from '../../src-shared/domain/plan-checks.ts'
import { siteParts } from '../../src-shared/domain/restored-parts.ts'

test('parts are listed once each, with one article', () => {
  expect(partsWords(['config'])).toBe('the configuration')
  expect(partsWords(['database', 'systemd', 'systemd'])).toBe('the database and unit files')
  expect(partsWords(siteParts)).toBe('the database, application, configuration, unit files and nginx site')
  expect(siteParts.map(partTitle)).toEqual(['Database', 'Application', 'Configuration', 'Unit files', 'nginx site'])
})

test.each([
  [{ part: 'database', parts: [] }, 'the database', false],
  [{ part: 'systemd', parts: [{ part: 'systemd' }] }, 'the unit files', true],
  [{ part: 'system', parts: [{ part: 'config' }] }, 'the configuration', false],
  [{ part: 'system', parts: [{ part: 'config' }, { part: 'nginx' }] }, 'the configuration and nginx site', true],
  // One that could not be read at all.
  [{ part: 'system', parts: [] }, 'the whole site', false],
] as const)('a plan of %j restores %s', (plan, text, many) => {
  expect(restoredWords(plan)).toEqual({ text, many })
})

describe('a check that asks', () => {
  const check = (name: string, acknowledge = true): PlanCheck => ({
    check: name,
    part: '',
    title: name,
    state: 'warning',
    evidence: '',
    fix: '',
    acknowledge,
  })

  test.each([
    ['schema', 'acceptSchema'],
    ['venv', 'keepVenv'],
    ['systemd-files', 'acceptFiles'],
    ['nginx-files', 'acceptFiles'],
    ['new-server', 'newServer'],
  ])('%s is answered by %s', (name, acceptance) => {
    expect(acceptanceOf(check(name))).toBe(acceptance)
    expect(acceptanceOf(check(name, false))).toBeNull()
  })

  test('is found with the others of its kind only', () => {
    const checks = ['schema', 'systemd-files', 'venv', 'nginx-files'].map((name) => check(name))
    expect(askedFor({ checks }, 'acceptFiles').map((one) => one.check)).toEqual(['systemd-files', 'nginx-files'])
  })
})
