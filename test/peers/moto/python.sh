#!/bin/sh
# Prints the Python that runs moto, the mock of AWS: the system's where it has moto 5.1, else one in a folder of the project's own, which is made
# once, from PyPI or from Debian 13's packages. Nothing is installed into the system. With --only-look nothing is made.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
if [ "$(id -u)" = 0 ]; then own=/var/cache; else own=${XDG_CACHE_HOME:-$HOME/.cache}; fi
cache=${PEERS_CACHE:-$own/gitlab-runner-aws-peers}

# Debian's own Python is the one that sees Debian's packages; another may come first on the path.
python=/usr/bin/python3
if [ "$(uname -s)" != Linux ] || [ ! -x "$python" ]; then python=$(command -v python3 || true); fi
if [ -z "$python" ]; then
	echo 'python3 is not there' >&2
	exit 1
fi
packaged=/usr/lib/python3/dist-packages
for found in "$packaged"/moto-5.1.*-info; do
	if [ "$python" = /usr/bin/python3 ] && [ -e "$found" ] && [ -d "$packaged/flask_cors" ]; then
		echo "$python"
		exit 0
	fi
done

minor=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
name=moto-python$minor-$(cat "$0" "$here/requirements.txt" | cksum | cut -d ' ' -f 1)
for folder in "$cache/$name" "/var/cache/gitlab-runner-aws-peers/$name"; do
	if [ -x "$folder/bin/python3" ]; then
		echo "$folder/bin/python3"
		exit 0
	fi
done
if [ "${1:-}" = --only-look ]; then
	echo 'no Python here has moto 5.1' >&2
	exit 1
fi

half=$cache/half-made-moto.$$
trap 'rm -rf "$half"' EXIT

from_pypi() {
	"$python" -m venv "$half" || return 1
	"$half/bin/python3" -m pip install --disable-pip-version-check --no-deps --only-binary :all: --retries 1 --timeout 15 --requirement "$here/requirements.txt"
}

# apt-get with lists and files of our own, so that this needs no root and leaves the system's as they are. $1: folder, $2: sources, $3: folder of more sources.
apt_of_our_own() {
	mkdir -p "$1/lists/partial" "$1/archives/partial"
	cat >"$1/apt.conf" <<-END
		Dir::State::Lists "$1/lists";
		Dir::Cache "$1";
		Dir::Etc::SourceList "$2";
		Dir::Etc::SourceParts "$3";
		Dir::Etc::Preferences "/dev/null";
		Dir::Etc::PreferencesParts "/dev/null";
		Acquire::Languages "none";
		APT::Sandbox::User "root";
	END
	APT_CONFIG=$1/apt.conf apt-get update
}

from_debian() {
	command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || return 1
	"$python" -m venv --without-pip "$half" || return 1
	mkdir "$half/packages"
	apt_of_our_own "$half/host" /etc/apt/sources.list /etc/apt/sources.list.d || return 1
	# What is compiled for one Python comes from this system's release; so does the key that Debian signs with.
	(cd "$half/packages" && APT_CONFIG=$half/host/apt.conf apt-get download python3-cryptography python3-cffi-backend debian-archive-keyring) || return 1
	for package in "$half"/packages/*.deb; do dpkg-deb -x "$package" "$half/tree" || return 1; done
	rm "$half"/packages/*.deb
	key=$half/tree/usr/share/keyrings/debian-archive-keyring
	for kind in gpg pgp; do if [ -e "$key.$kind" ]; then signed=$key.$kind; fi; done
	echo "deb [signed-by=$signed] http://deb.debian.org/debian trixie main" >"$half/trixie.list"
	apt_of_our_own "$half/trixie" "$half/trixie.list" /dev/null || return 1
	(cd "$half/packages" && APT_CONFIG=$half/trixie/apt.conf apt-get download $(sed -n 's/^# debian: //p' "$here/requirements.txt")) || return 1
	for package in "$half"/packages/*.deb; do dpkg-deb -x "$package" "$half/tree" || return 1; done
	rm -r "$half/packages" "$half/host" "$half/trixie"
	site=$(echo "$half"/lib/python3*/site-packages)
	echo ../../../tree/usr/lib/python3/dist-packages >"$site/debian.pth"
}

works() {
	"$half/bin/python3" -c 'import flask_cors, yaml, moto.moto_server.werkzeug_app, moto.ec2, moto.iam, moto.s3, moto.ssm, moto.sts'
}

mkdir -p "$cache"
log=$cache/moto.log
: >"$log"
for way in from_pypi from_debian; do
	rm -rf "$half"
	if $way >>"$log" 2>&1 && works >>"$log" 2>&1; then
		mv "$half" "$cache/$name"
		echo "$cache/$name/bin/python3"
		exit 0
	fi
done
echo "moto could not be had from PyPI nor from Debian's packages; $log says why" >&2
exit 1
