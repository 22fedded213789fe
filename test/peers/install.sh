#!/bin/sh
# Gets what the tests need of this computer beside npm's packages (test/peers/world.ts): moto, and where it can run the manager's machine. As root with apt it
# installs Debian's packages for that. What can't be had is no failure here: test/run.ts says it, and leaves out the tests that need it.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
is_installed() { [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null || true)" = installed ]; }

impossible=$(sh "$here/machine/possible.sh" || true)

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
	missing=''
	wanted='python3 openssl'
	[ -n "$impossible" ] || wanted="$wanted debootstrap debian-archive-keyring openssh-client util-linux"
	for package in $wanted; do is_installed "$package" || missing="$missing $package"; done
	moto=$(sh "$here/moto/python.sh" --only-look 2>/dev/null || true)
	if [ -n "$missing" ] || [ -z "$moto" ]; then
		apt-get update || true
		if [ -n "$moto" ]; then :
		elif apt-cache policy python3-moto | grep -q 'Candidate: 5\.1\.'; then missing="$missing python3-moto python3-flask python3-flask-cors python3-yaml"
		# An environment of PyPI's packages is made with it.
		else missing="$missing python3-venv"; fi
		# shellcheck disable=SC2086
		DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing || echo "apt-get could not install$missing"
	fi
fi

sh "$here/moto/python.sh" >/dev/null || true
if [ -z "$impossible" ]; then
	sh "$here/machine/build-tree.sh" >/dev/null || echo "The files of the manager's machine could not be made"
fi
