/** What is wrong with the end of a pause. `clock`: what the clocks of the server show now, as if in UTC. */
export function untilProblem(text: string, clock: number): string | undefined {
  const form = /^(\d{4}-[01]\d-[0-3]\d) ([0-2]\d:[0-5]\d)$/.exec(text)
  const at = form ? Date.parse(`${form[1]}T${form[2]}:00Z`) : Number.NaN
  if (Number.isNaN(at) || new Date(at).toISOString().slice(0, 10) !== form?.[1]) return 'Such as 2026-03-29 02:30.'
  return at > clock ? undefined : 'This moment has passed on the server.'
}
