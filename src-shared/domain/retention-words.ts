/**
 * The one catalogue of rotation's reasons, for the kit and the console. In a sentence, `{span}` is the measure as a span of
 * time, `{number}` the measure as a number, `{days}` the bound in days, `{limit}` the bound as a span of time, `{bound}`
 * the bound as a number. Pure.
 */
import { formatSpan } from './format.ts'
import type { deleteReasons, keepReasons, RetentionDecision } from './retention.ts'

type Reason = (typeof keepReasons)[number] | (typeof deleteReasons)[number]

export const retentionWords: Readonly<Record<Reason, string>> = {
  incomplete:
    'Nothing is deleted: not all backups, or not all records of them, could be read. See the problems of the site.',
  unfinished: 'Nothing is deleted: a restore is unfinished. Run recover first.',
  'clock-back': 'Nothing is deleted: by the clock of the server, the last rotation is {span} in the future.',
  'clock-jumped': 'Nothing is deleted: the clock of the server has jumped by {span} since the last rotation.',
  'clock-unconfirmed':
    'Nothing is deleted: the clock of the server jumped before it was restarted, and nobody has confirmed the time.',
  'clock-gap':
    'Nothing is deleted: the last rotation was {span} ago and the server was restarted since; its clock may be wrong.',
  held: 'It is on hold.',
  used: 'A program has it open.',
  unknown: 'Its name or its place is not that of a backup of this site.',
  foreign: 'It was not made on this site.',
  undated: 'It is not known when it was made.',
  'no-rule': 'The policy has no retention for it.',
  future: 'A backup of this kind is dated {span} in the future: its age cannot be trusted.',
  'no-backup': 'There is no other backup of this kind.',
  failing: 'The newest backup of this kind has failed verification.',
  overdue: 'The newest backup of this kind is {span} old, and should be at most {limit} old.',
  'newest-verified': 'It is the newest verified backup of this kind.',
  unproven: 'No newer backup of this kind has been verified.',
  'newer-failed': 'It has not been verified, and a newer backup has failed verification.',
  'last-undo': 'The last restore can be undone with it.',
  'kept-copy': 'It is {span} old; such copies are kept for {days}.',
  young: 'It is {span} old; backups of this kind are kept for {days}.',
  hourly: 'It is the one kept for its hour (policy: hourly {bound}).',
  daily: 'It is the one kept for its day (policy: daily {bound}).',
  weekly: 'It is the one kept for its week (policy: weekly {bound}).',
  monthly: 'It is the one kept for its month (policy: monthly {bound}).',
  'too-many': '{number} newer backups of this kind exist; at most {bound} are kept.',
  'too-old': 'It is {span} old; backups of this kind are kept for {days}.',
  'old-copy': 'It is {span} old; such copies are kept for {days}.',
}

/** A decision in a sentence. A reason of another version is shown as its code. */
export function retentionSentence({ reason, measure, bound }: RetentionDecision): string {
  if (!Object.hasOwn(retentionWords, reason)) return `${reason}.`
  const [is, limit] = [measure ?? 0, bound ?? 0]
  return retentionWords[reason as Reason]
    .replace('{span}', formatSpan(is))
    .replace('{number}', String(is))
    .replace('{days}', `${limit} day${limit === 1 ? '' : 's'}`)
    .replace('{limit}', formatSpan(limit))
    .replace('{bound}', String(limit))
}
