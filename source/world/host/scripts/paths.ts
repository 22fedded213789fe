/** Where things are on a manager: scripts and checks agree on these. */
export const paths = {
	config: '/etc/gitlab-runner/config.toml',
	/** The systemd drop-in with the graceful stop. */
	dropIn: '/etc/systemd/system/gitlab-runner.service.d/gitlab-runner-aws.conf',
	gitlabCa: '/etc/gitlab-runner/gitlab-runner-aws-ca.pem',
	programs: '/usr/local/bin',
	metrics: 'http://127.0.0.1:9252',
} as const;
