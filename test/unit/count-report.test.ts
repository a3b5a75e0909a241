import { describe, expect, it } from 'vitest'
import { countReport, failuresOf } from '../support/run/report.ts'

const green = { numPassedTests: 3, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0, testResults: [] }

describe('what npm test counts', () => {
  it('counts tests that passed, failed, were skipped or are still to be written', () => {
    const report = { ...green, numFailedTests: 2, numPendingTests: 4, numTodoTests: 1 }
    expect(countReport(report, 1)).toEqual({ passed: 3, failed: 2, skipped: 5 })
  })

  it('counts a file that could not be loaded as a failure', () => {
    const testResults = [
      { status: 'failed', assertionResults: [] },
      { status: 'passed', assertionResults: [{}] },
    ]
    expect(countReport({ ...green, testResults }, 1)).toEqual({ passed: 3, failed: 1, skipped: 0 })
  })

  it.each([1, 130, null])('counts the exit code %s without a failed test as a failure', (code) => {
    expect(countReport(green, code)).toEqual({ passed: 3, failed: 1, skipped: 0 })
  })

  it('counts nothing more when all is well', () => {
    expect(countReport(green, 0)).toEqual({ passed: 3, failed: 0, skipped: 0 })
  })
})

describe('the failures that npm test lists at its end', () => {
  const failed = (fullName: string, message: string) => ({
    status: 'failed',
    fullName,
    duration: 1500,
    failureMessages: [message],
  })

  it('names the test, its time and the first line of its error, in order of execution', () => {
    const testResults = [
      {
        status: 'failed',
        name: '/a/b/test/server/late.test.ts',
        startTime: 2,
        assertionResults: [failed('brings it back', 'Error: no power\n    at x.ts:1')],
      },
      {
        status: 'failed',
        name: '/a/b/test/server/early.test.ts',
        startTime: 1,
        assertionResults: [{ status: 'passed', fullName: 'goes on' }, failed('is cancelled', '\n  expected 1 to be 0')],
      },
      {
        status: 'failed',
        name: '/a/b/test/unit/x.test.ts',
        startTime: 3,
        message: 'cannot load',
        assertionResults: [],
      },
      {
        status: 'failed',
        name: '/a/b/test/unit/y.test.ts',
        startTime: 4,
        message: '',
        assertionResults: [{ status: 'skipped', fullName: 'is not run' }],
      },
    ]
    expect(failuresOf({ ...green, testResults })).toEqual([
      'test/server/early.test.ts: is cancelled (1.5 s): expected 1 to be 0',
      'test/server/late.test.ts: brings it back (1.5 s): Error: no power',
      'test/unit/x.test.ts: cannot load',
      'test/unit/y.test.ts: what its tests need failed',
    ])
  })

  it('says nothing when all is well', () => {
    const testResults = [{ status: 'passed', message: '', assertionResults: [{ status: 'passed' }] }]
    expect(failuresOf({ ...green, testResults })).toEqual([])
  })
})
