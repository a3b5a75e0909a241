# --- The other side: the kit as the owner or the reader --------------------------------------------------------------------

# side_main FUNCTION ARG...: the other end of do_as. Refuses to run as root.
side_main() {
  local line
  ((EUID != 0)) && declare -F -- "${1-}" >/dev/null || exit 2
  umask 027
  while [[ ${CVD_SIDE_POLICY-} == *$'\n'* ]]; do
    line=${CVD_SIDE_POLICY%%$'\n'*} CVD_SIDE_POLICY=${CVD_SIDE_POLICY#*$'\n'}
    policy_take "$line"
  done
  STATE=/nonexistent ROOT_OPTION=${CVD_SIDE_ROOT-} EXTRACT_LIMIT=${CVD_SIDE_LIMIT-0}
  paths_set
  DATABASE_FILE=${CVD_SIDE_DATABASE_FILE-}
  unset CVD_SIDE_POLICY CVD_SIDE_ROOT CVD_SIDE_DATABASE_FILE CVD_SIDE_LIMIT
  "$@"
}
