/** Reads vitest's JSON report: how many tests passed, and which ones did not. */

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

/**
 * Counts a report; `code` is vitest's exit code. A file that cannot be loaded, or an error outside of tests, is a
 * failure.
 */
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
 * The failures, one per line, in order: if one failure causes others, the first is the one to look at, and of a long
 * output only the end is kept.
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
