# shellcheck shell=bash disable=SC2154  # root, user, work
# Functions for scripts/image-test and scripts/deb-test, to start a confined service and check it. Set these variables
# before sourcing: `root` (its root folder), `user` (UID:GID), `work` (a folder for logs).

service=  # the process of scripts/confined
port=

# An unexpected failure of a command must not end the script without a message.
set -E
trap 'echo "FAILED: $0, line $LINENO: $BASH_COMMAND" >&2' ERR

complain() {
  echo "FAILED: $*" >&2
  if [[ -s $work/service.log ]]; then sed 's/^/  service: /' "$work/service.log" >&2; fi
  exit 1
}

stop_service() {
  if [[ -n $service ]]; then kill -KILL "$service" 2>/dev/null || true; fi
  service=
}

# start_service [NAME=value ...]: starts the service on a free port of 127.0.0.1.
start_service() {
  : >"$work/service.log"  # the loop below may read it before the service has created it
  scripts/confined "$root" "$user" ADDRESS=127.0.0.1 PORT=0 LOG_FORMAT=json "$@" /usr/bin/weather-cache \
    >"$work/service.log" 2>&1 &
  service=$!
  local tries
  for ((tries = 0; tries < 100; tries++)); do
    port=$(sed -n 's/.*listening on http:\/\/127\.0\.0\.1:\([0-9]*\).*/\1/p' "$work/service.log")
    if [[ -n $port ]]; then return; fi
    kill -0 "$service" 2>/dev/null || break
    sleep 0.1
  done
  complain "the service did not start"
}

# The process of the program itself, in the machine's numbering: the child of `service`.
inner_process() { tr -d ' ' <"/proc/$service/task/$service/children"; }

check_confinement() {
  local status mounts
  status=$(<"/proc/$(inner_process)/status")
  mounts=$(<"/proc/$(inner_process)/mountinfo")
  grep -q "^Uid:[[:space:]]*${user%:*}[[:space:]]*${user%:*}" <<<"$status" || complain "it does not run as user $user: $status"
  grep -q '^NoNewPrivs:[[:space:]]*1' <<<"$status" || complain "it may gain new privileges"
  grep -q '^CapEff:[[:space:]]*0*$' <<<"$status" || complain "it has capabilities"
  awk '$5 == "/" && $6 ~ /(^|,)ro(,|$)/ { found = 1 } END { exit !found }' <<<"$mounts" || complain "its root is writable"
}

# Checks that the program's licence and those of compiled-in libraries are present.
check_copyright() {
  local file=$root/usr/share/doc/weather-cache/copyright text
  for text in 'Permission is hereby granted' CLI11 'Redistributions in binary form'; do
    grep -q -- "$text" "$file" || complain "no \"$text\" in $file"
  done
}

# ask TARGET: prints the headers and the body of the answer.
ask() { curl --silent --show-error --max-time 10 --include --header 'Accept: application/json' "http://127.0.0.1:$port$1"; }

# expect TARGET PATTERN...: checks that the answer contains each pattern.
expect() {
  local target=$1 answer pattern
  shift
  answer=$(ask "$target") || complain "no answer to $target"
  for pattern in "$@"; do
    grep -qi -- "$pattern" <<<"$answer" || complain "no \"$pattern\" in the answer to $target: $answer"
  done
}

# check_health CODE: checks the exit code of `weather-cache healthcheck`, confined like the service.
check_health() {
  local code=0
  scripts/confined "$root" "$user" ADDRESS=127.0.0.1 PORT="$port" /usr/bin/weather-cache healthcheck \
    >"$work/health" 2>&1 || code=$?
  [[ $code -eq $1 ]] || complain "healthcheck exited with $code, not $1: $(<"$work/health")"
}

# Sends SIGTERM while a slow request runs: the request is answered, and the service exits with 0.
check_drain() {
  local answer code=0
  curl --silent --max-time 10 --output /dev/null --write-out '%{http_code}' \
    "http://127.0.0.1:$port/weather?lat=1&lon=1&mock=true&cache=off" >"$work/drain" &
  answer=$!
  sleep 0.3
  kill -TERM "$(inner_process)"
  wait "$answer" || complain "the request that ran at SIGTERM was not answered"
  [[ $(<"$work/drain") == 200 ]] || complain "the request that ran at SIGTERM got $(<"$work/drain")"
  wait "$service" || code=$?
  service=
  [[ $code -eq 0 ]] || complain "after SIGTERM it exited with $code"
  grep -q '"message":"stopped"\|"stopped"' "$work/service.log" || complain "it did not log that it stopped"
}
