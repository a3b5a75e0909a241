/** What is read out of vitest's JSON report: how many passed, and which did not. */

export interface Count {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

export interface VitestReport {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly numTodoTests: number
  readonly testResults: readonly FileReport[]
}

interface FileReport {
  readonly status: string
  readonly name?: string
  readonly startTime?: number
  /** Why the file could not be loaded. */
  readonly message?: string
  readonly assertionResults: readonly TestReport[]
}

interface TestReport {
  readonly status?: string
  readonly fullName?: string
  /** Milliseconds. */
  readonly duration?: number | null
  readonly failureMessages?: readonly string[] | null
}

/** Counts a report; `code` is vitest's exit code. A file that cannot be loaded, or an error outside of any test, is a failure. */
export function countReport(report: VitestReport, code: number | null): Count {
  const broken = report.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0)
  const failed = report.numFailedTests + broken.length
  return {
    passed: report.numPassedTests,
    failed: failed === 0 && code !== 0 ? 1 : failed,
    skipped: report.numPendingTests + report.numTodoTests,
  }
}

/**
 * What failed, a line each, in the order in which it ran: where one failure brings others with it, the first is the one
 * to look at, and the end of a long output is what is kept of it.
 */
export function failuresOf(report: VitestReport): readonly string[] {
  return [...report.testResults]
    .sort((one, other) => (one.startTime ?? 0) - (other.startTime ?? 0))
    .flatMap((file) => {
      const where = file.name?.replace(/^.*\/(?=test\/)/, '') ?? 'a file'
      const tests = file.assertionResults
        .filter(({ status }) => status === 'failed')
        .map(({ fullName, duration, failureMessages }) => {
          const seconds = ((duration ?? 0) / 1000).toFixed(1)
          return `${where}: ${fullName} (${seconds} s): ${firstLine(failureMessages?.join('\n'))}`
        })
      if (file.status !== 'failed' || (tests.length > 0 && !file.message)) return tests
      return [`${where}: ${firstLine(file.message || 'what its tests need failed')}`, ...tests]
    })
}

function firstLine(text = ''): string {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
  return (lines[0] ?? 'no reason was given').slice(0, 300)
}
