# --- What is wrong with the policy, by the rule in SQL ----------------------------------------------------------------------------
#
# The rule is src-main/kit/rules/policy-lint.sql, which the console runs while somebody types; it comes as POLICY_LINT_RULE, its tables as
# POLICY_LINT_TABLES, its sentences as POLICY_SAYS and POLICY_FIX. All data is imported as rows of `said`:
#   site    NOW ZONE INSTALLED CHANNELS FREE SAME-DISK NOT-TAKEN EDITED PACE OTHERS     empty: not known
#   value   KEY VALUE
#   backup  KIND ORIGIN SIZE TAKEN
# The answer is a line for each finding, in LINT: RULE SEVERITY KEYS MEASURE BOUND A B C D E, `-` for what is empty.

LINT=''      # the answer
LINT_SITE='' # the row of the site
readonly LINT_ASK="
INSERT INTO policy_site SELECT 0, a, b, nullif(c, ''), nullif(d, ''), nullif(e, ''), nullif(f, ''), nullif(g, ''), nullif(h, ''), nullif(i, ''), nullif(j, '')
  FROM said WHERE word = 'site';
INSERT INTO policy_value SELECT 0, a, b FROM said WHERE word = 'value';
INSERT INTO policy_backup SELECT 0, a, b, c, nullif(d, '-') FROM said WHERE word = 'backup';
INSERT INTO policy_clock
  WITH RECURSIVE half (at, ending) AS (SELECT now / 1800000 * 1800, now / 1000 + 34560000 FROM policy_site
    UNION ALL SELECT at + 1800, ending FROM half WHERE at < ending),
  shown (at, shift) AS (SELECT at, strftime('%s', at, 'unixepoch', 'localtime') - at FROM half),
  before (at, was, shift) AS (SELECT at, lag(shift) OVER (ORDER BY at), shift FROM shown)
  SELECT 0, at * 1000, was, shift FROM before WHERE was <> shift;
CREATE TEMP TABLE answered AS "
readonly LINT_TELL="
SELECT rule, severity, coalesce(nullif(keys, ''), '-'), coalesce(measure, '-'), coalesce(bound, '-'), coalesce(nullif(a, ''), '-'),
  coalesce(nullif(b, ''), '-'), coalesce(nullif(c, ''), '-'), coalesce(nullif(d, ''), '-'), coalesce(nullif(e, ''), '-')
  FROM answered ORDER BY rowid;
SELECT 'whole';
"

# policy_lint: fill LINT and LINT_SITE; status 1 if the rule could not be asked.
policy_lint() {
  local answer key
  LINT=''
  lint_site
  answer=$({
    printf '%s\n' "$LINT_SITE"
    for key in "${!POLICY[@]}"; do state_row value "$key" "${POLICY[$key]}"; done
    backup_list | awk -F '\t' -v OFS='\t' '$1 == "backup" && !$17 { print "backup", $4, $5, $6, $8, "", "", "", "", "", "", "", "", "" }'
  } | lint_ask)
  [[ $answer == whole || $answer == *$'\nwhole' ]] || return 1
  LINT=${answer%whole}
}

# lint_ask: ask the rule about the rows on stdin; print the answer, then `whole`. In memory: nothing is written.
lint_ask() {
  SQLITE_TMPDIR=$STATE sqlite3 -batch -bail -noheader -nullvalue '' -init /dev/null -cmd "$STATE_TEMPORARY" \
    -cmd '.mode ascii' -cmd '.separator "\t" "\n"' -cmd '.import /dev/stdin said' -cmd '.mode list' -cmd '.separator "\t" "\n"' \
    -cmd "$POLICY_LINT_TABLES$LINT_ASK$POLICY_LINT_RULE$LINT_TELL" :memory: 2>/dev/null
}

# lint_site: LINT_SITE = the row of the site.
lint_site() {
  local now zone installed=0 channels=0 free='' shared='' edited=0 file lines=() numbers=()
  now_ms
  now=$REPLY
  zone_name
  zone=$REPLY
  [[ $zone =~ ^[A-Za-z0-9_+/:.,-]{1,64}$ ]] || zone=local
  [[ ! -f $STATE/schedule ]] || installed=1
  for file in "$STATE"/channels/*; do [[ ! -f $file ]] || channels=$((channels + 1)); done
  disk_folder database
  file=$REPLY
  disk_folder backups
  mapfile -t lines < <(exec df -B1 --output=avail,source -- "$file" "$REPLY" 2>/dev/null)
  mapfile -t numbers < <(exec stat -L -c %d -- "$file" "$REPLY" 2>/dev/null)
  if ((${#lines[@]} == 3 && ${#numbers[@]} == 2)) && [[ ${lines[2]} =~ ^\ *([0-9]{1,18})\ +(.+)$ ]]; then
    free=${BASH_REMATCH[1]} shared=0
    file_system "${numbers[1]}" "${BASH_REMATCH[2]}"
    file=$REPLY
    [[ ! ${lines[1]} =~ ^\ *[0-9]{1,18}\ +(.+)$ ]] || { file_system "${numbers[0]}" "${BASH_REMATCH[1]}"; [[ $REPLY != "$file" ]] || shared=1; }
  fi
  policy_edited && edited=1
  verify_pace
  LINT_SITE=$(state_row site "$now" "$zone" "$installed" "$channels" "$free" "$shared" "$POLICY_NOT_TAKEN" "$edited" "$REPLY" "${#POLICY_OTHERS[@]}")
}

# lint_site_json: REPLY = what the row says, for the console.
lint_site_json() {
  local installed channels free same taken edited pace others field fields=()
  # Neighbouring TABs count as one for read, and some of the fields are empty.
  IFS=$'\x1f' read -r _ _ _ installed channels free same taken edited pace others _ < <(printf '%s\n' "${LINT_SITE//$'\t'/$'\x1f'}")
  for field in "$channels" "$free" "$taken" "$pace" "$others"; do
    json_number_or_null "$field"
    fields+=("$REPLY")
  done
  for field in "$installed" "$same" "$edited"; do
    case $field in 0) REPLY=false ;; 1) REPLY=true ;; *) REPLY=null ;; esac
    fields+=("$REPLY")
  done
  json_object installed:="${fields[5]}" channels:="${fields[0]}" free:="${fields[1]}" sameDisk:="${fields[6]}" notTaken:="${fields[2]}" \
    edited:="${fields[7]}" pace:="${fields[3]}" otherKeys:="${fields[4]}"
}

# policy_edited: status 0 if the file is not as this program has written it. Those of earlier kits do not say.
policy_edited() {
  local sum
  [[ -r $STATE/policy && $POLICY_AT$POLICY_SUM != '' ]] || return 1
  sum=$(sed '$d' "$STATE/policy" | sha256sum)
  [[ ${sum:0:16} != "$POLICY_SUM" ]]
}

# lint_json: REPLY = the findings as JSON; say them to people.
lint_json() {
  local rule severity keys measure bound texts says list=()
  while IFS=$'\t' read -r rule severity keys measure bound texts; do
    [[ $rule =~ ^[a-z-]{1,30}$ && ${POLICY_SAYS[$rule]+known} == known ]] || continue
    lint_fill "${POLICY_SAYS[$rule]}" "$texts"
    says=$REPLY
    say_readable "$severity: $says ${POLICY_FIX[$rule]}"
    [[ $measure =~ ^-?[0-9]{1,18}(\.[0-9]{1,6})?$ ]] || measure=null
    [[ $bound =~ ^-?[0-9]{1,18}(\.[0-9]{1,6})?$ ]] || bound=null
    if [[ $keys =~ ^[a-z_\ ]{1,100}$ ]]; then keys="\"${keys// /\",\"}\""; else keys=''; fi
    json_object rule="$rule" severity="$severity" keys:="[$keys]" measure:="$measure" bound:="$bound" sentence="$says" fix="${POLICY_FIX[$rule]}"
    list+=("$REPLY")
  done < <(printf '%s' "$LINT")
  json_array ${list[@]+"${list[@]}"}
}

# lint_fill WORDS TEXTS: REPLY = the sentence, as fillWords in src-shared/domain/policy-words.ts makes it.
lint_fill() {
  local text=$1 rest=$2 name value form='\{([a-e])\|([a-z]*)\|([a-z]*)\}'
  for name in a b c d e; do
    value=${rest%%$'\t'*} rest=${rest#*$'\t'}
    value=${value/#-/}
    text=${text//"{$name}"/$value}
    if [[ $value =~ ^(0|[1-9][0-9]{0,14})$ ]]; then
      span_words "$value"
      text=${text//"{$name:span}"/$REPLY}
    fi
    while [[ $text =~ $form && ${BASH_REMATCH[1]} == "$name" ]]; do
      REPLY=${BASH_REMATCH[3]}
      [[ $value != 1 ]] || REPLY=${BASH_REMATCH[2]}
      text=${text/"${BASH_REMATCH[0]}"/$value $REPLY}
    done
  done
  REPLY=$text
}
