import {aptInstall} from '../../steps/apt.ts';

/** dockerd refuses to start where a flag and its file name the same setting, so the mirror goes into the file. */
const mirrored = (mirror: string): string => `python3 - ${mirror} <<'END'
import json, sys
path = '/etc/docker/daemon.json'
with open(path) as file:
    told = json.load(file)
told.setdefault('registry-mirrors', sys.argv[1:])
with open(path, 'w') as file:
    json.dump(told, file)
END
`;

/** Lines of sh that put Docker on a system that has none, from its own packages, while no update in the background holds apt's locks. */
export const installDocker = `${aptInstall}if ! command -v docker >/dev/null; then
  if command -v apt-get >/dev/null; then
    systemctl mask --now apt-daily.timer apt-daily-upgrade.timer unattended-upgrades.service
    export DEBIAN_FRONTEND=noninteractive
    apt_install docker.io
  else
    dnf install -y docker
  fi
fi
`;

/**
 * What a worker runs at its first boot, of any image that is offered. The ECS-optimized image has Docker, which its agent would pull up: the agent finds no
 * cluster here, so it goes and Docker is started by itself. On others Docker is installed. A daemon.json of the image's own stays. The runner waits for Docker in one session, which may be older than the user's membership of
 * the group docker: so the socket belongs to the user's own group. A mirror is written into a daemon.json of the image's own too, unless that names one.
 */
export const userDataFor = (user: string, mirror?: string): string => `#!/bin/sh
# Written by gitlab-runner-aws.
systemctl disable --now --no-block ecs amazon-ecs-volume-plugin 2>/dev/null
if [ ! -e /etc/docker/daemon.json ]; then
  mkdir -p /etc/docker
  echo '{"log-driver": "json-file", "log-opts": {"max-size": "10m", "max-file": "3"}}' >/etc/docker/daemon.json
fi
${mirror === undefined ? '' : mirrored(mirror)}mkdir -p /etc/systemd/system/docker.socket.d
printf '[Socket]\\nSocketGroup=%s\\n' "$(id -gn ${user})" >/etc/systemd/system/docker.socket.d/gitlab-runner-aws.conf
systemctl daemon-reload
${installDocker}usermod -aG docker ${user}
systemctl enable --now --no-block docker
`;
