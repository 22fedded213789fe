import type {Answers} from '../../fleet.ts';

/** The jobs of a trial, in the order in which they run. */
export const smokeJobs = ['make', 'use'] as const;
export type SmokeJob = (typeof smokeJobs)[number];

/** Docker's own images, for a job that runs Docker inside of itself. */
const docker = {client: 'docker:29-cli', daemon: 'docker:29-dind'};

/**
 * The `.gitlab-ci.yml` of a trial: the first job leaves a cache and an artifact and talks to a service; the second finds both, on whichever worker it runs,
 * and runs a container of its own where the runner is privileged. It's JSON, which is YAML too, so that no value needs quoting of another kind.
 * `tags` are the runner's, so that no other runner takes the jobs.
 */
export function smokePipeline({cache, dockerImage, privileged}: Pick<Answers, 'cache' | 'dockerImage' | 'privileged'>, tags: readonly string[]): string {
	const cached = cache === 'none' ? {} : {cache: {key: 'smoke', paths: ['cached/']}};
	const common = {tags, timeout: '15 minutes', ...cached};
	const word = '"$CI_PIPELINE_ID"';
	const made = ['made', ...(cache === 'none' ? [] : ['cached'])];
	return `${JSON.stringify(
		{
			stages: [...smokeJobs],
			// Times in the log, so that what took how long can be told.
			variables: {FF_TIMESTAMPS: 'true', GIT_STRATEGY: 'fetch'},
			make: {
				...common,
				stage: 'make',
				image: dockerImage,
				services: [{name: 'nginx:alpine', alias: 'web'}],
				script: [
					`mkdir -p ${made.join(' ')}`,
					...made.map((folder) => `echo ${word} > ${folder}/word`),
					'if type wget > /dev/null; then wget -q -O /dev/null http://web; fi',
				],
				artifacts: {paths: ['made/'], expire_in: '1 hour'},
			},
			use: {
				...common,
				stage: 'use',
				...(privileged
					? {image: docker.client, services: [{name: docker.daemon, alias: 'docker'}], variables: {DOCKER_HOST: 'tcp://docker:2375', DOCKER_TLS_CERTDIR: ''}}
					: {image: dockerImage}),
				script: [
					...made.map((folder) => `test "$(cat ${folder}/word)" = ${word}`),
					...(privileged
						? ['i=0; until docker info > /dev/null 2>&1; do i=$((i+1)); test $i -lt 60; sleep 1; done', `docker run --rm ${dockerImage} true`]
						: []),
				],
			},
		},
		undefined,
		'\t',
	)}\n`;
}
