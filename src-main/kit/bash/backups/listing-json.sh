# --- The list of backups as JSON ------------------------------------------------------------------------------------------

# shellcheck disable=SC2016 # awk's own variables
readonly LISTING_JSON_AWK='
BEGIN {
  FS = "\t"
  for (i = 0; i < 256; i++) {
    c = i == 0 ? "" : sprintf("%c", i)
    plain[sprintf("%02X", i)] = i < 32 || i == 127 ? sprintf("\\u%04x", i) : c == "\"" || c == "\\" ? "\\" c : c
  }
}
function decoded(text,   out, at) {
  out = ""
  while ((at = index(text, "%")) > 0) {
    out = out substr(text, 1, at - 1) plain[substr(text, at + 1, 2)]
    text = substr(text, at + 3)
  }
  return out text
}
function number_or_null(text) { return text ~ /^[0-9]+$/ ? text : "null" }
function names(list) { gsub(/,/, "\",\"", list); return list == "" ? "" : "\"" list "\"" }
# member: the current line as a member of a JSON array.
function member() {
  # Not sprintf: some awks have a buffer for it that long names overflow.
  if ($1 == "other") return "{\"path\":\"" $3 "\",\"class\":\"" $4 "\",\"size\":" $5 ",\"modifiedAt\":" $2 "}"
  return "{\"path\":\"" $3 "\",\"kind\":\"" $4 "\",\"origin\":\"" $5 "\",\"size\":" $6 ",\"modifiedAt\":" $7 \
    ",\"takenAt\":" number_or_null($8) ",\"verdict\":\"" $9 "\",\"verifiedAt\":" number_or_null($10) ",\"reason\":\"" decoded($11) \
    "\",\"hold\":" ($12 ? "true" : "false") ",\"fingerprint\":" ($13 ? "true" : "false") ",\"companions\":[" names($16) "]" ($17 ? ",\"folder\":true}" : "}")
}
'

# backups_json: print the backups of the list on stdin as the members of a JSON array.
backups_json() { awk "$LISTING_JSON_AWK"'$1 == "backup" { printf "%s%s", (n++ == 0 ? "" : ","), member() }'; }

# listing_whole: print LISTED like listing_joined, but sorted without another process and for the console: a line of figures,
# then the backups and at most 500 other files as JSON, and rows `aside`. The figures include the byte counts of all, so that the caller need
# not search for their ends. Replaces the process.
listing_whole() { listing_awk whole=1 "$LISTING_RULES_AWK$LISTING_JOIN_AWK$LISTING_JSON_AWK$LISTING_WHOLE_AWK"; }

# shellcheck disable=SC2016 # awk's own variables
readonly LISTING_WHOLE_AWK='
function precedes(a, b) {
  if (kind_at[a] != kind_at[b]) return kind_at[a] < kind_at[b]
  if (when_at[a] != when_at[b]) return when_at[a] > when_at[b]
  return path_at[a] < path_at[b]
}
# Merge sort: merge runs of 1, 2, 4, … until one is left.
function in_order(n,   width, left, middle, right, i, j, k) {
  for (i = 1; i <= n; i++) order[i] = i
  for (width = 1; width < n; width *= 2) {
    for (left = 1; left <= n; left += 2 * width) {
      middle = left + width - 1; right = middle + width
      if (middle > n) middle = n
      if (right > n) right = n
      i = left; j = middle + 1
      for (k = left; k <= right; k++)
        spare[k] = i <= middle && (j > right || !precedes(order[j], order[i])) ? order[i++] : order[j++]
    }
    for (i = 1; i <= n; i++) order[i] = spare[i]
  }
}
function print_whole(   i, n, count, bytes, empty, failed, future, databases, newest, verified, last) {
  for (i = 1; i <= records; i++) {
    split(record[i], field, FS)
    kind_at[i] = field[1]; when_at[i] = field[2] + 0; path_at[i] = field[3]
  }
  in_order(records)
  newest = verified = "-"
  for (i = 1; i <= records; i++) {
    $0 = record[order[i]]
    if ($1 == "other") { classes[$4]++; continue }
    count++; bytes += $6
    if ($6 == 0 && !$17) empty++
    if ($9 == "failed") failed++
    if ($15) future++
    if ($4 == "database" && $5 != "safety" && $6 > 0) databases++
    if ($14 && newest == "-") newest = $2
    if ($14 && $9 == "verified" && verified == "-") verified = $2
  }
  for (i = 1; i <= records; i++) {
    $0 = record[order[i]]
    if (i > count && ++n > 500) break
    record[order[i]] = (i == 1 || i == count + 1 ? "" : ",") member()
    bytes_of[i > count] += length(record[order[i]])
  }
  last = i - 1
  printf "%d %.0f %d %d %d %d %s %s %d %d %d %d %d %s %s %s %d\n", count, bytes < 1e17 ? bytes : 1e17, empty, failed, future, databases, newest, verified, \
    classes["unfinished"], classes["unsupported"], bytes_of[0], bytes_of[1], cut, unlisted == "" ? "-" : unlisted, \
    known, loss == "" ? "-" : loss, length(aside)
  for (i = 1; i <= last; i++) printf "%s", record[order[i]]
  print aside
}
END { if (!unread) print_whole() }
'
