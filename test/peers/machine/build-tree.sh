#!/bin/sh
# Builds the manager machine's root file system once and prints where it is.
# The folder's name is this script's hash, so whatever is changed here is built anew.
set -eu

packages=openssh-server,sudo,python3,curl,ca-certificates,util-linux,procps,systemd,systemd-sysv,e2fsprogs
cache=${PEERS_CACHE:-/var/cache/gitlab-runner-aws-peers}
tree=$cache/$(sha256sum "$0" | cut -c1-16)

if [ -d "$tree" ]; then
	echo "$tree"
	exit 0
fi
if [ "${1:-}" = --only-look ]; then
	echo "its files aren't made" >&2
	exit 1
fi

# It is of one release wherever it runs, so that it has the same programs. The mirror is the one that apt has for Debian, if any.
release=trixie
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' 'Component: main' 2>/dev/null | grep '^http' | head -n 1)
scripts=/usr/share/debootstrap/scripts
# An older debootstrap doesn't know the release by name, but how to make one.
script=$scripts/$release
[ -e "$script" ] || script=$scripts/sid

mkdir -p "$cache"
exec 9>"$cache/build.lock"
flock -w 900 9
if [ -d "$tree" ]; then
	echo "$tree"
	exit 0
fi
half=$cache/half-made.$$
trap 'rm -rf --one-file-system "$half"' EXIT
debootstrap --variant=minbase --keyring=/usr/share/keyrings/debian-archive-keyring.gpg --include="$packages" "$release" "$half" "${mirror:-http://deb.debian.org/debian}" "$script" >"$cache/build.log" 2>&1 </dev/null 9>&- || {
	tail -n 20 "$cache/build.log" >&2
	exit 1
}
rm -rf "$half"/var/cache/apt/archives/*.deb "$half"/var/lib/apt/lists/* "$half"/etc/ssh/ssh_host_*
: >"$half/etc/resolv.conf"
echo ip-172-31-0-4 >"$half/etc/hostname"
mkdir -p "$half/run/sshd" "$half/etc/sudoers.d"
id=1000
for user in ubuntu admin ec2-user; do
	chroot "$half" useradd --create-home --shell /bin/bash --uid "$id" --password '*' "$user"
	echo "$user ALL=(ALL) NOPASSWD:ALL" >"$half/etc/sudoers.d/90-$user"
	chmod 0440 "$half/etc/sudoers.d/90-$user"
	id=$((id + 1))
done
chroot "$half" useradd --system --shell /usr/sbin/nologin peers
# What wants hardware, a login screen or a network of its own isn't started, nor what takes time at each boot; sshd is started by whoever starts the machine.
for unit in ssh.service ssh.socket sshd.service getty.target console-getty.service systemd-logind.service systemd-networkd.service systemd-resolved.service \
	systemd-timesyncd.service systemd-udevd.service systemd-udev-trigger.service systemd-modules-load.service systemd-binfmt.service ldconfig.service \
	systemd-journal-catalog-update.service systemd-update-done.service systemd-sysusers.service systemd-sysctl.service systemd-firstboot.service \
	systemd-remount-fs.service dev-hugepages.mount dev-mqueue.mount sys-fs-fuse-connections.mount sys-kernel-debug.mount sys-kernel-tracing.mount \
	sys-kernel-config.mount apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer \
	systemd-tmpfiles-clean.timer systemd-pcrphase.service systemd-pcrphase-sysinit.service; do
	ln -sf /dev/null "$half/etc/systemd/system/$unit"
done
ln -sf /lib/systemd/system/multi-user.target "$half/etc/systemd/system/default.target"
mkdir -p "$half/etc/systemd/journald.conf.d"
printf '[Journal]\nStorage=volatile\nRateLimitBurst=0\n' >"$half/etc/systemd/journald.conf.d/peers.conf"
: >"$half/etc/machine-id"
rm -f "$half/etc/os-release"
cat >"$half/etc/os-release" <<'END'
PRETTY_NAME="Ubuntu 24.04.3 LTS"
NAME="Ubuntu"
VERSION_ID="24.04"
VERSION="24.04.3 LTS (Noble Numbat)"
VERSION_CODENAME=noble
ID=ubuntu
ID_LIKE=debian
UBUNTU_CODENAME=noble
END
chmod 0755 "$half"
mv -T "$half" "$tree"
trap - EXIT
echo "$tree"
