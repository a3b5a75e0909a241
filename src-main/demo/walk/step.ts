/** A step of the walk: it proves its statements, or the walk ends. */
import type { Proof, Report, StepTitle, WalkEnd } from './report.ts'

/** A statement does not hold. */
export class NotProven extends Error {
  constructor(proof: Proof) {
    super(`${proof.statement}: ${proof.evidence || 'it does not hold'}`)
  }
}

/** How a step reports and proves. */
export interface StepReporter extends Pick<Report, 'fact' | 'table' | 'doing'> {
  /** Throws `NotProven`, which ends the walk, unless `holds`. */
  prove(statement: string, holds: boolean, evidence?: string): void
}

/** A step uses what earlier steps left in the state. */
export interface Step<State> extends StepTitle {
  run(state: State, out: StepReporter): Promise<void>
}

export interface WalkOptions<State> {
  readonly steps: readonly Step<State>[]
  readonly state: State
  readonly report: Report
  /** Called before each step; tests use it to cause faults. */
  readonly before?: (step: string, state: State) => Promise<void>
}

/** Runs the steps in order and stops at the first that is not proven. Never rejects: the result has the error. */
export async function walk<State>({ steps, state, report, before }: WalkOptions<State>): Promise<WalkEnd> {
  const began = performance.now()
  let proofs = 0
  const out: StepReporter = {
    fact: report.fact,
    table: report.table,
    doing: report.doing,
    prove: (statement, holds, evidence = '') => {
      const proof = { statement, holds, evidence }
      report.proof(proof)
      if (!holds) throw new NotProven(proof)
      proofs += 1
    },
  }
  const ended = (taken: number, step: string | null, reason: string): WalkEnd => {
    const end = { proven: step === null, step, reason, steps: taken, proofs, ms: performance.now() - began }
    report.finish(end)
    return end
  }
  for (const [taken, step] of steps.entries()) {
    const start = performance.now()
    try {
      await before?.(step.step, state)
      report.begin(step)
      await step.run(state, out)
    } catch (error) {
      return ended(taken, step.step, error instanceof Error ? error.message : String(error))
    }
    report.end(step, performance.now() - start)
  }
  return ended(steps.length, null, '')
}
