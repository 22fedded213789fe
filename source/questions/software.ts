import {pinnedEngine} from '../host/docker-machine.ts';
import type {Question} from './question.ts';

/** The versions that this release was proven with; never "latest". */
const pinned = {gitlabRunner: '19.3.0', dockerMachine: '0.16.2-gitlab.48'} as const;

const gitlabRunnerVersion: Question<'gitlabRunnerVersion'> = {
	id: 'gitlabRunnerVersion',
	title: 'Which version of GitLab Runner?',
	help: 'The one that this release was proven with, unless another is given. A newer one is a note, never an upgrade by itself.',
	kind: 'text',
	asked: false,
	change: 'drain',
	default: async () => ({value: pinned.gitlabRunner, why: 'pinned by this release'}),
};

const dockerMachineVersion: Question<'dockerMachineVersion'> = {
	id: 'dockerMachineVersion',
	title: "Which version of GitLab's docker-machine?",
	help: 'The one that this release was proven with, unless another is given.',
	kind: 'text',
	asked: false,
	change: 'drain',
	default: async () => ({value: pinned.dockerMachine, why: 'pinned by this release'}),
};

const engineInstall: Question<'engineInstall'> = {
	id: 'engineInstall',
	title: 'How does Docker get onto a worker?',
	help: "The URL of an install script of one version of Docker, or image, where the workers' image has Docker in it.",
	kind: 'text',
	asked: false,
	change: 'drain',
	default: async () => ({value: pinnedEngine, why: 'pinned by this release'}),
};

const downloads: Question<'downloads'> = {
	id: 'downloads',
	title: 'Where are GitLab Runner and docker-machine downloaded from?',
	help: "gitlabRunner=URL,dockerMachine=URL: folders that hold one folder a version, instead of the publishers'. Checksums are verified all the same.",
	kind: 'json',
	asked: false,
	change: 'live',
};

/** What is installed, and from where. */
export const softwareQuestions = {gitlabRunnerVersion, dockerMachineVersion, engineInstall, downloads};
