; Links of our scheme (cvd-backup-console://open/…) only ever show a page of the console: see src-main/electron/deep-link.ts.
!macro customInstall
  WriteRegStr SHELL_CONTEXT "Software\Classes\cvd-backup-console" "" "URL:CVD Backup Console"
  WriteRegStr SHELL_CONTEXT "Software\Classes\cvd-backup-console" "URL Protocol" ""
  WriteRegStr SHELL_CONTEXT "Software\Classes\cvd-backup-console\shell\open\command" "" '"$INSTDIR\${APP_EXECUTABLE_FILENAME}" "%1"'
!macroend

!macro customUnInstall
  DeleteRegKey SHELL_CONTEXT "Software\Classes\cvd-backup-console"
!macroend
