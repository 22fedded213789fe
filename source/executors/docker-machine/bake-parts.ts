import type {Answers} from '../../fleet.ts';
import type {BakeParts} from '../../steps/worker-making.ts';
import {quote} from '../../world/host/quote.ts';

/**
 * docker-machine runs `apt-get update` and `apt-get install -y curl` on every worker before it looks for Docker (docs/facts.md, "Baked images"). Without a
 * source of packages both are instant and need no network, as long as curl is there; cloud-init would write the sources anew at an instance's first boot.
 */
const withoutSources = `if command -v apt-get >/dev/null; then
  mkdir -p /etc/apt/before-bake /etc/cloud/cloud.cfg.d
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*; do
    if [ -e "$file" ]; then mv "$file" /etc/apt/before-bake/; fi
  done
  rm -rf /var/lib/apt/lists/*
  printf 'apt:\\n  preserve_sources_list: true\\n' >/etc/cloud/cloud.cfg.d/99-gitlab-runner-aws.cfg
  apt_install curl sudo iptables || fail 'apt-get does not work without its sources'
fi
`;

/**
 * Docker as docker-machine would put it there, whose workers then find it, with the storage driver that docker-machine names to it. Its script doesn't wait for
 * apt's locks, and its site may be out of reach for a moment.
 */
export const bakeParts = ({engineInstall}: Pick<Answers, 'engineInstall'>): BakeParts => ({
	install:
		engineInstall === 'image'
			? ''
			: `for try in 1 2 3; do
  if command -v docker >/dev/null; then break; fi
  [ $try = 1 ] || sleep 20
  curl -fsSL ${quote(engineInstall)} | sh
done
`,
	storageDriver: 'overlay2',
	last: withoutSources,
});
