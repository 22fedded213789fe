# A builder's system before its first boot, as far as what it runs there has to do with it: packages of its own, which need no network; a Docker that pulls what it is
# told to; and systemctl, whose units are real files, without the first process that would start them. `sleep` takes no time, but lets go of apt's lists.
mkdir -p /srv/packages /srv/docker /run/units
: >/run/calls

cat >/srv/docker/docker <<'STAND_IN'
#!/bin/sh
printf "%s\n" "docker $*" >>/run/calls
[ -e /run/units/docker ] || { echo 'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?' >&2; exit 1; }
[ "$1" = pull ] || exit 0
mkdir -p /var/lib/docker
cp /etc/docker/daemon.json /run/daemon.json 2>/dev/null
if grep -qsxF -e "$3" /run/refused; then
  echo "Pulling from somewhere" >&2
  printf '%s\n' 'Error response from daemon: manifest for \n"it" \c not found: $(HOME)' >&2
  exit 1
fi
echo "$3"
STAND_IN
chmod 755 /srv/docker/docker

cat >/usr/local/bin/systemctl <<'STAND_IN'
#!/bin/sh
echo "systemctl $*" >>/run/calls
verb=$1
shift
now=''
units=''
for word in "$@"; do
  case $word in
  --now) now=yes ;;
  -*) ;;
  *) units="$units $word" ;;
  esac
done
code=0
case $verb in
start | stop | restart)
  for unit in $units; do
    case $unit in *.*) file=$unit ;; *) file=$unit.service ;; esac
    if [ ! -e "/usr/lib/systemd/system/$file" ]; then
      echo "Failed to $verb $file: Unit $file not loaded." >&2
      code=5
    elif [ "$verb" = stop ]; then
      rm -f "/run/units/$unit"
    else
      : >"/run/units/$unit"
    fi
  done
  ;;
poweroff) ;;
*)
  # shellcheck disable=SC2086
  SYSTEMD_OFFLINE=1 /usr/bin/systemctl "$verb" $units || code=$?
  [ -z "$now" ] || for unit in $units; do rm -f "/run/units/$unit"; done
  ;;
esac
exit "$code"
STAND_IN

cat >/usr/local/bin/sleep <<'STAND_IN'
#!/bin/sh
[ -p /run/release ] || exit 0
echo >/run/release
read -r _ </run/released
rm /run/release
STAND_IN
chmod 755 /usr/local/bin/systemctl /usr/local/bin/sleep

# package NAME DEPENDS: adds what is below /srv/NAME.
package() {
  mkdir -p "/srv/$1/DEBIAN"
  printf 'Package: %s\nVersion: 1\nArchitecture: all\nMaintainer: peers <peers@example.com>\nDepends: %s\nDescription: a trial\n' "$1" "$2" >"/srv/$1/DEBIAN/control"
  dpkg-deb --build -Znone "/srv/$1" "/srv/packages/$1.deb" >/dev/null
  {
    dpkg-deb --field "/srv/packages/$1.deb"
    printf 'Filename: ./%s.deb\nSize: %s\nSHA256: %s\n\n' "$1" "$(stat -c %s "/srv/packages/$1.deb")" "$(sha256sum "/srv/packages/$1.deb" | cut -d ' ' -f 1)"
  } >>/srv/packages/Packages
}
unit() { mkdir -p "$1/usr/lib/systemd/system" && printf '[Unit]\nDescription=A trial\n[Install]\nWantedBy=multi-user.target\n' >"$1/usr/lib/systemd/system/$2"; }
unit /srv/containerd containerd.service
unit /srv/docker.io docker.service
unit /srv/docker.io docker.socket
install -D /srv/docker/docker /srv/docker.io/usr/bin/docker
mkdir -p /srv/docker.io/DEBIAN
printf '#!/bin/sh\ngroupadd --force --system docker\n' >/srv/docker.io/DEBIAN/postinst
chmod 755 /srv/docker.io/DEBIAN/postinst
package iptables dpkg
package containerd dpkg
package docker.io 'containerd, iptables'
echo 'deb [trusted=yes] file:/srv/packages ./' >/etc/apt/sources.list

# Docker as its own script puts it there, which leaves a source of its own. The first time it fails.
cat >/srv/get-docker.sh <<'SCRIPT'
[ -e /run/tried ] || { : >/run/tried; exit 1; }
echo 'deb [trusted=yes] file:/srv/packages ./ #' >/etc/apt/sources.list.d/docker.list
apt-get update && apt-get install -y docker.io
SCRIPT

# docker_is_there: the image has it already.
docker_is_there() {
  cp -r /srv/docker.io/usr /srv/containerd/usr /
  groupadd --system docker
}

# hold_lists: an update in the background holds apt's lists, until somebody waits for it.
hold_lists() {
  mkfifo /run/held /run/release /run/released
  python3 -c '
import fcntl
lock = open("/var/lib/apt/lists/lock", "w")
fcntl.lockf(lock, fcntl.LOCK_EX)
open("/run/held", "w").close()
open("/run/release").read()
lock.close()
open("/run/released", "w").close()
' &
  read -r _ </run/held
}

# What a first boot leaves.
mkdir -p /var/log/journal/0123456789abcdef /home/ubuntu/.ssh /root/.ssh /etc/ssh
for file in /var/log/journal/0123456789abcdef/system.journal /home/ubuntu/.ssh/authorized_keys /root/.ssh/authorized_keys /etc/ssh/ssh_host_rsa_key /etc/ssh/ssh_host_rsa_key.pub; do
  echo once >"$file"
done
chmod 644 /etc/machine-id
echo 0123456789abcdef0123456789abcdef >/etc/machine-id

# probe NAME COMMAND: tells a name, the exit code, and in base64 what it said.
probe() {
  said=$(sh -c "$2" 2>&1 </dev/null)
  code=$?
  printf '%s\t%s\t%s\n' "$1" "$code" "$(printf %s "$said" | base64 -w 0)"
}
