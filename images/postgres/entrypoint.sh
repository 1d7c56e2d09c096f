#!/bin/bash
# Makes the cluster on an empty volume, keeps the owner's password equal to its file, then becomes the server.
#
# POSTGRES_DATABASE      database of all servers
# POSTGRES_OWNER         its owner, who runs the migrations
# OWNER_PASSWORD_FILE    file with the owner's password
# Arguments go to the server: settings that need a restart.
set -euo pipefail
umask 0077

volume=/var/lib/postgresql/17
data=$volume/data
identity=$volume/identity
applied=$volume/owner-password.sha256
sockets=/run/postgresql/private
library=/usr/local/lib/mcp-fleet

die() {
  printf 'postgres: %s\n' "$*" >&2
  exit 1
}

: "${POSTGRES_DATABASE:?is not set}" "${POSTGRES_OWNER:?is not set}" "${OWNER_PASSWORD_FILE:?is not set}"
[[ -r $OWNER_PASSWORD_FILE ]] || die "cannot read the owner's password from $OWNER_PASSWORD_FILE"
password=$(<"$OWNER_PASSWORD_FILE")
[[ ${#password} -ge 16 ]] || die "the owner's password in $OWNER_PASSWORD_FILE is shorter than 16 characters"
[[ -w $volume ]] || die "$volume is not writable for user $(id -u); give the volume to 10070:10070"

# A lock that ends with the last server process. postmaster.pid cannot do this between containers: in each of them
# the server is process 1, so a file left by another one looks like its own.
exec 9>"$volume/lock"
flock --wait 10 9 || die "another server still runs on this volume"

# Process 1 ignores signals that it does not handle: without this, a stop during initialisation waits for SIGKILL.
private=
stop_private() {
  if [[ -n $private ]]; then
    pg_ctl stop --pgdata="$private" --mode=fast --silent || true
    private=
  fi
}
trap 'stop_private' EXIT
trap 'exit 143' TERM INT

# A server that nobody but this script reaches: its socket lies in a directory of its own, and no port is open.
start_private() {
  mkdir -p "$sockets"
  private=$1
  pg_ctl start --pgdata="$1" --wait --timeout=600 --silent \
    --options="-c listen_addresses='' -c unix_socket_directories=$sockets -c log_min_messages=warning -c log_checkpoints=off"
}

# SQL from standard input. Statements with passwords are neither logged when slow nor when they fail.
sql() {
  PGOPTIONS='-c log_min_duration_statement=-1 -c log_min_error_statement=panic -c log_statement=none' \
    psql --no-psqlrc --quiet --no-align --tuples-only --set=ON_ERROR_STOP=1 \
    --host="$sockets" --username=postgres --dbname="$1" >/dev/null
}

# psql reads the password from its input, where process lists do not show it; the server stores a SCRAM verifier only.
set_owner_password() {
  {
    printf "\\\\set owner '%s'\n\\\\set password '%s'\n" "$POSTGRES_OWNER" "$(escaped "$password")"
    printf 'ALTER ROLE :"owner" PASSWORD :%spassword%s;\n' "'" "'"
  } | sql postgres
}

# Quotes and backslashes as psql's \set wants them.
escaped() {
  local text=${1//\\/\\\\}
  printf '%s' "${text//\'/\'\'}"
}

password_hash() {
  printf '%s' "$password" | sha256sum | cut -d ' ' -f 1
}

# Everything happens in a directory beside the final one. The rename is the last step, so a cluster is complete or
# absent: whatever interrupts this, the next start begins anew.
initialise() {
  local new=$volume/data.new
  printf 'postgres: making a new cluster\n' >&2
  rm -rf "$new"
  initdb --pgdata="$new" --username=postgres --data-checksums --auth-local=peer --auth-host=scram-sha-256 \
    --encoding=UTF8 --locale=C.UTF-8 >/dev/null
  start_private "$new"
  {
    printf "\\\\set database '%s'\n\\\\set owner '%s'\n" "$POSTGRES_DATABASE" "$POSTGRES_OWNER"
    cat "$library/init.sql"
  } | sql postgres
  set_owner_password
  stop_private
  printf '%s\n' "$wanted" > "$identity"
  password_hash > "$applied"
  sync
  mv --no-target-directory "$new" "$data"
  sync
}

wanted="database=$POSTGRES_DATABASE owner=$POSTGRES_OWNER"
if [[ ! -e $data ]]; then
  initialise
fi
[[ -s $data/PG_VERSION ]] || die "$data is no PostgreSQL cluster"
[[ $(<"$data/PG_VERSION") == 17 ]] || die "$data is of version $(<"$data/PG_VERSION"), this image is 17"
found=$(cat "$identity" 2>/dev/null || true)
[[ $found == "$wanted" ]] || die "this volume was made for '$found', not for '$wanted'; give back the old names or use a new volume"

if [[ $(cat "$applied" 2>/dev/null || true) != "$(password_hash)" ]]; then
  printf 'postgres: the password of %s has changed, applying it\n' "$POSTGRES_OWNER" >&2
  rm -f "$data/postmaster.pid"
  start_private "$data"
  set_owner_password
  stop_private
  password_hash > "$applied.new"
  mv "$applied.new" "$applied"
fi

# Under the lock no server can run here, so what is left of an earlier process 1 is stale.
rm -f "$data/postmaster.pid"
unset password
umask 0022
exec postgres -D "$data" -c config_file=/etc/postgresql/current/postgresql.conf \
  -c hba_file=/etc/postgresql/current/pg_hba.conf "$@"
