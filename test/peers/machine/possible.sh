#!/bin/sh
# Says whether the manager's machine can run on this computer, which takes root, namespaces and an overlay: silent with 0, else one line says why not, with 1.
set -eu

if [ "$(uname -s)" != Linux ]; then
	echo 'this is not Linux'
	exit 1
fi
if [ "$(id -u)" != 0 ]; then
	echo 'not root'
	exit 1
fi
folder=$(mktemp -d)
trap 'rmdir "$folder"' EXIT
# shellcheck disable=SC2016
if ! said=$(unshare --mount --uts --net --pid --fork --propagation private sh -c '
	mount -t tmpfs disk "$1" && cd "$1" && mkdir lower upper work root && mount -t overlay overlay -o lowerdir=lower,upperdir=upper,workdir=work root
' sh "$folder" 2>&1); then
	echo "root without the right to mount, as in a container that isn't privileged ($(echo "$said" | head -n 1))"
	exit 1
fi
