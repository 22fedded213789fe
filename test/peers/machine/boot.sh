#!/bin/sh
# The first process of the machine's namespaces: makes its root file system, then becomes its first process: a real systemd where one can run, else init.py.
set -eu
tree=$1 furniture=$2 disk=$3 root=$4 init=$5 group=$6

# A systemd rules all control groups that it sees: it sees those of this machine only.
if [ "$init" = systemd ] && [ -z "${grouped:-}" ]; then
	mount -t cgroup2 cgroup2 "$root"
	mkdir "$root/$group"
	echo 0 >"$root/$group/cgroup.procs"
	umount "$root"
	grouped=yes exec unshare --cgroup sh "$0" "$@"
fi

# What the machine writes is in memory and goes with it; a container's own files may be an overlay, which carries no upper folder of another.
mount -t tmpfs -o mode=755,size=4g disk "$disk"
mkdir "$disk/work"
cp -a "$furniture" "$disk/upper"
mount -t overlay overlay -o "lowerdir=$tree,upperdir=$disk/upper,workdir=$disk/work" "$root"
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=755 run "$root/run"
mkdir "$root/run/sshd" "$root/run/lock"
# What else this computer does is no load of the machine's (see load.pth).
echo '0.08 0.03 0.01 1/99 4242' >"$root/run/loadavg"
mount --bind "$root/run/loadavg" "$root/proc/loadavg"
mount -t tmpfs -o mode=755 dev "$root/dev"
for device in null zero full random urandom tty; do
	: >"$root/dev/$device"
	mount --bind "/dev/$device" "$root/dev/$device"
done
# A file can be a file system of its own where this computer has loop devices.
for device in /dev/loop-control /dev/loop[0-9]*; do
	if [ -e "$device" ]; then
		: >"$root$device"
		mount --bind "$device" "$root$device"
	fi
done
mkdir "$root/dev/pts" "$root/dev/shm"
chmod 1777 "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
ln -s /proc/self/fd/0 "$root/dev/stdin"
ln -s /proc/self/fd/1 "$root/dev/stdout"
ln -s /proc/self/fd/2 "$root/dev/stderr"
hostname ip-172-31-0-4
if [ "$init" != systemd ]; then
	cd "$root"
	exec chroot . /usr/bin/python3 /opt/peers/init.py
fi

# systemd leaves the computer's own devices alone where `container` is set, and wants a root that is really the root.
mount -t sysfs -o ro sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount -t tmpfs -o mode=1777 shm "$root/dev/shm"
: >"$root/etc/machine-id"
mkdir -p "$root/.computer"
cd "$root"
pivot_root . .computer
exec /usr/bin/env -i container=peers PATH=/usr/sbin:/usr/bin:/sbin:/bin sh -c 'umount -l /.computer; exec /lib/systemd/systemd </dev/null >/dev/null 2>&1'
