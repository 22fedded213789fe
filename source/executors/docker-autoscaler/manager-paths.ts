/** Where the things of docker-autoscaler are on a manager: steps, scripts and config.toml agree on these. */

/** The private key by which the runner gets on to workers: root's, 0600, made there; it never leaves the manager. */
export const workerKeyPath = '/etc/gitlab-runner/worker-key';

/** AWS's shared config file for the plugin, which `config_file` names: the plugin asks neither the instance nor the runner for its region. */
export const awsConfigPath = '/etc/gitlab-runner/aws.ini';

/** The folder of the plugin `aws`, one folder a version with the program `plugin` in it: `gitlab-runner fleeting install` puts it below root's home. */
export const pluginsFolder = '/root/.config/fleeting/plugins/registry.gitlab.com/gitlab-org/fleeting/plugins/aws';
