#!/bin/bash
# Whether the server's process answers, at PORT. Asks /live, never /ready: a container must not be restarted because the
# database is gone. In bash, because a Node.js that starts for it takes a quarter of a second of the processor each time.
set -euo pipefail
exec 3<>"/dev/tcp/127.0.0.1/$PORT"
printf 'GET /live HTTP/1.0\r\nHost: localhost\r\n\r\n' >&3
read -r -t 3 status <&3 || exit 1
[[ $status == HTTP/1.?' 200 '* ]]
