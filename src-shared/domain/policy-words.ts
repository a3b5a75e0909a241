/**
 * The one catalogue of what the policy linter finds, for the kit and the console: what it is, and what to do. In a sentence, `{a}` to
 * `{e}` are the texts of the rule (`policy-lint.sql`), `{a:span}` is a number of seconds as a span of time, and `{a|day|days}` a number with
 * its word. Pure.
 */
import { formatSpan } from './format.ts'

interface Words {
  readonly says: string
  readonly fix: string
}

export const policyWords = {
  'not-taken': {
    says: '{a|line|lines} of the policy file cannot be used: the defaults apply instead.',
    fix: 'Look at STATE/policy on the server, then set what is missing here.',
  },
  'other-keys': {
    says: 'The policy file has {a|setting|settings} that this version does not know: kept, but not used.',
    fix: 'Use the newer version if there is one. Otherwise a name is misspelt: look at STATE/policy on the server.',
  },
  edited: {
    says: 'The policy file is not as this program has written it: somebody has edited it, or it is damaged.',
    fix: 'Compare the values with what they should be. Any change of the policy writes the file again.',
  },
  'not-installed': {
    says: 'No schedule is installed on the server: nothing of this runs by itself.',
    fix: 'Install the schedule.',
  },
  paused: { says: 'The schedule is paused until somebody resumes it.', fix: 'Resume it, or pause it until a date.' },
  'paused-until': { says: 'The schedule is paused for another {a:span}.', fix: 'Resume it if the reason is gone.' },
  'backup-off': {
    says: 'No schedule makes backups of this kind: {a}.',
    fix: 'Set how often they are made.',
  },
  'verify-off': { says: 'No schedule verifies backups.', fix: 'Set how often they are verified.' },
  'rotate-off': {
    says: 'No schedule deletes old backups: they stay until the disk is full.',
    fix: 'Set how often rotation runs.',
  },
  'monitor-off': {
    says: 'Monitoring is off: nobody hears of it when something is wrong.',
    fix: 'Set how often the server looks for what is wrong.',
  },
  threshold: {
    says: 'A backup of this kind ({a}) is made every {b:span} and is too old after {c:span}: it is overdue between any two.',
    fix: 'Make backups more often, or raise the threshold.',
  },
  'threshold-tight': {
    says: 'A backup of this kind ({a}) is made every {b:span} and is too old after {c:span}: any delay makes it overdue.',
    fix: 'Make backups more often, or raise the threshold a little.',
  },
  cap: {
    says: '{a} a day for {b|day|days} are more than {c|file|files}: backups of this kind ({e}) are kept for {d} days.',
    fix: 'Raise the number of files, lower the days, or keep some by day, week and month instead.',
  },
  'one-backup': {
    says: 'A backup of this kind ({a}) is made every {b:span} and kept for {c|day|days}: there is often only one.',
    fix: 'Keep them for longer, or make them more often.',
  },
  unread: {
    says: 'Backups of this kind ({a}) are kept for {b|day|days} and verified every {c:span}: some are deleted unread.',
    fix: 'Verify more often, or keep them for longer.',
  },
  'verify-covers': {
    says: 'Verification reads the newest five: the databases of {a} hours. The next one comes after {b} hours.',
    fix: 'Set a budget for the older ones, or verify more often.',
  },
  'verify-rare': {
    says: 'Verification runs every {a:span}; every backup is to be read within {b|day|days}.',
    fix: 'Verify more often, or allow more days.',
  },
  'budget-small': {
    says: 'Reading {c} of backups within {d|day|days} takes about {a|minute|minutes} a night, and {b} are allowed.',
    fix: 'Raise the budget, allow more days, or keep fewer backups.',
  },
  'disk-full': {
    says: 'The disk of the backups will be full in {a|day|days}: they grow by {b} a day, and {c} are free.',
    fix: 'Keep fewer backups, keep them for a shorter time, or make room.',
  },
  'clock-skips': {
    says: 'On {b}, {c} does not exist in {e}: what is due then ({a}) runs at {d}.',
    fix: 'Choose another time if that matters.',
  },
  'clock-repeats': {
    says: 'On {b}, {c} comes twice in {e}: what is due then ({a}) runs at the first.',
    fix: 'Choose another time if that matters.',
  },
  'no-channel': {
    says: 'Alerts reach nobody: there is no channel on this server.',
    fix: 'Add a channel: mail, a mail server or a webhook.',
  },
  'monitor-slow': {
    says: 'The server looks for what is wrong every {a:span}, later than an overdue backup should be noticed ({b:span}).',
    fix: 'Monitor more often.',
  },
  'same-disk': {
    says: 'The backups lie on the same disk as the database: if it breaks, both are lost.',
    fix: 'Copy backups to another machine, or put them on another disk.',
  },
  'rotate-first': {
    says: 'Rotation runs at {a}, before the verification at {b}: it cannot use what that finds until the next day.',
    fix: 'Let rotation run after the verification.',
  },
  'quiet-long': {
    says: 'Quiet hours last {a} hours a day: warnings wait for that long.',
    fix: 'Check the order: 22-07 is from the evening to the morning.',
  },
  'min-size': {
    says: 'The newest database backup has {a}, and alerts below {b}: it always will.',
    fix: 'Lower the size below which it alerts.',
  },
} as const satisfies Readonly<Record<string, Words>>

export type PolicyRule = keyof typeof policyWords

/** A sentence with its texts. */
export function fillWords(words: string, texts: Readonly<Record<string, string>>): string {
  return words
    .replace(/\{([a-e])\}/g, (_, name: string) => texts[name] ?? '')
    .replace(/\{([a-e]):span\}/g, (_, name: string) => formatSpan(Number(texts[name] ?? 0) * 1000))
    .replace(/\{([a-e])\|([^|}]*)\|([^}]*)\}/g, (_, name: string, one: string, many: string) => {
      const number = texts[name] ?? ''
      return `${number} ${number === '1' ? one : many}`
    })
}
