# --- What earlier kits knew, and in what files ---------------------------------------------------------------------------------
#
#   STATE/catalog             lines, TAB-separated; the last one about a file counts, a last line that was cut off does not:
#                               made PATH SIZE MTIME KIND ORIGIN TAKEN-AT    verdict PATH SIZE MTIME VERDICT AT BASIS SHA256 REASON
#                               hold PATH AT WHO REASON                      release PATH AT WHO REASON
#   STATE/fingerprints/NAME   key=value lines, and `table TAB name TAB rows TAB maxrowid TAB newest` lines
#   STATE/members/NAME        the members of an archive
# While they are converted, the catalog is called catalog.converting.

# shellcheck disable=SC2016 # awk's own variables
readonly STATE_OLD_AWK=$ENCODE_AWK'
function number(text) { return length(text) <= 15 && text ~ /^(0|[1-9][0-9]*)$/ }
function word(text) { return text !~ /[^A-Za-z0-9._\/%-]/ }
# say FIELDS, of which there are COUNT: a row of 14.
function say(fields, count) {
  for (; count < 14; count++) fields = fields "\t"
  print fields
}
function fingerprint(file, name,   line, at, key, value, fields, tables, table, n, fact) {
  split("", value); split("", fact); tables = 0
  while ((getline line < file) > 0) {
    if (line ~ /^table\t/) {
      n = split(line, fields, "\t")
      if (n == 5 && word(fields[2])) table[tables++] = fields[2] "\t" encoded(fields[3]) "\t" encoded(fields[4]) "\t" encoded(fields[5])
      continue
    }
    at = index(line, "=")
    key = substr(line, 1, at - 1)
    if (at < 2 || key !~ /^[A-Za-z0-9.]+$/ || length(key) > 40) continue
    if (key ~ /^(path|kind|sha256|size|takenAt)$/) value[key] = substr(line, at + 1)
    else fact[key] = substr(line, at + 1)
  }
  close(file)
  if (!number(value["size"])) return
  say("fingerprint\t" name "\t" (word(value["path"]) ? value["path"] : "") "\t" encoded(value["kind"]) "\t" encoded(value["sha256"]) "\t" value["size"] "\t" \
    (number(value["takenAt"]) ? value["takenAt"] : ""), 7)
  for (key in fact) say("fact\t" name "\t" key "\t" encoded(fact[key]), 4)
  for (n = 0; n < tables; n++) say("table\t" name "\t" n "\t" table[n], 7)
}
function members(file, name,   line, n) {
  say("members\t" name, 2)
  while ((getline line < file) > 0) {
    if (split(line, field, "\t") != 8 || line ~ /[^A-Za-z0-9._\/%\t-]/) break
    say("member\t" name "\t" ++n "\t" line, 11)
  }
  close(file)
}
BEGIN { FS = "\t" }
/\ttorn$/ { next }
$1 == "=" && word($3) { if ($2 == "fingerprints") fingerprint(ENVIRON["STATE"] "/fingerprints/" $3, $3); else members(ENVIRON["STATE"] "/members/" $3, $3); next }
/[^A-Za-z0-9._\/%\t-]/ { next }
$1 == "made" && NF == 7 && number($3) && number($7) { say($0, 7) }
$1 == "verdict" && NF == 9 && number($3) && number($6) { say($0, 9) }
$1 == "hold" && NF == 5 { say($1 "\t" $2 "\t" (number($3) ? $3 : 0) "\t" $4 "\t" $5, 5) }
$1 == "release" && NF == 5 { say($0, 5) }
'

# state_old_records [members]: print what the files of earlier kits say, as rows of `said`; with `members`, the lists of members too.
state_old_records() {
  state_old_lines "${1-}" | STATE=$STATE awk "$STATE_OLD_AWK"
  state_record end
}

# state_old_lines [members]: print the lines of the catalog, and `=`, folder and name of each other file.
state_old_lines() {
  local file folders=("$STATE/fingerprints")
  for file in "$STATE/catalog.converting" "$STATE/catalog"; do
    [[ -f $file ]] || continue
    [[ $file != */catalog || ! $file -ef $STATE/catalog.converting ]] || continue
    cat -- "$file"
    # A last line that was cut off ends here; an empty line is none.
    printf '%s\n' "$TORN"
  done
  [[ $1 == '' ]] || folders+=("$STATE/members")
  find "${folders[@]}" -mindepth 1 -maxdepth 1 -type f ! -name '*.new.*[0-9]' -printf '=\t%h\t%f\n' 2>/dev/null | sed 's,^=\t.*/,=\t,'
}
