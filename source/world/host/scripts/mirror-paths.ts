/** The mirror's parts on a manager: its scripts, its files and whoever looks agree on these. A mount's unit is called after its folder. */
export const mirror = {
	user: 'registry-mirror',
	service: 'registry-mirror',
	/** The timer, and what it starts each minute: it makes room, and asks Docker Hub how many pulls are left. */
	keeper: 'registry-mirror-keeper',
	program: '/usr/local/bin/registry-mirror',
	keeperProgram: '/usr/local/bin/registry-mirror-keeper',
	folder: '/etc/registry-mirror',
	config: '/etc/registry-mirror/config.yml',
	/** The version of the program, written once that is there. */
	version: '/etc/registry-mirror/version',
	/** Docker Hub's login, for root alone: systemd gives it to both services. */
	login: '/etc/registry-mirror/docker-hub',
	/** A file system of its own: what is in it can't fill the manager's disk. */
	disk: '/var/lib/registry_mirror.disk',
	store: '/var/lib/registry_mirror',
	mount: 'var-lib-registry_mirror.mount',
	units: '/etc/systemd/system',
	/** What the keeper tells. */
	told: '/run/registry-mirror/told.json',
	port: 5000,
	/** Of the registry's own metrics, on 127.0.0.1. */
	metricsPort: 5001,
} as const;

/** Files whose texts are compared, in this order. */
export const mirrorTexts: readonly string[] = [
	mirror.config,
	mirror.keeperProgram,
	`${mirror.units}/${mirror.mount}`,
	`${mirror.units}/${mirror.service}.service`,
	`${mirror.units}/${mirror.keeper}.service`,
	`${mirror.units}/${mirror.keeper}.timer`,
];
