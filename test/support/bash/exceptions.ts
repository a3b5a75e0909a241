/**
 * What the rules find and is right all the same, each with its reason. An entry that nothing needs any more is a failure, so
 * that the lists only shrink. The place is `FILE`, or `FILE:FUNCTION`.
 */

const system = 'a program of the system prints it, from what the kernel says'
const argument = 'its callers hand on numbers that are proven at their side'
const matched = 'matched against digits where it was read'
const own = 'written by root, in a folder of root'
const side = 'runs with the rights of who could have said it'

/** `FUNCTION:NAME`, or `FILE:NAME`: a number, though the rule cannot see it. */
export const numbers: Readonly<Record<string, string>> = {
  'uptime_ms:up': system,
  'compress_side_by_side:count': system,
  'read_back:most': system,
  'restore_dress:mode': `${matched}, with the words beside it`,
  'ours:mode': system,
  'problems_of_database:mode': system,
  'path_owner:uid': matched,
  OWNER_GID: matched,
  'compress_in_turn:1': argument,
  'compress_side_by_side:1': argument,
  'progress:1': argument,
  'progress:total': argument,
  'gzip_size:REPLY': argument,
  'extract_space:2': argument,
  'human_bytes:1': argument,
  'become:uid': argument,
  'do_as:uid': argument,
  'plan_words:1': argument,
  'page_time:1': argument,
  'counted:1': argument,
  'span_words:1': argument,
  'span_words:unit': 'a constant list',
  'health_await:seconds': `${argument}: the policy's, which are checked when they are set`,
  'follow_worker:offset': `${argument}: run_follow matches it`,
  'copy_whole_lines:offset': argument,
  'copy_whole_lines:size': argument,
  'operation_state:started': own,
  'launcher.sh:count': 'it is REPLY, which was matched in the line before',
  'database_copy_progress:REPLY': 'file_size leaves a number, and then it is compared',
  'extract_progress:REPLY': 'file_size leaves a number, and then it is compared',
  EXTRACT_WANTED: argument,
  'read_back:from': side,
  'read_back:bytes': side,
  'read_back:at': side,
  'read_back:length': side,
  'header_read:hex': 'od prints it: hexadecimal digits, and the length is compared',
  'sqlite_problem:c': 'cut at its first character that is no digit',
  I_SIDECAR: matched,
  'verdict_of_check:T_ROWS': `${matched}: COUNT_LINE`,
  'transaction_prove:expected': `${matched}: COUNT_LINE`,
  'transaction_prove:rows': `${matched}: COUNT_LINE`,
  CHECK_FK: matched,
  'run_plan:recovery': `${matched}: json_number_or_null, or a fingerprint, which is matched as it is read`,
  OWNER_UID: matched,
  READER_UID: 'counted, or the owner, which is matched',
}

/** Rule, place, reason. */
export const exceptions: readonly (readonly [rule: string, where: string, reason: string])[] = [
  ['no command is run inside arithmetic', 'database.sh:run_database', system],
  ['no data is the key of an array', 'fingerprint.sh:fingerprint_plausible', 'the keys are a constant list'],
  ['no data is the key of an array', 'fingerprint.sh:fingerprint_json', 'the keys are a constant list'],
  [
    'what an unprivileged side answers has an end',
    'live.sh:live_sql',
    'it hands the answer on, and its callers end it',
  ],
  ['nothing is evaluated', 'identity.sh:do_as', 'the text is a constant that loads the kit itself'],
  ['nothing is evaluated', 'launcher.sh', 'the kit itself, whose hash was compared'],
  [
    'no loop over words that are split',
    'check.sh:check_key_tables',
    'the policy lets it be letters, digits and blanks',
  ],
  [
    'no loop over words that are split',
    'inspect.sh:inspect_key_tables',
    'the policy lets it be letters, digits and blanks',
  ],
  [
    'no loop over words that are split',
    'inspect.sh:live_key_tables',
    'the policy lets it be letters, digits and blanks',
  ],
  [
    'no loop over words that are split',
    'transaction.sh:transaction_prove',
    'the policy lets it be letters, digits and blanks',
  ],
  ['no loop over words that are split', 'compress.sh:compressor_choose', 'the policy lets it be one of three words'],
  ['no loop over words that are split', 'extract.sh:extract_plain', 'matched: -wal and -journal only'],
  ['no loop over words that are split', 'fingerprint.sh:fingerprint_plausible', 'a constant list'],
  ['no loop over words that are split', 'fingerprint.sh:fingerprint_json', 'a constant list'],
  ['no loop over words that are split', 'inspect.sh:log_errors_found', 'a constant list'],
  [
    'no finding of shellcheck is silenced without being listed',
    'prologue.sh',
    'the parts set and read each other’s globals',
  ],
  ['no finding of shellcheck is silenced without being listed', 'identity.sh', 'another bash expands it'],
  ['no finding of shellcheck is silenced without being listed', 'work.sh:reader_end', 'another bash expands it'],
  ['no finding of shellcheck is silenced without being listed', 'listing.sh', 'awk expands it'],
  ['no finding of shellcheck is silenced without being listed', 'listing-rules.sh', 'awk expands it'],
  ['no finding of shellcheck is silenced without being listed', 'census.sh', 'awk expands it'],
  ['no finding of shellcheck is silenced without being listed', 'operations.sh', 'awk expands it'],
  ['no finding of shellcheck is silenced without being listed', 'follow.sh', 'another bash expands it'],
  [
    'no finding of shellcheck is silenced without being listed',
    'live.sh:answer_stop',
    'numbers of processes, as words',
  ],
]
