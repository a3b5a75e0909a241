# --- Jobs of others: what already backs this site up, wherever it is ------------------------------------------------------------------
#
# Crontabs of users, /etc/crontab, /etc/cron.d, the scripts in /etc/cron.hourly to monthly, and timers of systemd. Who wrote them may be
# hostile: root reads at most FOREIGN_BYTES of a plain file, follows no link, and only looks for the names of the runbook's scripts, and
# of this program.

readonly FOREIGN_BYTES=1048576 FOREIGN_MOST=200

# The words of a job: a script of the runbook, or a backup by this program. What is a comment, or sets a variable, is none.
# shellcheck disable=SC2016 # awk's own variables
readonly FOREIGN_AWK=$ENCODE_AWK'
# mentions ROOT TEXT: whether the folder is named there, as a whole.
function mentions(root, text,   at, from) {
  for (from = 1; root != "" && (at = index(substr(text, from), root)) > 0; from = at + 1) {
    at += from - 1
    if ((at == 1 || substr(text, at - 1, 1) !~ /[A-Za-z0-9_.\/-]/) && substr(text, at + length(root), 1) !~ /[A-Za-z0-9_.-]/) return 1
  }
  return 0
}
# A path counts if it is below the root. A bare name, or a variable, counts if the root was named before.
function here(line, start,   before, word) {
  before = substr(line, 1, start)
  word = before
  sub(/^.*[ \t"\047;&|()=`<>]/, "", word)
  if (word ~ /^-?[@:+!]*\//) {
    sub(/^-?[@:+!]*/, "", word)
    return index(word, ENVIRON["root"] "/") == 1 || index(word, ENVIRON["real"] "/") == 1
  }
  return named || mentions(ENVIRON["root"], before) || mentions(ENVIRON["real"], before)
}
# Another site, with a state folder or a root of its own.
function other(line) {
  if (match(line, /CVD_BACKUP_STATE=[^ \t]+/) && substr(line, RSTART + 17, RLENGTH - 17) != ENVIRON["state"]) return 1
  return match(line, /--root[ =][^ \t]+/) && substr(line, RSTART + 7, RLENGTH - 7) != ENVIRON["root"]
}
function script(line) {
  site = "here"
  if (match(line, /(^|[^A-Za-z0-9_.-])(backup_database_auto|backup_database|backup_application|backup_system|verify_backups|maintain_backups|monitor_backups)\.sh([^A-Za-z0-9_.-]|$)/)) {
    if (!here(line, RSTART)) site = "elsewhere"
    line = substr(line, RSTART, RLENGTH)
    gsub(/^[^A-Za-z0-9_.-]|[^A-Za-z0-9_.-]$/, "", line)
    return line
  }
  if (!other(line) && line ~ /(^|[^A-Za-z0-9_.-])cvd-backup([ \t].*)?[ \t](database|application|config|systemd|system|verify|rotate|scheduled)([ \t"\047]|$)/) return "cvd-backup"
  return ""
}
/^[ \t]*(#|$)/ { next }
# What a job could find its folder by.
ENVIRON["form"] != "crontab" || /^[ \t]*[A-Za-z_][A-Za-z0-9_]*[ \t]*=/ { if (mentions(ENVIRON["root"], $0) || mentions(ENVIRON["real"], $0)) named = 1 }
ENVIRON["form"] == "crontab" && /^[ \t]*[A-Za-z_][A-Za-z0-9_]*[ \t]*=/ { next }
ENVIRON["form"] == "unit" && !/^[ \t]*Exec[A-Za-z]*[ \t]*=/ { next }
{
  name = script(substr($0, 1, 4000))
  if (name == "") next
  user = ENVIRON["user"]
  if (user == "") user = $1 ~ /^@/ ? $2 : $6
  if (user !~ /^[A-Za-z0-9_.-]+$/ || length(user) > 64) user = "-"
  print NR "\t" name "\t" user "\t" encoded(substr($0, 1, 500)) "\t" site
  if (++count >= 50) exit
}'

FOREIGN=() # of each job: FORM PATH LINE SCRIPT USER TEXT, TAB-separated, path and text encoded. FORM: crontab, script, timer
readonly FOREIGN_ELSEWHERE='Its path is not below the CVD root, so it may back up something else: look at it, and change it by hand.'
FOREIGN_WHY=() # of each: why it cannot be replaced from here; or empty

# foreign_read FILE: print it, at most FOREIGN_BYTES, if it is a plain file.
foreign_read() {
  [[ -f $1 && ! -L $1 ]] && dd if="$1" iflag=nofollow,nonblock bs=65536 count="$((FOREIGN_BYTES / 65536))" status=none 2>/dev/null
}

# foreign_lines FORM FILE USER: print a line of FOREIGN_AWK for each job in it.
foreign_lines() { foreign_read "$2" | foreign_jobs "$1" "$3"; }

foreign_jobs() { # FORM USER
  real_path "$ROOT" || REPLY=$ROOT
  form=$1 user=$2 root=$ROOT real=$REPLY state=$STATE awk "$FOREIGN_AWK"
}

# foreign_count: REPLY = how many of FOREIGN back this site up.
foreign_count() {
  local why
  REPLY=0
  for why in ${FOREIGN_WHY[@]+"${FOREIGN_WHY[@]}"}; do [[ $why == "$FOREIGN_ELSEWHERE" ]] || REPLY=$((REPLY + 1)); done
}

# foreign_add FORM FILE NAMED WHY: take the lines on stdin. NAMED is the file that they stand for.
foreign_add() {
  local line script user text path site why
  encode_path "$3"
  path=$REPLY
  while IFS=$'\t' read -r line script user text site; do
    [[ $line =~ ^[0-9]{1,9}$ && $script =~ ^[A-Za-z_.-]{1,40}$ ]] && ((${#FOREIGN[@]} < FOREIGN_MOST)) || continue
    FOREIGN+=("$1"$'\t'"$path"$'\t'"$line"$'\t'"$script"$'\t'"$user"$'\t'"$text")
    why=$4
    [[ $site == here ]] || why=$FOREIGN_ELSEWHERE
    FOREIGN_WHY+=("$why")
  done
}

# foreign_why FILE: REPLY = why we do not write it, or empty.
foreign_why() {
  local facts
  path_owner "${1%/*}"
  if [[ -L $1 ]]; then
    REPLY='It is a symbolic link: change what it leads to by hand.'
  elif [[ $REPLY != '0 0' ]]; then
    REPLY='Others than root can write to its folder: change it by hand.'
  else
    facts=$(stat -c '%u %h' -- "$1" 2>/dev/null)
    REPLY=''
    [[ $facts == *' 1' ]] || REPLY='It has another name, too (a hard link): change it by hand.'
    [[ $facts == "$EUID "* || $1 == "$SCHEDULE_SPOOL"/* ]] || REPLY='It does not belong to root: change it by hand.'
  fi
}

# foreign_find: set FOREIGN and FOREIGN_WHY. Reads only; what this login may not read is not found.
foreign_find() {
  local file user
  FOREIGN=() FOREIGN_WHY=()
  for file in "$SCHEDULE_SPOOL"/* "$SCHEDULE_SPOOL"/crontabs/*; do
    user=${file##*/}
    [[ $user =~ ^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$ && -f $file ]] || continue
    foreign_why "$file"
    foreign_add crontab "$file" "$file" "$REPLY" < <(foreign_lines crontab "$file" "$user")
  done
  for file in "$SCHEDULE_ETC"/crontab "$SCHEDULE_ETC"/cron.d/*; do
    [[ -f $file ]] && ! { [[ ! -L $file ]] && unit_is_ours "$file"; } || continue
    foreign_why "$file"
    foreign_linked crontab "$file" "$REPLY" ''
  done
  for file in "$SCHEDULE_ETC"/cron.{hourly,daily,weekly,monthly}/*; do
    [[ -f $file && -x $file ]] || continue
    foreign_why "$file"
    # A link is replaced as a link.
    [[ ! -L $file || $(stat -c %u -- "$file") != "$EUID" ]] || REPLY=''
    foreign_linked script "$file" "$REPLY" root
  done
  foreign_timers
}

# foreign_linked FORM FILE WHY USER: add the jobs of a file, or of the file that a link of root's leads to.
foreign_linked() {
  local file=$2 lines=() reads=yes line
  if [[ -L $2 ]]; then
    [[ $(stat -c %u -- "$2" 2>/dev/null) == 0 ]] && real_path "$2" || return 0
    file=$REPLY
    # Where others than root could put a link to a file that only root may read, it is judged by its name.
    path_owner "$2"
    [[ $REPLY == '0 0' ]] || reads=''
  fi
  [[ $reads == '' ]] || mapfile -t lines < <(foreign_lines "$1" "$file" "$4")
  # The link may be to the runbook's script itself.
  [[ $1 != script || ${#lines[@]} != 0 ]] || mapfile -t lines < <(printf '%s\n' "$file" | foreign_jobs script "$4")
  # A script is one job, whatever it does.
  [[ $1 != script ]] || foreign_one
  ((${#lines[@]} == 0)) || foreign_add "$1" "$file" "$2" "$3" < <(printf '%s\n' "${lines[@]}")
}

# foreign_one: leave one of `lines`: the first that backs this site up.
foreign_one() {
  for line in ${lines[@]+"${lines[@]}"}; do
    [[ $line != *$'\t'here ]] || { lines=("$line"); return; }
  done
  lines=(${lines[@]+"${lines[@]:0:1}"})
}

# foreign_timers: add the timers whose service runs one of them.
foreign_timers() {
  local file timer name line lines=()
  for file in "$SCHEDULE_ETC"/systemd/system/*.service; do
    [[ ! -L $file ]] && ! unit_is_ours "$file" || continue
    mapfile -t lines < <(foreign_lines unit "$file" root)
    ((${#lines[@]} > 0)) || continue
    foreign_one
    name=${file##*/}
    for timer in "${file%.service}.timer" "$SCHEDULE_ETC"/systemd/system/*.timer; do
      [[ -f $timer && ! -L $timer && ${timer##*/} =~ ^[A-Za-z0-9@_.-]+\.timer$ ]] || continue
      [[ $timer == "${file%.service}.timer" ]] || foreign_read "$timer" | grep -qsxF -- "Unit=$name" || continue
      foreign_timer_on "${timer##*/}" || continue
      foreign_add timer "$timer" "$timer" '' < <(printf '%s\n' "${lines[0]}")
      break
    done
  done
}

# foreign_timer_on NAME: status 0 if it is switched on, now or at boot.
foreign_timer_on() {
  local line
  while IFS= read -r line; do
    [[ $line != ActiveState=active && $line != UnitFileState=enabled ]] || return 0
  done < <(systemctl show --property=ActiveState --property=UnitFileState -- "$1" 2>/dev/null)
  return 1
}
