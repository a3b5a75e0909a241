# --- Jobs of others: what already backs this site up, wherever it is ------------------------------------------------------------------
#
# Crontabs of users, /etc/crontab, /etc/cron.d, the scripts in /etc/cron.hourly to monthly, and timers of systemd. Who wrote them may be
# hostile: root reads at most FOREIGN_BYTES of a plain file, follows no link, and only looks for the names of the runbook's scripts, and
# of this program.

readonly FOREIGN_BYTES=1048576 FOREIGN_MOST=200

# The words of a job: a script of the runbook, or a backup by this program. What is a comment, or sets a variable, is none.
# shellcheck disable=SC2016 # awk's own variables
readonly FOREIGN_AWK=$ENCODE_AWK'
function script(line,   at) {
  if (match(line, /(^|[^A-Za-z0-9_.-])(backup_database_auto|backup_database|backup_application|backup_system|verify_backups|maintain_backups|monitor_backups)\.sh([^A-Za-z0-9_.-]|$)/)) {
    line = substr(line, RSTART, RLENGTH)
    gsub(/^[^A-Za-z0-9_.-]|[^A-Za-z0-9_.-]$/, "", line)
    return line
  }
  if (line ~ /(^|[^A-Za-z0-9_.-])cvd-backup([ \t].*)?[ \t](database|application|config|systemd|system|verify|rotate|scheduled)([ \t"\047]|$)/) return "cvd-backup"
  return ""
}
/^[ \t]*(#|$)/ || ENVIRON["form"] == "crontab" && /^[ \t]*[A-Za-z_][A-Za-z0-9_]*[ \t]*=/ { next }
ENVIRON["form"] == "unit" && !/^[ \t]*Exec[A-Za-z]*[ \t]*=/ { next }
{
  name = script(substr($0, 1, 4000))
  if (name == "") next
  user = ENVIRON["user"]
  if (user == "") user = $1 ~ /^@/ ? $2 : $6
  if (user !~ /^[A-Za-z0-9_.-]+$/ || length(user) > 64) user = "-"
  print NR "\t" name "\t" user "\t" encoded(substr($0, 1, 500))
  if (++count >= 50) exit
}'

FOREIGN=() # of each job: FORM PATH LINE SCRIPT USER TEXT, TAB-separated, path and text encoded. FORM: crontab, script, timer
FOREIGN_WHY=() # of each: why it cannot be replaced from here; or empty

# foreign_read FILE: print it, at most FOREIGN_BYTES, if it is a plain file.
foreign_read() {
  [[ -f $1 && ! -L $1 ]] && dd if="$1" iflag=nofollow,nonblock bs=65536 count="$((FOREIGN_BYTES / 65536))" status=none 2>/dev/null
}

# foreign_lines FORM FILE USER: print a line of FOREIGN_AWK for each job in it.
foreign_lines() { foreign_read "$2" | form=$1 user=$3 awk "$FOREIGN_AWK"; }

# foreign_add FORM FILE NAMED WHY: take the lines on stdin. NAMED is the file that they stand for.
foreign_add() {
  local line script user text path
  encode_path "$3"
  path=$REPLY
  while IFS=$'\t' read -r line script user text; do
    [[ $line =~ ^[0-9]{1,9}$ && $script =~ ^[A-Za-z_.-]{1,40}$ ]] && ((${#FOREIGN[@]} < FOREIGN_MOST)) || continue
    FOREIGN+=("$1"$'\t'"$path"$'\t'"$line"$'\t'"$script"$'\t'"$user"$'\t'"$text")
    FOREIGN_WHY+=("$4")
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
  local file=$2 lines=()
  if [[ -L $2 ]]; then
    [[ $(stat -c %u -- "$2" 2>/dev/null) == 0 ]] && real_path "$2" || return 0
    file=$REPLY
  fi
  mapfile -t lines < <(foreign_lines "$1" "$file" "$4")
  # The link may be to the runbook's script itself.
  [[ $1 != script || ${#lines[@]} != 0 ]] || mapfile -t lines < <(printf '%s\n' "$file" | form=script user=$4 awk "$FOREIGN_AWK")
  # A script is one job, whatever it does.
  [[ $1 != script ]] || lines=(${lines[@]+"${lines[@]:0:1}"})
  ((${#lines[@]} == 0)) || foreign_add "$1" "$file" "$2" "$3" < <(printf '%s\n' "${lines[@]}")
}

# foreign_timers: add the timers whose service runs one of them.
foreign_timers() {
  local file timer name line lines=()
  for file in "$SCHEDULE_ETC"/systemd/system/*.service; do
    [[ ! -L $file ]] && ! unit_is_ours "$file" || continue
    mapfile -t lines < <(foreign_lines unit "$file" root)
    ((${#lines[@]} > 0)) || continue
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
