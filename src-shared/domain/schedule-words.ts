/** A schedule in people's words, and its parts for a form. Pure. */
import { formatClock, wallClock } from './format.ts'
import { kitCommand } from './kit-commands.ts'

export const scheduleDays = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'] as const
export const scheduleHours = [1, 2, 3, 4, 6, 8, 12] as const

/** `every 2h`, `sunday 01:00` in its parts; those of another form are kept for when the form is changed. */
export interface SchedulePlan {
  readonly form: 'off' | 'hours' | 'daily' | 'weekly' | 'monthly'
  readonly hours: number
  readonly day: (typeof scheduleDays)[number]
  readonly date: number
  readonly time: string
}

/** Where there is none of that form yet. */
export const usualPlan: SchedulePlan = { form: 'off', hours: 2, day: 'sunday', date: 1, time: '02:00' }

/** Null: it is not that. */
export function readPlan(schedule: string): SchedulePlan | null {
  if (schedule === 'off') return usualPlan
  const [, hours] = /^every (\d+)h$/.exec(schedule) ?? []
  if (hours !== undefined) return { ...usualPlan, form: 'hours', hours: Number(hours) }
  const [, word, date, time = ''] = /^([a-z]+)(?: (\d\d))? (\d\d:\d\d)$/.exec(schedule) ?? []
  if (word === 'daily') return { ...usualPlan, form: 'daily', time }
  if (word === 'monthly') return { ...usualPlan, form: 'monthly', date: Number(date), time }
  const day = scheduleDays.find((one) => one === word)
  return day ? { ...usualPlan, form: 'weekly', day, time } : null
}

export function writePlan({ form, hours, day, date, time }: SchedulePlan): string {
  switch (form) {
    case 'off':
      return 'off'
    case 'hours':
      return `every ${hours}h`
    case 'daily':
      return `daily ${time}`
    case 'weekly':
      return `${day} ${time}`
    case 'monthly':
      return `monthly ${String(date).padStart(2, '0')} ${time}`
  }
}

const capital = (word: string) => `${word.charAt(0).toUpperCase()}${word.slice(1)}`

export function ordinal(count: number): string {
  const teen = count % 100 >= 11 && count % 100 <= 13
  const ending = teen ? 'th' : (['th', 'st', 'nd', 'rd'][count % 10] ?? 'th')
  return `${count}${ending}`
}

/** `Every 2 hours`, `Daily at 02:00`, `Sundays at 01:00`; another form as it stands. */
export function scheduleWords(schedule: string): string {
  const plan = readPlan(schedule)
  if (!plan) return schedule
  switch (plan.form) {
    case 'off':
      return 'Never'
    case 'hours':
      return plan.hours === 1 ? 'Every hour' : `Every ${plan.hours} hours`
    case 'daily':
      return `Daily at ${plan.time}`
    case 'weekly':
      return `${capital(plan.day)}s at ${plan.time}`
    case 'monthly':
      return `Monthly on the ${ordinal(plan.date)} at ${plan.time}`
  }
}

/** The same within a sentence: `every 2 hours`, `daily at 02:00`, `Sundays at 01:00`. */
export function scheduleInSentence(schedule: string): string {
  const words = scheduleWords(schedule)
  return readPlan(schedule)?.form === 'weekly' ? words : words.toLowerCase()
}

/** `Database backup`, `Rotation`; one of another version by its name. */
export function scheduledTitle(kind: string): string {
  return kitCommand(kind)?.title ?? capital(kind)
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const DAY = 86_400_000

/** The day of a moment: `today`, `tomorrow`, or a weekday with its date. */
function dayOf(at: number, now: number, zone: string): { readonly words: string; readonly month: string } {
  const clock = wallClock(at, zone)
  const days = Math.floor(clock / DAY) - Math.floor(wallClock(now, zone) / DAY)
  if (days === 0 || days === 1) return { words: days === 0 ? 'today' : 'tomorrow', month: '' }
  const date = new Date(clock)
  const weekday = capital(scheduleDays[date.getUTCDay()] ?? '').slice(0, 3)
  return { words: `${weekday} ${date.getUTCDate()}`, month: ` ${months[date.getUTCMonth()]}` }
}

/** Moments to come, as short as can be: `today 04:00, 06:00`, `02:00: tomorrow, Sun 29, Mon 30 Nov`. */
export function comingWords(moments: readonly number[], now: number, zone: string): string {
  const seen = moments.map((at) => ({ ...dayOf(at, now, zone), time: formatClock(at, zone).slice(11, 16) }))
  const times = new Set(seen.map(({ time }) => time))
  if (seen.length > 1 && times.size === 1) {
    // The month once, behind the last of its days.
    const days = seen.map(({ words, month }, index) => (seen[index + 1]?.month === month ? words : words + month))
    return `${[...times]}: ${days.join(', ')}`
  }
  return [...Map.groupBy(seen, ({ words, month }) => words + month)]
    .map(([day, group]) => `${day} ${group.map(({ time }) => time).join(', ')}`)
    .join(' · ')
}
