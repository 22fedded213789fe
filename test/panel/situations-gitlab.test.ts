import {prove} from './situation.ts';

/** GitLab gives the runner no job, or the runner doesn't ask for one. */
prove({
	'they ask for a tag that the runner has not': {
		happens({runner, jobs}) {
			runner.tags = ['aws'];
			jobs(2, {tags: ['gpu']});
		},
		watched: 120,
		asks: 'Why are 2 jobs waiting?',
		says: ["2 jobs of acme/app ask for the tag gpu, which runner gitlab-runners doesn't have. [gitlab: config]"],
	},
	'one has no tag, and the runner takes tagged jobs only': {
		happens({runner, jobs}) {
			Object.assign(runner, {tags: ['aws'], runUntagged: false});
			jobs(1);
		},
		watched: 120,
		asks: 'Why is 1 job waiting?',
		says: ["1 job of acme/app has no tag, and runner gitlab-runners doesn't take untagged jobs. [gitlab: config]"],
	},
	'their branch is not protected, and the runner is for protected ones': {
		happens({runner, jobs}) {
			runner.accessLevel = 'ref_protected';
			jobs(2, {ref: 'feature/login'});
			jobs(1, {seconds: 20});
		},
		watched: 120,
		asks: 'Why are 2 jobs waiting?',
		says: ['2 jobs of acme/app are for feature/login, not protected, and runner gitlab-runners takes jobs of protected branches only. [gitlab: config]'],
	},
	'the runner is paused in GitLab': {
		happens({runner, jobs}) {
			runner.paused = true;
			jobs(2);
		},
		watched: 900,
		asks: 'Why are 2 jobs waiting?',
		says: ["Runner gitlab-runners is paused in GitLab, so it's given no job. [gitlab: unpause]"],
	},
	'the runner is silent, and nobody gets onto its manager': {
		async happens({world, manager, jobs, passes}) {
			world.outside.machineFaults(manager, {ssh: 'silent'});
			world.outside.stopService(manager);
			await passes(1500);
			jobs(3);
		},
		watched: 60,
		asks: 'Why are 3 jobs waiting?',
		says: ['GitLab last heard from runner gitlab-runners 26 m ago. [gitlab: restart]'],
	},
	'the runner’s token was reset in GitLab': {
		happens({runner, jobs}) {
			runner.token = 'glrt-t3_somebody-reset-it';
			jobs(3);
		},
		watched: 120,
		asks: 'Why are 3 jobs waiting?',
		says: [
			"GitLab refuses the runner's token (403), for 2 m: the runner is deleted there, or its token was reset. [journal: repair]",
			'The runner switched itself off as unhealthy 2 m ago and asks again in 58 m. Once GitLab answers it, R has it ask at once. [journal: ask-again]',
		],
	},
	'the runner was deleted in GitLab, which so tells of no job either': {
		happens({world, jobs}) {
			world.outside.gitlab.runners.delete(41);
			jobs(3);
		},
		watched: 120,
		asks: /^Not known how many jobs wait: the runner has switched itself off, and asks GitLab for none\. gitlab\.com knows nothing there to .* runner 41 \(404\)\.$/,
		says: [
			"GitLab refuses the runner's token (403), for 2 m: the runner is deleted there, or its token was reset. [journal: repair]",
			'The runner switched itself off as unhealthy 2 m ago and asks again in 58 m. Once GitLab answers it, R has it ask at once. [journal: ask-again]',
		],
	},
	'the manager doesn’t reach GitLab': {
		happens({world, jobs}) {
			world.outside.setGitlab('unreachable', 'managers');
			jobs(3);
		},
		watched: 120,
		asks: 'Why are 3 jobs waiting?',
		says: [
			"The manager can't reach https://gitlab.com, for 89 s (dial tcp 172.65.251.78:443: i/o timeout). [journal: ssh]",
			'The runner switched itself off as unhealthy 88 s ago and asks again in 59 m. Once GitLab answers it, R has it ask at once. [journal: ask-again]',
		],
	},
	'GitLab was away for a while, and the runner has switched itself off': {
		async happens({world, jobs, passes}) {
			world.outside.setGitlab('unreachable', 'managers');
			await passes(240);
			world.outside.setGitlab('up');
			jobs(3);
			await passes(720);
		},
		watched: 60,
		asks: 'Why are 3 jobs waiting?',
		says: [
			"The runner switched itself off as unhealthy 16 m ago, after GitLab didn't answer it (dial tcp 172.65.251.78:443: i/o timeout), and asks again in 44 m, though GitLab takes its token by now. R has it ask at once. [journal: ask-again]",
		],
	},
	'the manager doesn’t trust GitLab’s certificate': {
		happens({world, jobs}) {
			world.outside.setGitlab('certificate', 'managers');
			jobs(3);
		},
		watched: 600,
		asks: 'Why are 3 jobs waiting?',
		says: [
			"The manager doesn't trust the certificate of https://gitlab.com, for 10 m (x509: certificate signed by unknown authority). [journal: config]",
			'The runner switched itself off as unhealthy 10 m ago and asks again in 50 m. Once GitLab answers it, R has it ask at once. [journal: ask-again]',
		],
	},
	'GitLab answers the manager with an error': {
		happens({world, jobs}) {
			world.outside.setGitlab('failing', 'managers');
			jobs(3);
		},
		watched: 200,
		asks: 'Why are 3 jobs waiting?',
		says: ['https://gitlab.com answers the manager with 502 Bad Gateway, for 3 m. [journal: log]'],
	},
	'GitLab takes no more of the manager’s requests': {
		happens({world, jobs}) {
			world.outside.setGitlab('throttled', 'managers');
			jobs(3);
		},
		watched: 200,
		asks: 'Why are 3 jobs waiting?',
		says: ['https://gitlab.com answers the manager with 429 Too Many Requests, for 3 m. [journal: log]'],
	},
});
