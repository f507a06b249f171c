# work SECONDS [TEXT]: notes its begin and its end in the file `effects`, each in one appending write, waits between the
# two, and prints the text. It also notes when an older instance of its task is still alive.
pid_file="pids/$SEGNO_STEP"
if read -r older 2> /dev/null < "$pid_file" && read -r stat 2> /dev/null < "/proc/$older/stat"; then
  case $stat in
    *") Z "* | *") X "*) ;;
    *) echo "$SEGNO_STEP#$SEGNO_ATTEMPT beside $$" >> effects ;;
  esac
fi
echo $$ > "$pid_file"
echo "$SEGNO_STEP#$SEGNO_ATTEMPT begin $$" >> effects
sleep "$1"
echo "$SEGNO_STEP#$SEGNO_ATTEMPT end $$" >> effects
if [ $# -gt 1 ]; then echo "$2"; fi
