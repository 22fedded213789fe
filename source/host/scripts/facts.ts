import {z} from 'zod';
import type {Script} from '../script.ts';

const facts = z.object({
	/** `cloud-init status`: done, running, error, degraded (recoverable errors), or absent on images without it. */
	cloudInit: z.object({status: z.enum(['done', 'running', 'error', 'degraded', 'absent']), detail: z.string()}),
	/** `uname -m`. */
	machine: z.string(),
	/** `ubuntu 24.04`, from os-release. */
	os: z.string(),
	/** GiB free where the runner keeps its state. */
	diskFreeGib: z.number(),
	/** Versions as the binaries themselves tell; absent when not installed. */
	gitlabRunner: z.string().optional(),
	dockerMachine: z.string().optional(),
	/** docker-machine's ca.pem and cert.pem are there, for root. */
	certificates: z.boolean(),
	/** Texts of the systemd unit and of our drop-in. */
	unit: z.string().optional(),
	dropIn: z.string().optional(),
	service: z.object({active: z.string(), enabled: z.string(), since: z.string().optional()}),
	/** /etc/gitlab-runner/config.toml, with the token in it: never into an event, a log or a file. `mode` is octal, `hash` the text's SHA-256. */
	config: z.object({text: z.string(), mode: z.string(), hash: z.string()}).optional(),
	systemId: z.string().optional(),
	/** The file that workers' user data comes from. */
	userData: z.string().optional(),
	/** SHA-256 of root's AWS credentials file, when `access` is `access-keys`. */
	credentialsHash: z.string().optional(),
	/** Text of `/metrics`, when the service answers. */
	metrics: z.string().optional(),
	/** Text of `/debug/jobs/list`. */
	jobs: z.string().optional(),
	/** `gitlab-runner verify`: its lines without colour, and its exit code; absent when there is no config.toml. */
	verify: z.object({lines: z.array(z.string()), code: z.int()}).optional(),
	/** Machines in docker-machine's own store. */
	machines: z.array(z.object({name: z.string(), instanceId: z.string()})),
	/** Milliseconds since 1970, by the host's clock. */
	now: z.number(),
});

/** Every fact about the manager that checks compare, in one round trip. */
export type HostFacts = z.infer<typeof facts>;

export const factsScript: Script<{verify: boolean}, HostFacts> = {name: 'facts', changes: false, result: facts, text: ''};
