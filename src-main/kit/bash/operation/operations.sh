# --- The list of operations, and how long they are kept -----------------------------------------------------------------------
#
# There may be thousands. One awk reads them all; only an operation without an outcome, whose worker began in this boot,
# costs a process of its own.

# shellcheck disable=SC2016 # awk's own variables
readonly OPERATIONS_AWK='
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
BEGIN {
  for (i = 1; i < 128; i++) if (i < 32 || i == 127) code[sprintf("%c", i)] = sprintf("\\u%04x", i)
  code["\""] = "\\\""
  code["\\"] = "\\\\"
  special = "[\"\\\\" sprintf("%c", 1) "-" sprintf("%c", 31) sprintf("%c", 127) "]"
  folder = ENVIRON["STATE"] "/operations/"
  count = 0
}
length($0) > 24 && /^[0-9]+T[0-9]+Z-[a-z]+-[0-9a-f]+$/ {
  split("", field)
  take(folder $0 "/about", " command startedAt who reason token ")
  if (ENVIRON["token"] != "" && field["token"] != ENVIRON["token"]) next
  ended = take(folder $0 "/outcome", " outcome code endedAt message ")
  journaled = take(folder $0 "/journal", " phase backup part ")
  if (field["phase"] !~ /^(staged|stopping|keeping|swapping|swapped|starting|committed|rolling-back|returned|rolled-back)$/)
    field["phase"] = ""
  if (field["part"] !~ /^(database|application|config|nginx|systemd|system)$/) field["part"] = ""
  printf "%s\t%s\t%s\t{\"id\":%s,\"command\":%s,\"startedAt\":%s,\"endedAt\":%s,\"who\":%s,\"reason\":%s,\"outcome\":%s,\"code\":%s,\"message\":%s,\"phase\":%s,\"backup\":%s,\"token\":%s,\"part\":%s\n", \
    $0, ended ? "ended" : "open", journaled ? "journal" : "-", text($0), text(field["command"]), number(field["startedAt"], 0), \
    number(field["endedAt"], "null"), text(field["who"]), text(field["reason"]), text_or_null(field["outcome"]), \
    text(field["code"]), text(field["message"]), text(field["phase"]), text_or_null(field["backup"]), text(field["token"]), text(field["part"])
  if (++count >= ENVIRON["limit"] + 0) exit
}'

# operations_json LIMIT TOKEN: read IDs on stdin, newest first. OPERATIONS = each one as JSON. Also prints a line for each in
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
        IFS=$'\t' read -r _ _ journal json < <(printf '%s\n' "$id" | STATE=$STATE limit=1 token='' awk "$OPERATIONS_AWK")
      fi
    fi
    undoable=false
    if [[ $journal == journal ]] && operation_safety "$id" && [[ -f $REPLY || -d $REPLY ]]; then undoable=true; fi
    OPERATIONS+=("$json,\"state\":\"$state\",\"undoable\":$undoable}")
    [[ $READABLE_FD == '' ]] || operation_line "$id" "$state"
  done < <(STATE=$STATE limit=$1 token=$2 awk "$OPERATIONS_AWK")
}

# operation_safety ID: REPLY = its safety copy; status 1 if it has none.
operation_safety() {
  journal_value "$1" safety
  [[ $REPLY != '' ]] || return 1
  decode_path "$REPLY"
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
  if ((10#$limit == 0)); then
    OPERATIONS=()
  elif [[ $id != '' ]]; then
    ! valid_operation "$id" || operations_json 1 '' < <(printf '%s\n' "$id")
  else
    operations_json "$limit" "$token" < <(ls -1r -- "$STATE/operations" 2>/dev/null)
  fi
  json_array ${OPERATIONS[@]+"${OPERATIONS[@]}"}
  succeed "${#OPERATIONS[@]} operations" "{\"operations\":$REPLY}"
}

# --- Pruning: keep the operations of the last 90 days and the newest 1,000, whichever is more. Always keep those that are not over
# and those that can still be undone.

readonly KEEP_OPERATIONS=1000 KEEP_SECONDS=7776000
readonly PRUNE_FROM=20 PRUNE_AT_MOST=500 # fewer are not worth three processes; the next operation takes the rest

# operations_prune: remove old operations; called by each worker. Reads only names until there is something to remove.
operations_prune() {
  local folder=$STATE/operations all due=() unfinished='' name limit last
  all=("$folder"/[0-9]*)
  last=$((${#all[@]} - KEEP_OPERATIONS))
  ((last >= PRUNE_FROM)) || return 0
  now_ms
  limit=$((REPLY / 1000 - KEEP_SECONDS))
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
  # Hide them all by one rename each; a folder left by a killed process goes with the next batch.
  [[ ! -e $folder/.old ]] || rm -rf -- "$folder/.old"
  mkdir -- "$folder/.old" && mv -t "$folder/.old" -- "${due[@]}"
  rm -rf -- "$folder/.old"
}

# operation_is_over ID: status 0 if it has an outcome and cannot be undone. If the database is missing too, its disk may not
# be mounted: then a missing safety copy does not count as gone.
operation_is_over() {
  [[ -s $STATE/operations/$1/outcome ]] && valid_operation "$1" || return 1
  operation_safety "$1" || return 0
  [[ ! -e $REPLY && -e ${REPLY%.pre-restore.*} ]]
}

operation_runs() { # ID
  valid_operation "$1" || return 1
  operation_state "$1"
  [[ $REPLY == running ]]
}
