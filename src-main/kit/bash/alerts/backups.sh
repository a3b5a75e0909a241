# --- The backups, for the rules of alerts ------------------------------------------------------------------------------------------------

# alerts_backups: print rows for the backups in LOOK_LISTING, and whether that is all of them.
alerts_backups() {
  local list
  [[ $LOOK_WHOLE != '' ]] || { state_record unseen backups 'the look at the site ended before all of them were listed'; return; }
  list=$(printf '%s\n' "$LOOK_LISTING" | listing_joined)
  printf '%s\n' "$list" | awk '
    BEGIN { FS = OFS = "\t" }
    function name_of(path) { sub(/.*\//, "", path); return path }
    $1 == "cut" || $1 == "unlisted" { gap = $1 }
    $1 == "backup" && !$17 { print "backup", $3, name_of($3), $4, $5, $6, $2, $9, $10, $15, "", "", "", "" }
    END {
      if (gap == "") print "seen", "backups", "", "", "", "", "", "", "", "", "", "", "", ""
      else print "unseen", "backups", gap == "cut" ? "there%20are%20too%20many%20files" : "a%20folder%20of%20them%20cannot%20be%20read", "", "", "", "", "", "", "", "", "", "", ""
    }'
}
