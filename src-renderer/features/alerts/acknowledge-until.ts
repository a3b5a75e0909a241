/** Until when an alert is acknowledged. Pure. */

export const untilChoices = [
  { value: 'day', label: 'One day' },
  { value: 'week', label: 'One week' },
  { value: 'date', label: 'Until a date' },
  { value: 'gone', label: 'Until it is gone' },
] as const
export type UntilChoice = (typeof untilChoices)[number]['value']

const DAY = 86_400_000

/**
 * The end in milliseconds by the clock of the alert; null until its cause is gone, undefined if the date is none, or has passed.
 * A date means the end of that day here, where it was chosen.
 */
export function untilOf(choice: UntilChoice, date: string, now: number, offset: number): number | null | undefined {
  if (choice === 'gone') return null
  if (choice !== 'date') return now + offset + (choice === 'day' ? DAY : 7 * DAY)
  const [, year, month, day] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(date) ?? []
  const end = new Date(Number(year), Number(month) - 1, Number(day), 23, 59)
  const real = end.getMonth() === Number(month) - 1 && end.getDate() === Number(day)
  return real && end.getTime() > now ? end.getTime() + offset : undefined
}
