# --- What is forgotten ----------------------------------------------------------------------------------------------------------
#
# Once a day. Records of a backup whose file has been gone for 90 days, with its fingerprint and list of members; a disk may be
# missing for a while. A hold stays. Of operations, the last 90 days or the newest 1,000 are kept, whichever is more.

readonly STATE_PRUNE="
DELETE FROM missing WHERE path NOT IN (SELECT a FROM said WHERE word = 'gone');
INSERT OR IGNORE INTO missing SELECT a, 0 + b FROM said WHERE word = 'gone';
CREATE TEMP TABLE forgotten AS SELECT path FROM missing WHERE since <= (SELECT 0 + a FROM said WHERE word = 'before');
DELETE FROM backup WHERE path IN (SELECT path FROM forgotten);
DELETE FROM verdict WHERE path IN (SELECT path FROM forgotten);
DELETE FROM missing WHERE path IN (SELECT path FROM forgotten);
CREATE TEMP TABLE nameless AS SELECT name FROM fingerprint WHERE path IN (SELECT path FROM forgotten);
DELETE FROM fingerprint WHERE name IN (SELECT name FROM nameless);
DELETE FROM fact WHERE name IN (SELECT name FROM nameless);
DELETE FROM table_count WHERE name IN (SELECT name FROM nameless);
DELETE FROM member WHERE name IN (SELECT name FROM nameless);
DELETE FROM operation WHERE id < (SELECT a FROM said WHERE word = 'oldest')
  AND id < (SELECT id FROM operation ORDER BY id DESC LIMIT 1 OFFSET 999);
DELETE FROM run WHERE due_at <= (SELECT 0 + a FROM said WHERE word = 'before');
DELETE FROM loss WHERE at <= (SELECT 0 + a FROM said WHERE word = 'before');
UPDATE pruned SET at = (SELECT 0 + a FROM said WHERE word = 'now');
COMMIT;
"

# state_prune: forget what is due; called by each worker.
state_prune() {
  local last='' now
  state_look
  [[ $STATE_KIND == known && -d $BACKUPS ]] || return 0
  IFS= read -r last < <(state_rows 'SELECT at FROM pruned;' </dev/null)
  now_ms
  now=$REPLY
  [[ $last =~ ^[0-9]{1,15}$ ]] && ((now - last >= 86400000 || last > now)) || return 0
  state_change "$STATE_PRUNE" state_gone "$now"
}

# state_gone NOW: print a row for each file that is known and not there, and the moments (90 days are 7,776,000 seconds). A fingerprint belongs to a name: the file may have been moved.
state_gone() {
  local path name
  [[ $1 =~ ^[0-9]{1,15}$ ]] || return 1
  while IFS= read -r path; do
    [[ $path != whole ]] || break
    decode_path "$path"
    name=${REPLY##*/}
    [[ -e $REPLY || -e $BACKUPS/$name || -e $BACKUPS/app/$name || -e $BACKUPS/system/$name ]] || state_row gone "$path" "$1"
  done < <(state_rows "SELECT path FROM backup UNION SELECT path FROM verdict UNION SELECT path FROM fingerprint WHERE path <> '';" </dev/null)
  [[ $path == whole ]] || return 1
  TZ=UTC printf -v REPLY '%(%Y%m%dT%H%M%SZ)T' "$(($1 / 1000 - 7776000))"
  state_record oldest "$REPLY"
  state_record now "$1"
  state_record before "$(($1 - 7776000000))"
}
