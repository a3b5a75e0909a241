/**
 * A silent site: what should have arrived and did not. Claimed only where something was promised, and only for time in which
 * this console could have noticed. Pure.
 */
import { formatSpan } from './format.ts'
import { scheduleWords } from './schedule-words.ts'

/** From when to when this console ran and its computer was awake, by this computer's clock. */
export interface Spell {
  readonly from: number
  readonly to: number
}

/** Time between two beats of the console. A longer gap is sleep, or a clock that was set. */
export const BEAT = 60_000
const LONGEST_BEAT = 3 * BEAT
/** As long as a silence can matter, and as many spells as are kept. */
const KEPT = 30 * 86_400_000
const MOST = 500

/** The spells after a beat: the last one lasts longer, or another one begins. */
export function afterBeat(spells: readonly Spell[], now: number): Spell[] {
  // What lies in the future was written before the clock was set back.
  const past = spells.filter(({ from, to }) => to <= now && from <= to && to > now - KEPT)
  const last = past.at(-1)
  const goesOn = last !== undefined && now - last.to <= LONGEST_BEAT
  const next = goesOn ? [...past.slice(0, -1), { from: last.from, to: now }] : [...past, { from: now, to: now }]
  return next.slice(-MOST)
}

/** How much of the time since then this console was awake. */
export function awakeSince(spells: readonly Spell[], then: number): number {
  return spells.reduce((sum, { from, to }) => sum + Math.max(0, to - Math.max(from, then)), 0)
}

const HOUR = 3_600_000
const DAY = 24 * HOUR

/** The longest time between two runs of a schedule; null if it never runs. */
export function periodOf(schedule: string): number | null {
  const hours = /^every (\d{1,2})h$/.exec(schedule)?.[1]
  if (hours !== undefined) return Number(hours) * HOUR
  if (/^daily /.test(schedule)) return DAY
  if (/^[a-z]+day /.test(schedule)) return 7 * DAY
  return /^monthly /.test(schedule) ? 31 * DAY : null
}

/** A run that waits for its turn, is spread, or catches up after a start of the server. */
const GRACE = HOUR / 2

export interface SilenceFacts {
  /** This computer's clock. */
  readonly now: number
  /** When the site last answered, by this computer's clock; null if never. */
  readonly contactAt: number | null
  /** It does not answer, and no person has to act first, as for a password. */
  readonly unreachable: boolean
  /** Whether another site answers; null if there is no other. If none does, it may be this computer's network. */
  readonly othersAnswer: boolean | null
  readonly spells: readonly Spell[]
  /** Maximum age of the newest backup in milliseconds, by the policy of the site. */
  readonly maxAge: number
  /** What its schedule promises; null if it promises nothing: not installed, paused, or of a kit that has none. */
  readonly monitor: string | null
  /** When the rules were last asked, and the time of that answer, by the server's clock; null if never. */
  readonly monitoredAt: number | null
  readonly answeredAt: number
  /** When the promise was first seen, by the clock of `contactAt`. */
  readonly promisedAt: number | null
}

/** An alert of this console. */
export interface Silence {
  readonly rule: 'no-contact' | 'no-monitoring'
  readonly severity: 'error' | 'warning'
  /** By this computer's clock. */
  readonly since: number
  /** For the verdict: a sentence. */
  readonly sentence: string
  readonly evidence: string
  readonly fix: string
}

function contactSilence(facts: SilenceFacts): Silence | null {
  const { now, contactAt, unreachable, othersAnswer, spells, maxAge } = facts
  if (contactAt === null || !unreachable || awakeSince(spells, contactAt) <= maxAge) return null
  const silent = formatSpan(now - contactAt)
  const alone = othersAnswer !== false
  return {
    rule: 'no-contact',
    severity: alone ? 'error' : 'warning',
    since: contactAt,
    sentence: `No contact for ${silent}.`,
    evidence: `The site has not answered for ${silent}. Its newest backup may be at most ${formatSpan(maxAge)} old, and nobody knows whether it is.`,
    fix: alone
      ? 'Check whether the server runs, and the network between it and this computer.'
      : 'No other site answers: check the network of this computer first, then the server.',
  }
}

function monitorSilence(facts: SilenceFacts): Silence | null {
  const { contactAt, monitor, monitoredAt, answeredAt, promisedAt } = facts
  const period = monitor === null ? null : periodOf(monitor)
  if (monitor === null || period === null || contactAt === null) return null
  const ran = monitoredAt === null ? null : contactAt - (answeredAt - monitoredAt)
  const since = ran ?? promisedAt
  if (since === null || contactAt - since <= 2 * period + GRACE) return null
  const span = formatSpan(contactAt - since)
  return {
    rule: 'no-monitoring',
    severity: 'error',
    since,
    sentence: ran === null ? 'Its monitoring has never run.' : `Its monitoring has not run for ${span}.`,
    evidence: `The server checks itself ${scheduleWords(monitor).toLowerCase()}, but ${ran === null ? `has not done so since this was seen ${span} ago` : `last did so ${span} ago`}. Nobody would be told if something went wrong.`,
    fix: 'Check now, and see on the page of the schedule why it did not run.',
  }
}

/** What should have arrived and did not. */
export function silencesOf(facts: SilenceFacts): Silence[] {
  // Of a site that does not answer, nothing newer can be known.
  const found = contactSilence(facts) ?? monitorSilence(facts)
  return found ? [found] : []
}
