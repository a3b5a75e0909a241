# --- The list of operations, and how long they are kept -----------------------------------------------------------------------
#
# An operation is a folder while it runs, while it can be undone, and for two weeks; then it is a row in STATE/state.db. There may
# be thousands. One awk reads them all; only an operation without an outcome, whose worker began in this boot, costs a process
# of its own.

# shellcheck disable=SC2016 # awk's own variables
readonly OPERATIONS_AWK=$ENCODE_AWK'
function text(value,   out, i, char) {
  if (value !~ special) return "\"" value "\""
  out = ""
  for (i = 1; i <= length(value); i++) {
    char = substr(value, i, 1)
    out = out (char in code ? code[char] : char)
  }
  return "\"" out "\""
}
function text_or_null(value) { return value == "" ? "null" : text(value) }
function number(value, otherwise) { return value ~ /^[0-9]+$/ && length(value) <= 15 ? value : otherwise }
function take(file, keys,   line, at, key, found) {
  found = 0
  while ((getline line < file) > 0) {
    found = 1
    at = index(line, "=")
    key = substr(line, 1, at - 1)
    if (at > 1 && index(keys, " " key " ") && (keys !~ / phase / || line !~ /\ttorn$/)) field[key] = substr(line, at + 1)
  }
  close(file)
  return found
}
function decoded(value,   out, at) {
  out = ""
  while ((at = index(value, "%")) > 0) {
    out = out substr(value, 1, at - 1) char_of[substr(value, at + 1, 2)]
    value = substr(value, at + 3)
  }
  return out value
}
BEGIN {
  names = split("command startedAt endedAt who reason outcome code message phase backup token part", name, " ")
  for (i = 1; i < 256; i++) char_of[sprintf("%02X", i)] = sprintf("%c", i)
  for (i = 1; i < 128; i++) if (i < 32 || i == 127) code[sprintf("%c", i)] = sprintf("\\u%04x", i)
  code["\""] = "\\\""
  code["\\"] = "\\\\"
  special = "[\"\\\\" sprintf("%c", 1) "-" sprintf("%c", 31) sprintf("%c", 127) "]"
  folder = ENVIRON["STATE"] "/operations/"
  count = 0
}
{ split($0, row, "\t"); id = row[1] }
length(id) > 24 && id ~ /^[0-9]+T[0-9]+Z-[a-z]+-[0-9a-f]+$/ && id != last {
  split("", field)
  ended = journaled = 0
  if (take(folder id "/about", " command startedAt who reason token ")) {
    ended = take(folder id "/outcome", " outcome code endedAt message ")
    journaled = take(folder id "/journal", " phase backup part ")
  } else if (split($0, row, "\t") == names + 1) {
    for (i = 1; i <= names; i++) field[name[i]] = decoded(row[i + 1])
    ended = 1
  }
  # What is in both was not removed yet; the row comes first.
  last = id
  if (ENVIRON["token"] != "" && field["token"] != ENVIRON["token"]) next
  if (field["phase"] !~ /^(staged|stopping|keeping|swapping|swapped|starting|committed|rolling-back|returned|rolled-back)$/)
    field["phase"] = ""
  if (field["part"] !~ /^(database|application|config|nginx|systemd|system)$/) field["part"] = ""
  field["startedAt"] = number(field["startedAt"], 0)
  if (ENVIRON["rows"] != "") {
    field["endedAt"] = number(field["endedAt"], "")
    line = "operation\t" id
    for (i = 1; i <= names; i++) line = line "\t" encoded(field[name[i]])
    print line
    next
  }
  printf "%s\t%s\t%s\t{\"id\":%s,\"command\":%s,\"startedAt\":%s,\"endedAt\":%s,\"who\":%s,\"reason\":%s,\"outcome\":%s,\"code\":%s,\"message\":%s,\"phase\":%s,\"backup\":%s,\"token\":%s,\"part\":%s\n", \
    id, ended ? "ended" : "open", journaled ? "journal" : "-", text(id), text(field["command"]), field["startedAt"], \
    number(field["endedAt"], "null"), text(field["who"]), text(field["reason"]), text_or_null(field["outcome"]), \
    text(field["code"]), text(field["message"]), text(field["phase"]), text_or_null(field["backup"]), text(field["token"]), text(field["part"])
  if (++count >= ENVIRON["limit"] + 0) exit
}'

# operations_listed LIMIT TOKEN ID: print the names of the folders, and the rows, newest first; at most LIMIT rows, with this
# token or id if they are given. For operations_json.
operations_listed() {
  {
    if [[ $3 == '' ]]; then ls -1 -- "$STATE/operations" 2>/dev/null; else ! valid_operation "$3" || printf '%s\n' "$3"; fi
    state_record asked "$@" | state_rows "SELECT id, command, started_at, ended_at, who, o.reason, outcome, code, message, phase, backup,
      token, part FROM operation o CROSS JOIN said WHERE word = 'asked' AND (b = '' OR token = b) AND (c = '' OR id = c) ORDER BY id DESC
      LIMIT (SELECT 0 + a FROM said);"
  } | sort -r
}

# operations_json LIMIT TOKEN: read IDs or rows on stdin, newest first. OPERATIONS = each one as JSON. Also prints a line for each in
# readable mode.
OPERATIONS=()
operations_json() {
  local id state journal json undoable
  OPERATIONS=()
  while IFS=$'\t' read -r id state journal json; do
    if [[ $state != ended ]]; then
      operation_state "$id"
      state=$REPLY
      # It ended after awk read it: read it again.
      if [[ $state == ended ]]; then
        IFS=$'\t' read -r _ _ journal json < <(printf '%s\n' "$id" | STATE=$STATE limit=1 token='' rows='' awk "$OPERATIONS_AWK")
      fi
    fi
    undoable=false
    if [[ $journal == journal ]] && operation_undoable "$id"; then undoable=true; fi
    OPERATIONS+=("$json,\"state\":\"$state\",\"undoable\":$undoable}")
    [[ $READABLE_FD == '' ]] || operation_line "$id" "$state"
  done < <(STATE=$STATE limit=$1 token=$2 rows='' awk "$OPERATIONS_AWK")
}

# operation_safeties ID: SAFETIES = its safety copies, one for each part; status 1 if it has none.
SAFETIES=()
operation_safeties() {
  local line
  SAFETIES=()
  while IFS= read -r line; do
    [[ $line == safety=?* && $line != *"$TORN" ]] || continue
    decode_path "${line#safety=}"
    SAFETIES+=("$REPLY")
  done 2>/dev/null <"$STATE/operations/$1/journal"
  ((${#SAFETIES[@]} > 0))
}

# operation_undoable ID: status 0 if all its safety copies are there.
operation_undoable() {
  local one
  operation_safeties "$1" || return 1
  for one in "${SAFETIES[@]}"; do [[ -f $one || -d $one ]] || return 1; done
}

operation_line() { # ID STATE
  local line message='' text
  while IFS= read -r line; do
    [[ $line != message=* ]] || message=${line#message=}
  done 2>/dev/null <"$STATE/operations/$1/outcome"
  printf -v text '%-40s %-11s %s' "$1" "$2" "$message"
  say_readable "$text"
}

# operation_json ID: REPLY = the operation as JSON, or null.
operation_json() {
  local READABLE_FD=''
  operations_json 1 '' < <(printf '%s\n' "$1")
  REPLY=${OPERATIONS[0]-null}
}

run_operations() {
  local limit=50 token='' id=''
  while (($# > 0)); do
    case $1 in
      --limit) limit=${2-} ;;
      --id) id=${2-} ;;
      --token) token=${2-} ;;
      *) usage_error "operations: unknown option $1" ;;
    esac
    (($# > 1)) || usage_error "$1: a value is missing"
    shift 2
  done
  [[ $limit =~ ^[0-9]{1,6}$ ]] || usage_error '--limit: a number'
  state_say_lost
  if ((10#$limit == 0)); then
    OPERATIONS=()
  elif [[ $id != '' ]]; then
    [[ ! $id =~ $OPERATION_ID ]] || operations_json 1 '' < <(operations_listed 1 '' "$id")
  else
    operations_json "$limit" "$token" < <(operations_listed "$limit" "$token" '')
  fi
  json_array ${OPERATIONS[@]+"${OPERATIONS[@]}"}
  succeed "${#OPERATIONS[@]} operations" "{\"operations\":$REPLY}"
}

# --- An operation becomes a row when it is over, older than two weeks and not among the newest hundred: its output goes. One that
# is not over, or can still be undone, stays a folder.

readonly FOLDERS_MOST=100 FOLDER_SECONDS=1209600
readonly PRUNE_FROM=20 PRUNE_AT_MOST=500 # fewer are not worth the processes; the next operation takes the rest

# operations_prune: make rows of old operations; called by each worker. Reads only names until there is something to do.
operations_prune() {
  local folder=$STATE/operations all due=() unfinished='' name limit last
  all=("$folder"/[0-9]*)
  last=$((${#all[@]} - FOLDERS_MOST))
  ((last >= PRUNE_FROM)) || return 0
  now_ms
  limit=$((REPLY / 1000 - FOLDER_SECONDS))
  TZ=UTC printf -v limit '%(%Y%m%dT%H%M%SZ)T' "$limit"
  { [[ ! -r $STATE/unfinished ]] || read -r unfinished <"$STATE/unfinished"; } 2>/dev/null
  for name in "${all[@]:0:last}"; do
    name=${name##*/}
    # Names sort by time.
    [[ $name < $limit ]] && ((${#due[@]} < PRUNE_AT_MOST)) || break
    [[ $name != "$unfinished" && $name != "$OPERATION" ]] && operation_is_over "$name" || continue
    due+=("$folder/$name")
  done
  ((${#due[@]} >= PRUNE_FROM)) || return 0
  state_write operations_rows "${due[@]##*/}" || return 1
  # Hide them all by one rename each; a folder left by a killed process goes with the next batch.
  [[ ! -e $folder/.old ]] || rm -rf -- "$folder/.old"
  mkdir -- "$folder/.old" && mv -t "$folder/.old" -- "${due[@]}"
  rm -rf -- "$folder/.old"
}

# operations_rows ID...: print them as rows of `said`.
operations_rows() { printf '%s\n' "$@" | STATE=$STATE rows=yes token='' awk "$OPERATIONS_AWK"; }

# operation_is_over ID: status 0 if it has an outcome and cannot be undone. If the database is missing too, its disk may not
# be mounted: then a missing safety copy does not count as gone.
operation_is_over() {
  local one
  [[ -s $STATE/operations/$1/outcome ]] && valid_operation "$1" || return 1
  operation_safeties "$1" || return 0
  for one in "${SAFETIES[@]}"; do
    [[ -e $one || ! -e ${one%.pre-restore.*} ]] || return 0
  done
  return 1
}

operation_runs() { # ID
  valid_operation "$1" || return 1
  operation_state "$1"
  [[ $REPLY == running ]]
}
