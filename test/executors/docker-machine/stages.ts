/** The stages of a test machine, in the order in which it goes through them. */
export const stagesInOrder = [
	'check',
	'create',
	'launch',
	'running',
	'ssh',
	'system',
	'provision',
	'docker install',
	'certificates',
	'docker set up',
	'docker answer',
	'container',
	'removal',
];
