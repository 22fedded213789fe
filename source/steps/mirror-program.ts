import {createHash} from 'node:crypto';
import type {HostFacts} from '../executors/scripts.ts';
import type {Answers} from '../fleet.ts';
import type {Download} from '../world/host/scripts/install.ts';
import type {MirrorFile} from '../world/host/scripts/install-mirror.ts';
import {mirror} from '../world/host/scripts/mirror-paths.ts';
import {keeperProgram} from './mirror-keeper.ts';

/** The release of CNCF Distribution that the mirror is: older ones give Docker Hub's login to whom an upstream names (docs/facts.md, "Registry mirror"). */
export const registryVersion = '3.1.2';

/** SHA-256 of its archives, as the official image of the registry has them. */
const archives: Readonly<Record<'amd64' | 'arm64', string>> = {
	amd64: '40df2224d410f72ae425c3371873b078bbdbda3b8b612be9571f0e6751f3acc8',
	arm64: '09d26f88d2c0f161bd1b8bfc6c123571cc3d291dcca8af5477b3cacc4ec95e73',
};

const publisher = 'https://github.com/distribution/distribution/releases/download';

/**
 * The registry of the answers' manager: an archive whose member `registry` is the program. Where the answer `downloads` names another site, of the same layout,
 * it is checked against the sum beside it there, as the runner is, or by this one where that site has no sums.
 */
export function registryDownload({downloads}: Pick<Answers, 'downloads'>, {machine}: Pick<HostFacts, 'machine'>): Download {
	const architecture = machine === 'aarch64' ? 'arm64' : 'amd64';
	const url = `${(downloads?.registry ?? publisher).replace(/\/$/, '')}/v${registryVersion}/registry_${registryVersion}_linux_${architecture}.tar.gz`;
	const hash = archives[architecture];
	const trusted = downloads?.registry === undefined ? {sha256: hash} : {otherwise: hash};
	return {name: 'registry', version: registryVersion, url, checksums: `${url}.sha256`, path: mirror.program, ...trusted};
}

/** The registry's own file. It listens for workers alone, keeps what it has a week, and deletes by itself what is older. */
const configText = (address: string): string => `# Written by gitlab-runner-aws.
version: 0.1
log:
  level: warn
  accesslog:
    disabled: true
storage:
  filesystem:
    rootdirectory: ${mirror.store}/data
  delete:
    enabled: true
http:
  addr: ${address}:${mirror.port}
  debug:
    addr: 127.0.0.1:${mirror.metricsPort}
    prometheus:
      enabled: true
      path: /metrics
proxy:
  remoteurl: https://registry-1.docker.io
  ttl: 168h
`;

/** What neither service may do: they need the network and their own folder, and never the manager's role. */
const hardened = `NoNewPrivileges=yes
CapabilityBoundingSet=
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
IPAddressDeny=169.254.169.254
UMask=0077`;

/** Both work as the mirror's user, in its own file system, with Docker Hub's login where there is one. The runner is killed last for want of memory. */
const asMirror = `User=${mirror.user}
Group=${mirror.user}
EnvironmentFile=-${mirror.login}
ReadWritePaths=${mirror.store}
OOMScoreAdjust=500
${hardened}`;

const unitNamed = (name: string): string => `${mirror.units}/${name}`;

/** Everything of the mirror's on a manager but its program, its login and its disk. `diskGib` is what is wanted for that: another number makes it anew. */
export const mirrorFiles = ({registryMirrorDisk}: Pick<Answers, 'registryMirrorDisk'>, address: string): MirrorFile[] => [
	{path: mirror.config, mode: 0o644, text: configText(address)},
	{path: mirror.keeperProgram, mode: 0o755, text: keeperProgram},
	{
		path: unitNamed(mirror.mount),
		mode: 0o644,
		text: `# Written by gitlab-runner-aws: ${registryMirrorDisk} GiB, or what the disk has.
[Unit]
Description=Room of the mirror of Docker Hub

[Mount]
What=${mirror.disk}
Where=${mirror.store}
Options=loop,nosuid,nodev,noexec,strictatime,lazytime

[Install]
WantedBy=multi-user.target
`,
	},
	{
		path: unitNamed(`${mirror.service}.service`),
		mode: 0o644,
		text: `# Written by gitlab-runner-aws.
[Unit]
Description=Mirror of Docker Hub for this fleet's workers
Wants=network-online.target
After=network-online.target
RequiresMountsFor=${mirror.store}

[Service]
ExecStart=${mirror.program} serve ${mirror.config}
Environment=OTEL_TRACES_EXPORTER=none
Restart=always
RestartSec=5
${asMirror}

[Install]
WantedBy=multi-user.target
`,
	},
	{
		path: unitNamed(`${mirror.keeper}.service`),
		mode: 0o644,
		text: `# Written by gitlab-runner-aws.
[Unit]
Description=Keeps room in the mirror of Docker Hub
RequiresMountsFor=${mirror.store}

[Service]
Type=oneshot
ExecStart=${mirror.keeperProgram}
RuntimeDirectory=registry-mirror
RuntimeDirectoryMode=0755
RuntimeDirectoryPreserve=yes
TimeoutStartSec=300
${asMirror}
`,
	},
	{
		path: unitNamed(`${mirror.keeper}.timer`),
		mode: 0o644,
		text: `# Written by gitlab-runner-aws.
[Unit]
Description=Keeps room in the mirror of Docker Hub

[Timer]
OnBootSec=60
OnUnitInactiveSec=60
AccuracySec=1

[Install]
WantedBy=timers.target
`,
	},
];

/** A value of YAML in single quotes, in systemd's double ones: neither reads anything else into it. */
const quotedTwice = (value: string): string => `"'${value.replaceAll("'", "''").replace(/["\\`$]/g, '\\$&')}'"`;

/** Docker Hub's login as systemd hands it to the registry, whose environment is read as YAML. Its first line says whose it is. */
export const mirrorLogin = (user: string, token: string): string =>
	`# ${user}\nREGISTRY_PROXY_USERNAME=${quotedTwice(user)}\nREGISTRY_PROXY_PASSWORD=${quotedTwice(token)}\n`;

/** The hash of such a file. */
export const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');

/** One hash of them all, as the manager reckons it of what stands. */
export const digestOf = (files: readonly MirrorFile[]): string => hashOf(files.map(({text}) => text).join('\0'));
