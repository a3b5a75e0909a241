# --- What rotation records ----------------------------------------------------------------------------------------------------
#
# Before a file is deleted, that is recorded as intended; afterwards as done, in one transaction with the removal of what was known of
# the file. If rotation was killed between the two, the next one looks: if the file is gone, it deletes what is left of it and records
# it as done; if it is there, nothing had happened, and the intention is forgotten. Rows of `said`:
#   intend  PATH KIND ORIGIN SIZE TAKEN REASON MEASURE BOUND IDENTITY COMPANIONS OPERATION AT
#   gone    PATH AT               it was deleted, with all that belongs to it
#   stays   PATH                  it was not
#   before  AT                    what is older is forgotten: 90 days
#   clock   AT UP BOOT
# The tables came after the first kits with a state.db, which do not mind them.

readonly ROTATION_SCHEMA="
CREATE TABLE IF NOT EXISTS clock (at INTEGER NOT NULL, up INTEGER NOT NULL, boot TEXT NOT NULL, jumped INTEGER NOT NULL,
  CHECK (typeof(at) || typeof(up) || typeof(jumped) = 'integerintegerinteger'), CHECK (boot NOT GLOB '*[^A-Za-z0-9._/%-]*'));
CREATE TABLE IF NOT EXISTS deletion (
  n INTEGER PRIMARY KEY, path TEXT NOT NULL, kind TEXT NOT NULL, origin TEXT NOT NULL, size INTEGER, taken_at INTEGER,
  reason TEXT NOT NULL, measure INTEGER, bound INTEGER, identity TEXT NOT NULL, companions TEXT NOT NULL,
  operation TEXT NOT NULL, at INTEGER NOT NULL, done_at INTEGER,
  CHECK (typeof(at) = 'integer' AND typeof(done_at) IN ('integer', 'null')),
  CHECK (path || kind || origin || reason || identity || operation NOT GLOB '*[^A-Za-z0-9._/%-]*'),
  CHECK (companions NOT GLOB '*[^A-Za-z0-9._/%,-]*'));
"
readonly ROTATION_CLOCK='SELECT at, up, boot, jumped FROM clock LIMIT 1;'
readonly ROTATION_OPEN="SELECT path, identity, companions FROM deletion WHERE done_at IS NULL ORDER BY n LIMIT 1000;"
# The same, without those that somebody has put on hold since.
readonly ROTATION_CLEAR="SELECT path, identity, companions FROM deletion WHERE done_at IS NULL AND path NOT IN (SELECT path FROM hold) ORDER BY n LIMIT 1000;"

readonly ROTATION_INTEND="$ROTATION_SCHEMA
INSERT INTO deletion (path, kind, origin, size, taken_at, reason, measure, bound, identity, companions, operation, at)
  SELECT a, b, c, nullif(d, '-'), nullif(e, '-'), f, nullif(g, '-'), nullif(h, '-'), i, j, k, l FROM said
  WHERE word = 'intend' AND a NOT IN (SELECT path FROM hold) ORDER BY rowid;
COMMIT;
"
readonly ROTATION_DONE="$ROTATION_SCHEMA
CREATE TEMP TABLE gone AS SELECT a AS path, 0 + b AS at FROM said WHERE word = 'gone';
UPDATE deletion SET done_at = (SELECT at FROM gone WHERE gone.path = deletion.path) WHERE done_at IS NULL AND path IN (SELECT path FROM gone);
DELETE FROM deletion WHERE done_at IS NULL AND path IN (SELECT a FROM said WHERE word = 'stays');
DELETE FROM deletion WHERE at <= (SELECT 0 + a FROM said WHERE word = 'before');
DELETE FROM backup WHERE path IN (SELECT path FROM gone);
DELETE FROM verdict WHERE path IN (SELECT path FROM gone);
DELETE FROM missing WHERE path IN (SELECT path FROM gone);
CREATE TEMP TABLE nameless AS SELECT name FROM fingerprint WHERE path IN (SELECT path FROM gone);
DELETE FROM fingerprint WHERE name IN (SELECT name FROM nameless);
DELETE FROM fact WHERE name IN (SELECT name FROM nameless);
DELETE FROM table_count WHERE name IN (SELECT name FROM nameless);
DELETE FROM member WHERE name IN (SELECT name FROM nameless);
COMMIT;
"
readonly ROTATION_SEEN="$ROTATION_SCHEMA
DELETE FROM clock WHERE EXISTS (SELECT 1 FROM said WHERE word = 'clock');
INSERT INTO clock SELECT a, b, c, 0 FROM said WHERE word = 'clock';
UPDATE clock SET jumped = 1 WHERE EXISTS (SELECT 1 FROM said WHERE word = 'jumped');
COMMIT;
"

# rotation_boot: REPLY = what no two starts of this server have in common. Containers have the boot of their host in common: so with the
# moment at which the first process began.
rotation_boot() {
  local boot stat='' field=()
  read -r boot </proc/sys/kernel/random/boot_id
  { read -r stat </proc/1/stat; } 2>/dev/null
  # Its name may have blanks.
  read -ra field < <(printf '%s\n' "${stat##*)}")
  REPLY=$boot
  [[ ! ${field[19]-} =~ ^[0-9]{1,20}$ ]] || REPLY+=/${field[19]}
}

# rotation_see_clock: record the clock as right, for the next rotation to compare with.
rotation_see_clock() {
  local at up boot
  now_ms
  at=$REPLY
  uptime_ms
  up=$REPLY
  rotation_boot
  boot=$REPLY
  state_change "$ROTATION_SEEN" state_record clock "$at" "$up" "$boot"
}

# rotation_doubt_clock: record that it has jumped: a restart does not make it right.
rotation_doubt_clock() { state_change "$ROTATION_SEEN" state_record jumped; }

# rotation_intended AT LINE...: print rows for lines PATH IDENTITY COMPANIONS of what is to be deleted, with what ROTATION says of each.
rotation_intended() {
  local answer
  exec {answer}< <(printf '%s' "$ROTATION")
  printf '%s\n' "${@:2}" | at=$1 operation=$OPERATION awk -F '\t' -v OFS='\t' '
    part == "answer" { if ($1 == "delete") said[$2] = $6 OFS $7 OFS $8 OFS $11 OFS $3 OFS $4 OFS $5; next }
    $1 in said { print "intend", $1, said[$1], $2, $3, ENVIRON["operation"], ENVIRON["at"], "" }
  ' part=answer "/dev/fd/$answer" part=lines -
  exec {answer}<&-
}

# rotation_done COUNT PATH...: print rows: the first COUNT are gone, the others stay.
rotation_done() {
  local path number=0 count=$1 now
  [[ $count =~ $WHOLE_NUMBER ]] || return 1
  now_ms
  now=$REPLY
  state_row before "$((now - 7776000000))"
  for path in "${@:2}"; do
    number=$((number + 1))
    if ((number <= count)); then state_row gone "$path" "$now"; else state_row stays "$path"; fi
  done
}
