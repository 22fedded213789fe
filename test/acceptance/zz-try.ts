import {DescribeInstancesCommand, DescribeKeyPairsCommand} from '@aws-sdk/client-ec2';
import {startWorld} from '../peers/world.ts';
import {accountAt} from './account.ts';
import {likeNames} from './decoys.ts';

const w = await startWorld({manager: false});
try {
	const a = accountAt(w);
	await likeNames(a);
	for (const v of ['runner-*-gitlab-runners-*', 'runner-abcdefgh1-gitlab-runners-1795527683-4ef8469f']) {
		const r = await a.ec2.send(new DescribeInstancesCommand({Filters: [{Name: 'key-name', Values: [v]}]}));
		console.log(
			v,
			r.Reservations?.flatMap((x) => x.Instances?.map((i) => i.KeyName)),
		);
		const k = await a.ec2.send(new DescribeKeyPairsCommand({Filters: [{Name: 'key-name', Values: [v]}]}));
		console.log(
			v,
			k.KeyPairs?.map((x) => x.KeyName),
		);
	}
} finally {
	await w.stop();
}
