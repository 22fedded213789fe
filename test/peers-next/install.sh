#!/bin/sh
# Puts on this machine what the real peers need (test/peers/world.ts): Debian packages and the manager machine's root file system.
# Run it as often as you like; with all in place it takes no time. Not root, or not Debian: it says what is missing and exits 1.
set -eu

packages='python3-moto python3-flask python3-flask-cors debootstrap openssh-client openssl util-linux'
here=$(dirname "$(readlink -f "$0")")

missing=''
for package in $packages; do
	if [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null || true)" != installed ]; then
		missing="$missing $package"
	fi
done
tree=$("$here/machine/build-tree.sh" --only-look 2>/dev/null || true)

if [ -z "$missing" ] && [ -n "$tree" ] && [ "$(id -u)" = 0 ]; then
	echo "The peers have all they need; the machine's files are in $tree"
	exit 0
fi
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
	[ -z "$missing" ] || echo "Missing Debian packages:$missing"
	[ -n "$tree" ] || echo "Missing: the machine's root file system (test/peers/machine/build-tree.sh builds it, as root, with debootstrap)"
	[ "$(id -u)" = 0 ] || echo "Missing: root. The manager machine is made of namespaces, an overlay and port 22 of a loopback address"
	exit 1
fi
if [ -n "$missing" ]; then
	export DEBIAN_FRONTEND=noninteractive
	# shellcheck disable=SC2086
	apt-get install -y --no-install-recommends $missing || { apt-get update && apt-get install -y --no-install-recommends $missing; }
fi
tree=$("$here/machine/build-tree.sh")
echo "The peers have all they need; the machine's files are in $tree"
