#!/bin/sh
# The first process of the machine's namespaces: makes its root file system, then becomes its init.
set -eu
tree=$1 upper=$2 work=$3 root=$4

mount -t overlay overlay -o "lowerdir=$tree,upperdir=$upper,workdir=$work" "$root"
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
mkdir "$root/dev/pts" "$root/dev/shm"
chmod 1777 "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
ln -s /proc/self/fd/0 "$root/dev/stdin"
ln -s /proc/self/fd/1 "$root/dev/stdout"
ln -s /proc/self/fd/2 "$root/dev/stderr"
hostname ip-172-31-0-4
cd "$root"
exec chroot . /usr/bin/python3 /opt/peers/init.py
