#!/bin/bash
# The exporter takes its password from the connection string, which every process list shows, or from a password file,
# which its driver ignores unless nobody else could read it. So: the mounted secret goes into such a file, in memory.
#
# PASSWORD_FILE   file with the password of the statistics user
# PGPASSFILE      where the password file is made; on a tmpfs
set -euo pipefail
umask 0077

: "${PASSWORD_FILE:?is not set}" "${PGPASSFILE:?is not set}"
password=$(<"$PASSWORD_FILE")
# In the format of the file, colon and backslash are special.
password=${password//\\/\\\\}
printf '*:*:*:*:%s\n' "${password//:/\\:}" > "$PGPASSFILE"
unset password

exec prometheus-pgbouncer-exporter "$@"
