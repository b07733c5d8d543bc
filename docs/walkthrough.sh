#!/usr/bin/env bash
# Runs the walk-through of README.md line by line against a running service (`make run`), and compares what is printed
# with what README.md says: each line of a "text" block must appear, in that order; … stands for anything.
# Usage: docs/walkthrough.sh          PORT and PUSH as in README.md; a fresh var/, since people can file once only.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

output=$(mktemp)
trap 'rm -f "$output"' EXIT
block="" line="" failed=0 compared=0

run() { # one line of README.md, in this shell, so that its variables stay
  printf '\n$ %s\n' "$1"
  eval "$1" > "$output.line" 2>&1 || { printf 'exit code %s\n' "$?" >> "$output.line"; }
  cat "$output.line"
  cat "$output.line" >> "$output"
  rm -f "$output.line"
}

pattern() { # what README.md expects, as a glob: everything literal but …
  printf '%s' "$1" | sed -e 's/[][*?\\]/\\&/g' -e 's/…/*/g'
}

expect() { # the line must stand in what is left of the output
  local text glob
  text=$(cat "$output")
  glob=$(pattern "$1")
  compared=$((compared + 1))
  # shellcheck disable=SC2254 # a pattern is meant
  case $text in
    *$glob*) printf '%s' "${text#*$glob}" > "$output" ;;
    *) printf 'NOT AS README.md SAYS: expected %s\n' "$1" >&2; failed=$((failed + 1)) ;;
  esac
}

while IFS= read -r line <&3; do
  case $line in
    '## '*) [[ $line == '## A walk through it with curl' ]] && walking=1 || walking=0 ;;
    '```sh') [[ ${walking:-0} == 1 ]] && { block=sh; : > "$output"; } ;;
    '```text') [[ ${walking:-0} == 1 ]] && block=text ;;
    '```') block="" ;;
    *)
      [[ $block == sh ]] && run "$line"
      [[ $block == text ]] && expect "$line"
      ;;
  esac
done 3< README.md

if [[ $compared == 0 || $failed != 0 ]]; then
  printf '\n%s of %s expectations were not met.\n' "$failed" "$compared" >&2
  exit 1
fi
printf '\nAll %s expectations of the walk-through were met.\n' "$compared"
