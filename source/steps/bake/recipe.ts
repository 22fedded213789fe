import {createHash} from 'node:crypto';
import type {Answers} from '../../fleet.ts';
import {quote} from '../../world/host/quote.ts';
import type {ImageSeen} from '../images.ts';
import type {BakeParts} from '../worker-making.ts';

/**
 * A function of sh, `apt_install PACKAGE…`, for a system at its first boot: an update in the background may hold apt's locks. apt waits for that of dpkg, if
 * asked, but not for the one on its lists: `update` fails at once then (docs/facts.md, "Baked images"), so it is tried for a minute.
 */
export const aptInstall = `apt_install() {
  for try in 1 2 3 4 5 6 7 8 9 10 11 12; do
    [ $try = 1 ] || sleep 5
    if apt-get update && apt-get -o DPkg::Lock::Timeout=300 install -y "$@"; then return 0; fi
  done
  return 1
}
`;

/** What goes into an image of workers. */
export type Recipe = {
	/** The answer it's made from, and the image that this means now. */
	base: string;
	image: ImageSeen;
	/** What the builder runs at its first boot. */
	script: string;
	/** The same for the same recipe, as long as the base is the same image. */
	hash: string;
};

/** Containers of gitlab-runner's own, in which it fetches sources, caches and artifacts (docs/facts.md, "Baked images"). */
const helperImage = ({gitlabRunnerVersion}: Pick<Answers, 'gitlabRunnerVersion'>, {architecture}: Pick<ImageSeen, 'architecture'>): string =>
	`registry.gitlab.com/gitlab-org/gitlab-runner/gitlab-runner-helper:${architecture}-v${gitlabRunnerVersion}`;

type BakeAnswers = Pick<Answers, 'bakeImages' | 'dockerImage' | 'gitlabRunnerVersion'>;

/** Images that are pulled into it: those that somebody named have to be there, the others are only faster so. */
export function pulledImages(answers: BakeAnswers, image: Pick<ImageSeen, 'architecture'>): {named: string[]; usual: string[]} {
	const named = [...new Set(answers.bakeImages ?? [])];
	return {named, usual: [helperImage(answers, image), answers.dockerImage].filter((one) => !named.includes(one))};
}

/** What the builder writes on its console, before each of its sentences. */
const said = 'gitlab-runner-aws bake: ';
const failure = 'failed: ';

/** What a builder's console tells: what it does now, and what went wrong, where something did; undefined where it tells nothing. Pure. */
export function toldOnConsole(text: string): {says: string; failed: string | undefined} | undefined {
	const lines = text.split(/\r?\n/).flatMap((line) => {
		const at = line.indexOf(said);
		return at < 0 ? [] : [line.slice(at + said.length).trim()];
	});
	const says = lines.at(-1);
	if (says === undefined) return undefined;
	return {says, failed: lines.find((line) => line.startsWith(failure))?.slice(failure.length)};
}

/**
 * What makes a machine into an image of workers, and stops it. Docker is installed as the executor's workers have it, images are pulled, and what is one
 * machine's own goes: its ids, keys and logs. It powers off only where all of that was done: a machine that stopped by itself is one that may be taken.
 */
export function bakeScript(user: string, {named, usual}: ReturnType<typeof pulledImages>, {install, last = '', storageDriver}: BakeParts): string {
	const daemon = storageDriver === undefined ? '' : JSON.stringify({'storage-driver': storageDriver});
	return `#!/bin/sh
# Written by gitlab-runner-aws: makes this machine into an image of workers.
say() {
  printf '${said}%s\\n' "$*"
  { printf '${said}%s\\n' "$*" >/dev/console; } 2>/dev/null
}
fail() {
  say "${failure}$*"
  exit 1
}
pull() {
  for try in 1 2 3; do
    [ $try = 1 ] || sleep 5
    say "pulling $1"
    if error=$(docker pull -q "$1" 2>&1 >/dev/null); then return 0; fi
  done
  error=$(printf '%s\\n' "$error" | tail -n 1)
  return 1
}
${aptInstall}export DEBIAN_FRONTEND=noninteractive HOME=/root
systemctl disable --now ecs amazon-ecs-volume-plugin 2>/dev/null
if command -v apt-get >/dev/null; then
  systemctl mask --now apt-daily.timer apt-daily-upgrade.timer unattended-upgrades.service
  say 'installing curl'
  apt_install curl sudo iptables ca-certificates || fail 'apt-get could not install curl'
fi
say 'installing Docker'
${install}command -v docker >/dev/null || fail 'Docker could not be installed'
${daemon === '' ? '' : `ours=\nmkdir -p /etc/docker\nif [ ! -e /etc/docker/daemon.json ]; then echo ${quote(daemon)} >/etc/docker/daemon.json; ours=yes; fi\n`}systemctl restart docker || fail 'Docker does not start'
tries=0
until docker info >/dev/null 2>&1; do
  tries=$((tries + 1))
  [ $tries -lt 60 ] || fail 'Docker does not answer'
  sleep 1
done
usermod -aG docker ${quote(user)}
${named.map((image) => `pull ${quote(image)} || fail ${quote(`${image} could not be pulled:`)} "$error"\n`).join('')}${usual
	.map((image) => `pull ${quote(image)} || say ${quote(`${image} is left out, since it could not be pulled:`)} "$error"\n`)
	.join('')}${last}if command -v apt-get >/dev/null; then apt-get clean; else dnf clean all; fi
systemctl stop docker.socket docker containerd
rm -f /etc/docker/key.json /var/lib/docker/engine-id
${daemon === '' ? '' : '[ -z "$ours" ] || rm -f /etc/docker/daemon.json\n'}rm -f /etc/ssh/ssh_host_* /root/.ssh/authorized_keys /home/*/.ssh/authorized_keys /var/lib/dbus/machine-id
: >/etc/machine-id
rm -rf /var/log/journal/*
say 'done'
sync
systemctl poweroff
`;
}

/** The recipe that these answers mean. */
export function recipeOf(answers: BakeAnswers, {base, image, user}: {base: string; image: ImageSeen; user: string}, parts: BakeParts): Recipe {
	const script = bakeScript(user, pulledImages(answers, image), parts);
	const hash = createHash('sha256')
		.update(JSON.stringify([image.id, script]))
		.digest('hex')
		.slice(0, 32);
	return {base, image, script, hash};
}
