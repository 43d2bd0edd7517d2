#!/usr/bin/env bash
# Starts a real MySQL (not MariaDB) for the tests, where Debian's own release has none: from the packages of Debian
# unstable, unpacked into a folder and run in it with chroot. Nothing of the machine's own packages changes. What is done
# already is not done again; a server that answers is left alone.
#
#   test-support/scripts/mysql.sh [start|stop]
#
#   ATHANOR_MYSQL_HOME   the folder, /opt/mysql; about 600 MB
#   ATHANOR_MYSQL_PORT   the port on 127.0.0.1, 3307; user root without a password
set -uo pipefail

home=${ATHANOR_MYSQL_HOME:-/opt/mysql}
port=${ATHANOR_MYSQL_PORT:-3307}
root=$home/root

cannot() {
  echo "no MySQL: $1" >&2
  exit 1
}
answers() { (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; }

if [ "${1:-start}" = stop ]; then
  pid=$(cat "$root/tmp/mysql.pid" 2>/dev/null) || cannot "none was started in $home"
  kill "$pid" && exit
  exit 1
fi
if answers; then
  echo "MySQL answers on $port"
  exit 0
fi
[ "$(id -u)" -eq 0 ] || cannot "unpacking and running it in $home needs root"
for needed in apt-get dpkg-deb chroot; do
  command -v "$needed" >/dev/null || cannot "there is no $needed; it is made for Debian"
done
keys=/usr/share/keyrings/debian-archive-keyring.gpg

if [ ! -x "$root/usr/sbin/mysqld" ]; then
  [ -f "$keys" ] || cannot "$keys, which says what Debian's packages are, is missing"
  mkdir -p "$home"/apt/lists/partial "$home"/cache/archives/partial || cannot "$home cannot be written"
  touch "$home/status"
  echo "deb [signed-by=$keys] http://deb.debian.org/debian sid main" >"$home/apt/sources.list"
  # An apt of its own: its own sources, lists and idea of what is installed, which is nothing.
  apt=(apt-get -qq -o "Dir::Etc::sourcelist=$home/apt/sources.list" -o Dir::Etc::sourceparts=/dev/null
    -o "Dir::State::lists=$home/apt/lists" -o "Dir::Cache=$home/cache" -o "Dir::State::status=$home/status"
    -o APT::Sandbox::User=root -o Acquire::http::Timeout=20 -o Acquire::Retries=1)
  "${apt[@]}" update >/dev/null || cannot "Debian's list of packages could not be fetched"
  "${apt[@]}" install -y --no-install-recommends --download-only mysql-server-core >/dev/null ||
    cannot "its packages could not be fetched"
  # Whole or not at all, also when this is stopped halfway.
  rm -rf "$root.part"
  for package in "$home"/cache/archives/*.deb; do
    dpkg-deb -x "$package" "$root.part" || cannot "$package could not be unpacked"
  done
  [ -x "$root.part/usr/sbin/mysqld" ] || cannot "the packages hold no usr/sbin/mysqld"
  rm -rf "$root" && mv "$root.part" "$root" || cannot "$root cannot be written"
  rm -rf "$home/cache" "$home/apt"
fi
# What installing the packages would have made.
for folder in bin lib lib64; do
  [ -e "$root/$folder" ] || ln -s "usr/$folder" "$root/$folder"
done
mkdir -p "$root"/{dev,etc,tmp} || cannot "$root cannot be written"
[ -e "$root/dev/null" ] || mknod -m 666 "$root/dev/null" c 1 3
[ -e "$root/dev/random" ] || mknod -m 666 "$root/dev/random" c 1 8
[ -e "$root/dev/urandom" ] || mknod -m 666 "$root/dev/urandom" c 1 9
[ -s "$root/etc/passwd" ] || echo "root:x:0:0:root:/root:/bin/sh" >"$root/etc/passwd"
chmod 1777 "$root/tmp"

server=(chroot "$root" /usr/sbin/mysqld --no-defaults --user=root --datadir=/data --secure-file-priv=NULL)
if [ ! -f "$home/initialised" ]; then
  rm -rf "$root/data"
  "${server[@]}" --initialize-insecure >"$home/log" 2>&1 || cannot "its data could not be initialised: see $home/log"
  touch "$home/initialised"
fi
# Tests commit thousands of times, and none of it has to survive.
setsid "${server[@]}" --bind-address=127.0.0.1 "--port=$port" --socket=/tmp/mysql.sock --pid-file=/tmp/mysql.pid \
  --mysqlx=OFF --max-connections=500 --skip-log-bin --innodb-flush-log-at-trx-commit=0 --innodb-doublewrite=OFF \
  >>"$home/log" 2>&1 </dev/null &
started=$!
for _ in $(seq 120); do
  if answers; then
    echo "MySQL answers on $port"
    exit 0
  fi
  kill -0 "$started" 2>/dev/null || cannot "the server did not start: see $home/log"
  sleep 0.5
done
cannot "the server started and does not answer: see $home/log"
