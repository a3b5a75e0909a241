import { describe, expect, it } from 'vitest'
import { countReport } from '../support/run/suites.ts'

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
