/** What docker-machine calls until a worker is launched, by name with the code of an answer that refuses. */
export const untilLaunched = [
	'DescribeSubnets',
	'DescribeKeyPairs: InvalidKeyPair.NotFound',
	'DescribeKeyPairs: InvalidKeyPair.NotFound',
	'ImportKeyPair',
	'DescribeSecurityGroups',
	'RunInstances',
];
