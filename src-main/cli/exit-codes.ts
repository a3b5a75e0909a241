/** Exit codes: 0 done, 1 failed or rolled back, 2 usage error, 3 not connected or not logged in, 4 refused. */

const USAGE = new Set(['usage', 'no-such-site'])
const NOT_REACHED = new Set([
  'unreachable',
  'timeout',
  'link-lost',
  'auth-failed',
  'auth-incomplete',
  'key-unreadable',
  'key-needs-passphrase',
  'key-unsupported',
  'channel-refused',
  'no-bash',
  'no-sudo',
  'wrong-sudo-password',
  'sudo-needs-password',
])
const REFUSED = new Set([
  'host-key-unknown',
  'host-key-changed',
  'host-key-revoked',
  'not-confirmed',
  'wrong-site',
  'site-changed',
  'plan-stale',
  'busy',
  'conflict',
  'no-rights',
  'checks-failed',
  'health-fails',
  'name-taken',
])

export function exitCodeOf(outcome: string, code: string): number {
  if (outcome === 'succeeded') return 0
  if (USAGE.has(code)) return 2
  if (NOT_REACHED.has(code)) return 3
  return REFUSED.has(code) ? 4 : 1
}
