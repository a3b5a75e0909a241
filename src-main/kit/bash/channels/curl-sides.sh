# --- Sending with curl, as a user who has no rights -------------------------------------------------------------------------------------

# channel_curl http|smtp SECONDS: for reader_do. On stdin come a configuration, a NUL, and what is sent. Nothing of it is an argument, in the
# environment, or in a file. Prints the beginning of the answer, what curl says, and `exit STATUS`.
channel_curl() {
  local config how=(--include --data-binary @- --max-redirs 0 --proto '=http,https')
  [[ $1 == http ]] || how=(--upload-file - --proto '=smtp,smtps')
  IFS= read -r -d '' config
  env -i PATH="$PATH" LC_ALL=C curl -q --silent --show-error --globoff --noproxy '*' --tlsv1.2 --user-agent cvd-backup \
    --connect-timeout 8 --max-time "$2" --config <(printf '%s' "$config") "${how[@]}" 2>&1 | head -c "$CHANNEL_BYTES" | tr -d '\0'
  printf '\nexit %s\n' "${PIPESTATUS[0]}"
}
readonly CHANNEL_BYTES=8192
